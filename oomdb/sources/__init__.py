"""The files to read and the bytes in them."""
