"""An agent that lies in every way that its verb names: the tests put it where an agent's program is."""

import json
import os
import signal
import sys
import time


def main(argv):
    verb = argv[0]
    line = sys.stdin.buffer.readline()
    marker = json.loads(line)["marker"].encode()
    out = sys.stdout.buffer
    good = json.dumps({"v": 2, "ok": True, "result": {"it": "is fine"}}).encode()

    def framed(payload, mark=marker, length=None):
        out.write(b"\n%s %d\n" % (mark, len(payload) if length is None else length) + payload)
        out.flush()

    def error(code, message, hint=None, details=None):
        body = {"code": code, "message": message, "hint": hint, "details": details or {}}
        framed(json.dumps({"v": 2, "ok": False, "error": body}).encode())

    if verb == "good":
        framed(good)
    elif verb == "args":
        args = json.loads(line)["args"]
        framed(json.dumps({"v": 2, "ok": True, "result": {"args": args, "env": dict(os.environ)}}).encode())
    elif verb == "count-stream":
        total = 0
        while piece := sys.stdin.buffer.read(65536):
            total += len(piece)
        framed(json.dumps({"v": 2, "ok": True, "result": {"bytes": total}}).encode())
    elif verb == "refuse-stream":
        error("refused", "no images today")
    elif verb == "noisy-shell":
        out.write(b"Welcome!\n\x1b[31mYou have mail.\n")
        framed(good)
    elif verb == "hundred-megabytes":
        for _ in range(1600):
            out.write(b"x" * 65536)
    elif verb == "huge-length":
        framed(good, length=10**11)
    elif verb == "endless-log":
        framed(good[:10], length=len(good))
        while True:
            sys.stderr.write("x" * 65536)
    elif verb == "drip":
        while True:
            out.write(b"x")
            out.flush()
            time.sleep(1)
    elif verb == "silent":
        time.sleep(600)
    elif verb == "answer-then-hang":
        framed(good)
        time.sleep(600)
    elif verb == "child-holds-pipes":
        framed(good)
        sys.stdout.flush()
        if os.fork() == 0:
            os.setsid()
            time.sleep(30)
    elif verb == "answer-then-flood":
        framed(good)
        while True:
            out.write(b"x" * 65536)
    elif verb == "answer-then-megabyte":
        framed(good)
        out.write(b"x" * 1_000_000)
    elif verb == "wrong-marker":
        framed(good, mark=b"0" * 32)
    elif verb == "cut-short":
        framed(good[:-4], length=len(good))
    elif verb == "bad-utf-8":
        framed(b'{"v":2,"ok":true,"result":{"a":"\xff\xfe"}}')
    elif verb == "json-bomb":
        framed(b"[" * 100_000 + b"]" * 100_000)
    elif verb == "deep-objects":
        framed(b'{"a":' * 1000 + b"1" + b"}" * 1000)
    elif verb == "huge-number":
        framed(b'{"v":2,"ok":true,"result":{"a":' + b"9" * 5000 + b"}}")
    elif verb == "lone-surrogate":
        framed(b'{"v":2,"ok":true,"result":{"a":"\\ud800"}}')
    elif verb == "not-an-object":
        framed(b"[1,2,3]")
    elif verb == "newer":
        framed(b'{"v":3,"ok":true,"result":{}}')
    elif verb == "extra-key":
        framed(b'{"v":2,"ok":true,"result":{},"more":1}')
    elif verb == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif verb == "fails":
        sys.stderr.write("first line\n\x1b]52;c;AAAA\x07no module named 'docker'\n")
        sys.exit(3)
    elif verb == "answers-and-fails":
        framed(good)
        sys.exit(1)
    elif verb == "silent-end":
        pass
    elif verb.startswith("error-"):
        details = {"job_id": "ab12", "addresses": {"192.0.2.7": "02:\x1b"}}
        error(verb[6:], "evil \x1b[2J \u202e\nname", None, details)
    elif verb == "error-shape":
        framed(b'{"v":2,"ok":false,"error":{"code":7}}')
