"""Reading a fleet's logs into a lake, and asking a lake, with Apache Spark.

The driver decides all that one machine decides, with the same code: which files are new,
which reports are copies of one event, what their hosts and times are. The executors read the
logs and hold what reports tell beside that, until it goes to the files of the lake in one
exchange. Nothing here is needed unless it is asked for.
"""
