"""`python -m oomdb`."""

from oomdb.cli import main

if __name__ == "__main__":
    main()
