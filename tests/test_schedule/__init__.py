"""Schedules: periods, units that systemd judges, lines in crontabs."""
