"""Deliveries, to real servers on this machine."""
