"""Reports on their way to people: into files, by mail, to webhooks; once for each period."""
