"""oomdb: a forensic database of Linux OOM kills."""

__version__ = "0.1.0"
