"""`timed.py LIMIT_S OUTPUT COMMAND...`: runs a command and prints what it took, as JSON.

A process of its own, and a small one: what a process counts as its largest memory begins
with that of the process which started it. The command's output goes to the file OUTPUT, so
that nothing waits for a reader.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time

#: Of <linux/prctl.h>.
_PR_SET_CHILD_SUBREAPER = 36
#: How long processes may take to end after the one that started them.
_FAREWELL_S = 5.0


def main() -> None:
    limit_s, output, *words = sys.argv[1:]
    # What the command leaves behind becomes this process's, to know what it took.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with open(output, "wb") as file:  # noqa: PTH123  # pathlib would make this process larger
        start = time.perf_counter()
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        alarm = threading.Timer(float(limit_s), process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        alarm.cancel()
    usages = [usage]
    until = time.monotonic() + _FAREWELL_S
    while time.monotonic() < until:
        try:
            pid, _, usage = os.wait4(-process.pid, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            usages.append(usage)
        else:
            time.sleep(0.005)
    taken = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in usages),
        "peak_mb": max(one.ru_maxrss for one in usages) / 1024,
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
