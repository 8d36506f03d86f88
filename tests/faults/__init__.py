"""What breaks a database: kills, full disks, lost rights, two writers, loss of power.

    commands.py    the table of commands that write a database, each with what it starts from
    driver.py      a process that has everything loaded and forks one child for each run; the
                   child counts the steps of a write and kills itself at the chosen one
    runs.py        asks the driver for runs, and looks at what they leave behind
    kills.py       kills a command at steps and at random moments, and judges what is found
    reader.py      an analyst who reads again and again while a writer publishes
    test_*.py      what of it the suite tries: kills, full disks, rights, locks, readers, order
    __main__.py    all of it at length: `make faults`

The rule for a kill: the published database is byte for byte as before, or holds exactly what
an undisturbed run gives. The next run of the command starts from whatever the killed one left,
so every leftover is tried as an obstacle; at the end nothing may be left, on disk or alive.

A further command that writes is one entry in `commands.COMMANDS`.
"""
