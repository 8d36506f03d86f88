"""One report out of a log: found by literals, mended line by line, cut, located."""
