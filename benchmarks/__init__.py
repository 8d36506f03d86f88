"""Measures oomdb against what else does a part of its work, on logs that it makes itself."""
