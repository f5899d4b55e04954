"""A worker's forced command that lies. Run by sshd as a program, never imported: `liar.py FOLDER`.

The port that was connected to says which liar it is: `FOLDER/<port>.json` holds its honest answers by verb
and the name of its lie.
"""

import json
import os
import signal
import sys
import time

ESC = "\x1b[31mred\x1b]8;;http://198.51.100.9/\x07click\x1b]52;c;cm0gLXJm\x07\x9b2J\u202eevil\u2066\r\n\x00\u200b\ud7ff"
MARKUP = "[bold red]x[/bold red][/][link=http://198.51.100.9]y[blink]"
PATH = "../../../../../../tmp/decnet-owned/$(id)`id`{x}%s"
PLAIN = {"protocol", "agent", "worker_id", "fleet_id", "verdict", "state", "docker", "kind", "status", "hash",
         "prev", "plan_hash", "fingerprint"}  # fmt: skip
MEGABYTE = 1024 * 1024


def main(folder):
    port = os.environ["SSH_CONNECTION"].split()[3]
    with open(os.path.join(folder, port + ".json")) as file:
        own = json.load(file)
    verb = (os.environ.get("SSH_ORIGINAL_COMMAND") or "x").split()[-1]
    line = sys.stdin.buffer.readline() if own["lie"] != "drop-at-exec" else b""
    lie = Liar(verb, json.loads(line) if line else {"marker": "", "args": {}}, own)
    getattr(lie, own["lie"].replace("-", "_"))()


