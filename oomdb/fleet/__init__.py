"""What users tell of their fleet: labels of hosts and budgets of processes, as CSV files."""
