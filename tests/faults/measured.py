"""`measured.py FILE PROGRAM ARGS...`: run the program, write what it cost to the file, end as it ended.

A child of a large process would be charged with its parent's memory: this one is small.
"""

import json
import os
import sys
import time

start = time.monotonic()
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    json.dump({"seconds": time.monotonic() - start, "rss_kib": used.ru_maxrss}, file)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
