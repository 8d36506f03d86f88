"""What users set once: the table of settings, the file that holds them, and what is in force."""