class Liar:
    def __init__(self, verb, request, own):
        self.verb = verb
        self.marker = request["marker"].encode()
        self.args = request["args"]
        self.own = own
        self.out = sys.stdout.buffer
        self.result = own["answers"][verb]
        if verb in ("hello", "status"):
            hello = self.result["hello"] if verb == "status" else self.result
            hello["clock"] = time.time() + own.get("skew", 0.0)
        if verb == "status":
            self.journal_after(self.args.get("cursor"))
        if verb in ("apply", "mutate", "teardown"):
            self.result["request_id"] = self.args["request_id"]
        if verb == "events":
            self.events_after(self.args.get("after", 0))

    def journal_after(self, cursor):
        page = self.result["journal"]
        if cursor and cursor["journal_id"] == page["journal_id"]:
            page["records"] = [row for row in page["records"] if row["seq"] > cursor["seq"]]

    def events_after(self, after):
        self.result["events"] = [row for row in self.result["events"] if row["seq"] > after]

    def say(self, payload, length=None):
        head = b"\n%s %d\n" % (self.marker, len(payload) if length is None else length)
        self.out.write(head + payload)
        self.out.flush()

    def spelled(self, result=None):
        body = {"v": 2, "ok": True, "result": self.result if result is None else result}
        return json.dumps(body).encode()

    def raw_result(self, text):
        self.say(b'{"v":2,"ok":true,"result":' + text + b"}")

    # The honest one, and those that are wrong on the wire.

    def honest(self):
        self.say(self.spelled())

    def hundred_megabytes(self):
        for _ in range(100):
            self.out.write(b"x" * MEGABYTE)

    def hundred_megabytes_announced(self):
        self.say(b"[", length=100 * MEGABYTE)
        for _ in range(100):
            self.out.write(b"1," * (MEGABYTE // 2))

    def as_long_as_may_be(self):
        self.say(b'{"v":2,"ok":true,"result":{"a":"' + b"x" * (16 * MEGABYTE - 40) + b'"}}')

    def hundred_megabytes_after(self):
        self.honest()
        for _ in range(100):
            self.out.write(b"x" * MEGABYTE)

    def hundred_megabytes_of_log(self):
        for _ in range(100):
            sys.stderr.write("\x1b[2Jx" * (MEGABYTE // 5))
        self.honest()

    def deep(self):
        self.raw_result(b"[" * 100_000 + b"]" * 100_000)

    def deep_objects(self):
        self.raw_result(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)

    def wide(self):
        self.raw_result(b"[" + b"[]," * (5 * MEGABYTE) + b"[]]")

    def wide_objects(self):
        self.raw_result(b"[" + b'{"a":1},' * (MEGABYTE * 3 // 2) + b"{}]")

    def all_quotes(self):
        self.raw_result(b"[" + b'"",' * (5 * MEGABYTE) + b'""]')

    def bad_utf_8(self):
        self.raw_result(b'{"a":"\xff\xfe\xc0\x80"}')

    def nul(self):
        self.say(b"\0" * 64 + self.spelled() + b"\0")

    def nul_in_a_string(self):
        self.raw_result(b'{"a":"\0"}')

    def huge_number(self):
        self.raw_result(b'{"a":' + b"9" * 100_000 + b"}")

    def infinite_number(self):
        self.said_clock(b"1e999")

    def nan(self):
        self.said_clock(b"NaN")

    def infinity(self):
        self.said_clock(b"-Infinity")

    def absurd_clock(self):
        self.said_clock(b"1e300")

    def negative_clock(self):
        self.said_clock(b"-1e15")

    def said_clock(self, number):
        mark = 123456789.25
        if self.verb in ("hello", "status"):
            (self.result["hello"] if self.verb == "status" else self.result)["clock"] = mark
        elif self.verb == "events":
            self.result["events"] = [dict(row, at=mark) for row in self.result["events"]]
        else:
            self.result["memory_mib"] = mark
        self.say(self.spelled().replace(b"123456789.25", number))

    def lone_surrogate(self):
        self.raw_result(b'{"a":"\\ud800"}')

    def duplicate_keys(self):
        self.say(self.spelled()[:-1] + b',"ok":true}')

    def not_an_object(self):
        self.say(b"[1,2,3]")

    def no_json(self):
        self.say(b"<html>\x1b[2J</html>")

    def unknown_field(self):
        self.say(self.spelled(dict(self.result, surprise=ESC)))

    def unknown_envelope_field(self):
        self.say(self.spelled()[:-1] + b',"more":1}')

    def missing_field(self):
        gone = "hello" if "hello" in self.result else next(iter(self.result))
        self.say(self.spelled({key: value for key, value in self.result.items() if key != gone}))

    def wrong_types(self):
        self.say(self.spelled({key: [value] for key, value in self.result.items()}))

    def newer_protocol(self):
        self.say(self.spelled().replace(b'{"v": 2', b'{"v": 3', 1))

    def newer_hello(self):
        self.say(self.spelled().replace(b'"protocol": 2', b'"protocol": 3'))

    def wrong_marker(self):
        self.marker = b"0" * 32
        self.honest()

    def wrong_length(self):
        self.say(self.spelled(), length=10)

    # How a process ends.

    def drop_at_exec(self):
        os.kill(os.getppid(), signal.SIGKILL)

    def drop_in_the_answer(self):
        content = self.spelled()
        self.say(content[: len(content) // 2], length=len(content))
        self.drop_at_exec()

    def drop_before_the_exit_status(self):
        self.honest()
        time.sleep(0.2)
        self.drop_at_exec()
        time.sleep(30)

    def ended_by_a_signal(self):
        self.honest()
        sys.stderr.write(ESC)
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def fails(self):
        sys.stderr.write("last words\n" + ESC * 1000)
        sys.exit(3)

    def no_answer(self):
        sys.exit(0)

    # Slow ones.

    def silent(self):
        time.sleep(600)

    def one_byte_a_second(self):
        for byte in self.spelled():
            self.out.write(bytes([byte]))
            self.out.flush()
            time.sleep(1)

    def without_end(self):
        # Slowly enough for no bound in bytes to be met.
        self.say(b"[", length=15 * MEGABYTE)
        while True:
            self.out.write(b"1," * 512)
            self.out.flush()
            time.sleep(0.1)

    def answer_then_for_ever(self):
        self.honest()
        while True:
            self.out.write(b"x" * 65536)

    # Whole answers whose words are lies.

    def error(self):
        words = {"code": self.own.get("code", "failed"), "message": ESC + "x" * 100_000,
                 "hint": MARKUP + ESC, "details": {"job_id": ESC, "addresses": {ESC: PATH}}}  # fmt: skip
        self.say(json.dumps({"v": 2, "ok": False, "error": words}).encode())

    def unknown_error(self):
        words = {"code": ESC, "message": ESC, "hint": ESC, "details": {}}
        self.say(json.dumps({"v": 2, "ok": False, "error": words}).encode())

    def escapes_everywhere(self):
        self.say(self.spelled(self.poisoned(self.result, ESC)))

    def markup_everywhere(self):
        self.say(self.spelled(self.poisoned(self.result, MARKUP)))

    def paths_everywhere(self):
        self.say(self.spelled(self.poisoned(self.result, PATH)))

    def poisoned(self, value, poison, key=""):
        if isinstance(value, dict):
            return {each: self.poisoned(item, poison, each) for each, item in value.items()}
        if isinstance(value, list):
            return [self.poisoned(item, poison, key) for item in value]
        return poison if isinstance(value, str) and key not in PLAIN else value

    def another_agent(self):
        self.say(self.spelled().replace(self.own["agent"].encode(), b"e" * 64))

    def another_worker(self):
        if self.verb not in ("hello", "status"):
            self.own["code"] = "identity"
            self.error()
            return
        self.say(self.spelled().replace(self.own["worker_id"].encode(), self.own["other_id"].encode()))

    def another_fleet(self):
        if self.verb not in ("hello", "status"):
            self.own["code"] = "fleet"
            self.error()
            return
        self.say(self.spelled().replace(self.own["fleet_id"].encode(), b"somebody-else"))

    def ten_thousand_foreign_deckies(self):
        if self.verb == "status":
            some = self.result["containers"][0]
            evil = [f"evil-{n}" for n in range(10_000)]
            self.result["containers"] += [dict(some, name=e, decky=e, id=e, service="") for e in evil]
        self.honest()

    def a_million_deckies(self):
        if self.verb == "status":
            some = self.result["containers"][0]
            self.result["containers"] = [dict(some, name=f"e{n}", decky=f"e{n}") for n in range(60_000)]
        self.honest()

    def says_it_has_the_others_deckies(self):
        if self.verb == "status":
            self.result["containers"] += self.own["others"]
        self.honest()

    def other_fingerprints(self):
        for row in self.result.get("containers", ()):
            row["fingerprint"] = "f" * 64
        self.honest()

    def works_for_ever(self):
        if self.verb == "status":
            some = self.result["jobs"][0]
            self.result["jobs"] = [dict(some, request_id="never-sent", state="running", error="")]
        self.honest()

    def works_for_ever_with_drift(self):
        for row in self.result.get("containers", ()):
            row["fingerprint"] = "f" * 64
        self.works_for_ever()

    def another_plan_hash(self):
        if self.verb == "status":
            self.result["projects"]["decnet"]["plan_hash"] = "f" * 64
        self.honest()

    def pages_without_end(self):
        if self.verb == "status":
            page, cursor = self.result["journal"], self.args.get("cursor")
            begin = cursor["seq"] if cursor else 0
            some = dict(self.own["record"], error="x" * 2000)
            page["records"] = [dict(some, seq=begin + n) for n in range(1, 2001)]
            page["last_seq"], page["more"] = 2**50, True
        if self.verb == "events":
            begin = self.args.get("after", 0)
            some = self.own["event"]
            self.result["events"] = [dict(some, seq=begin + n, id=f"x{begin + n}") for n in range(1, 1001)]
            self.result["last_seq"], self.result["more"] = 2**50, True
        self.honest()


main(sys.argv[1])
