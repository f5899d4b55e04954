"""An agent for sshd's forced command: answers one request with the command that it was started with."""

from __future__ import annotations

import json
import os
import sys
import time

request = json.loads(sys.stdin.readline())
time.sleep(request["args"].get("seconds", 0))
result = {"command": os.environ.get("SSH_ORIGINAL_COMMAND", ""), "args": request["args"]}
content = json.dumps({"v": 2, "ok": True, "result": result})
sys.stdout.write(f"\n{request['marker']} {len(content)}\n{content}")
