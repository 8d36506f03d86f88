"""What oomdb is measured against, where that is no program of its own."""
