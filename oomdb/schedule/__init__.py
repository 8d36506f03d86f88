"""Reading logs and reporting by itself: systemd units or a line of crontab, and their periods."""
