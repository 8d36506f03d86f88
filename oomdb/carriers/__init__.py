"""Carriers: the programs that write kernel lines into logs, each with a prefix of its own."""
