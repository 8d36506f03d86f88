"""Real servers for tests, each started for the session and stopped at its end."""
