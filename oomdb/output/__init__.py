"""What leaves the program: rows in six formats, text that is safe for a terminal."""
