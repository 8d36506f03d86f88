"""The kernel's arithmetic a second time, in plain Python, to hold the saved views against.

Written from the kernel's own functions; it shares no formula with `queries/`.
"""
