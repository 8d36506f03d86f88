"""Questions of people who are not trusted: locked to the database, and within limits.

`child` runs the work in a process that can be ended, `limits` says when, and `lock` keeps
what is asked there inside the database.
"""
