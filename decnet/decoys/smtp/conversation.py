"""One SMTP session: which commands are allowed when, and their effects."""

import base64
import binascii
import random
import re
from dataclasses import dataclass, field

from ..events import shown
from ..persona import Persona
from ..tcp_server import Line
from ..threads import Later
from ..tls import Identity, Secured
from .dialects import LOGIN_PROMPTS, Dialect, date
from .mail_log import MailLog
from .message import Mail, address, queue_id
from .sasl import Attempts
from .talk import Ended, Talk

MOST_RECIPIENTS = 100
MOST_MAILS = 50
RESTRICTED = re.compile(r"^\.|[@%!/|`#&?]")
LOCAL = ("root", "postmaster", "abuse", "mailer-daemon")


@dataclass
class Envelope:
    """Sender and recipients of a mail."""

    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    refusals: set[str] = field(default_factory=set)
    too_big: bool = False
    mail: Mail | None = None


class Conversation(Talk):
    """One visitor."""

    def __init__(
        self, dialect: Dialect, persona: Persona, host: str, identity: Later[Identity], line: Line
    ) -> None:
        super().__init__(dialect, host, line, MailLog(dialect.kind, persona, line.session.source, host))
        self._persona = persona
        self._identity = identity
        self._domains = {
            host.lower(),
            persona.hostname.lower(),
            "localhost",
            (persona.text("domain") or host).lower(),
        }
        pairs = (pair.strip().partition(":") for pair in (persona.text("credentials") or "").split(","))
        self._accounts = {(user, password) for user, colon, password in pairs if colon}
        self._extended = self._secure = self._trusted = False
        self._envelope = Envelope()
        self._mails = 0
        self._attempts = Attempts(line.session)

    async def run(self) -> None:
        """From the greeting to the end."""
        self._send(self._dialect.banner.replace("{date}", date()))
        self._log.connected()
        is_lost = True
        try:
            while True:
                try:
                    line = await self._read()
                except TimeoutError:
                    await self._answer("timeout")
                    raise Ended from None
                self._record(line)
                await self._command(line)
        except Ended:
            is_lost = False
            await self._flush()
            self._buffer += await self._line.linger()
        finally:
            self._log.ended(is_lost=is_lost)
            self._attempts.unread(bytes(self._buffer) + await self._line.unread())

    async def _command(self, line: bytes) -> None:
        text = line.decode("latin-1")
        verb, _, rest = text.strip().partition(" ")
        verb, rest = verb.upper(), rest.strip()
        if verb in self._dialect.forbidden or (
            self._dialect.kind == "postfix" and text[:1] and not text[0].isalpha() and not text[0].isspace()
        ):
            await self._answer("forbidden")
            raise Ended
        name = f"_do_{verb.lower()}"
        self._log.command(verb, is_known=verb in self._dialect.verbs)
        if not verb:
            await self._fail("empty")
        elif verb in self._dialect.verbs and hasattr(self, name):
            self._attempts.end()
            await getattr(self, name)(rest, verb)
        else:
            self._attempts.stray(line)
            self._unknown += 1
            await self._fail("unknown", verb=verb[:40], line=text[:200])

    async def _do_helo(self, rest: str, verb: str) -> None:
        if not rest or (self._dialect.kind == "exim" and not re.fullmatch(r"[\w.\-\[\]:]+", rest)):
            await self._fail("hello_syntax", verb=verb)
            return
        self._name, self._envelope = rest[:255], Envelope()
        self._extended = verb == "EHLO"
        if not self._extended:
            await self._answer("hello")
            return
        offers = [each for each in self._dialect.offers if not (each == "STARTTLS" and self._secure)]
        lines = [self._filled("extended"), *(f"250-{each}" for each in offers[:-1]), f"250 {offers[-1]}"]
        self._send("\r\n".join(lines))

    _do_ehlo = _do_helo

    async def _do_noop(self, rest: str, verb: str) -> None:
        await self._answer("noop")

    async def _do_help(self, rest: str, verb: str) -> None:
        await self._answer("help")

    async def _do_rset(self, rest: str, verb: str) -> None:
        if rest:
            await self._fail("syntax", verb="RSET")
            return
        self._envelope = Envelope()
        await self._answer("reset")

    async def _do_quit(self, rest: str, verb: str) -> None:
        await self._answer("bye")
        raise Ended

    async def _do_vrfy(self, rest: str, verb: str) -> None:
        if not rest:
            await self._fail("verify_syntax")
            return
        path = rest.strip("<>")[:200]
        if self._dialect.kind == "exim" and "@" not in path:
            await self._answer("no_domain", line=path)
            return
        found = self._judged(path) if self._dialect.kind == "postfix" else ""
        await self._answer(found or "verify", path=path)

    async def _do_expn(self, rest: str, verb: str) -> None:
        await self._answer("expand")

    async def _do_etrn(self, rest: str, verb: str) -> None:
        await self._answer("etrn", path=rest[:200])

    async def _do_xclient(self, rest: str, verb: str) -> None:
        await self._answer("xclient")

    _do_xforward = _do_xclient

    async def _do_starttls(self, rest: str, verb: str) -> None:
        if rest:
            await self._fail("syntax", verb="STARTTLS")
        elif self._secure:
            await self._fail("tls_again")
        elif self._dialect.kind == "exim" and not self._extended:
            await self._fail("tls_first")
        else:
            await self._answer("tls")
            await self._flush()
            self._attempts.unread(bytes(self._buffer))
            self._buffer.clear()
            line = Secured(self._line, await self._identity.get())
            self._line.summary["tls"] = await line.handshake()
            self._line, self._secure, self._extended, self._name = line, True, False, ""
            self._envelope = Envelope()

    async def _do_auth(self, rest: str, verb: str) -> None:
        mechanism, _, first = rest.partition(" ")
        mechanism = mechanism.upper()
        complaint = (
            "auth_mail" if self._envelope.sender is not None
            else "auth_first" if not self._extended
            else "auth_again" if self._trusted
            else "auth_syntax" if not mechanism
            else ""
        )  # fmt: skip
        self._attempts.begin(mechanism, first.strip())
        if complaint:
            self._attempts.refused()
            await self._fail(complaint)
        elif f" {mechanism}" not in next(each for each in self._dialect.offers if each.startswith("AUTH")):
            self._attempts.refused()
            await self._fail("auth_kind", line=mechanism[:40])
        else:
            await self._log_in(mechanism, first.strip())

    async def _log_in(self, mechanism: str, first: str) -> None:
        """Request the missing answers, and check them."""
        prompts = LOGIN_PROMPTS if mechanism == "LOGIN" else ("334 ",)
        answers: list[bytes] = []
        for prompt in prompts:
            text = first if first and not answers else await self._asked(prompt)
            if text == "*":
                self._attempts.end()
                await self._fail("auth_stop")
                return
            try:
                answers.append(b"" if text == "=" else base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                self._attempts.end()
                await self._fail("auth_base64")
                return
        if mechanism == "PLAIN":
            answers = (answers[0].split(b"\0") + [b"", b""])[1:3]
        await self._judge(mechanism, shown(answers[0]), shown(answers[1]))

    async def _asked(self, prompt: str) -> str:
        self._send(prompt)
        text = (await self._read()).decode("latin-1").strip()
        if text != "*":
            self._attempts.answer(text)
        return text

    async def _judge(self, mechanism: str, user: str, password: str) -> None:
        accepted = (user, password) in self._accounts
        self._attempts.end(success=accepted)
        if accepted:
            self._trusted = True
            await self._answer("auth_done")
            return
        self._log.login_failed(mechanism)
        await self._wait(random.uniform(*self._dialect.login_seconds))
        own = (
            "auth_wrong_login"
            if mechanism == "LOGIN" and "auth_wrong_login" in self._dialect.texts
            else "auth_wrong"
        )
        await self._fail(own)

    async def _do_mail(self, rest: str, verb: str) -> None:
        path, options, complaint = address(rest, "FROM:", self._dialect.kind)
        text = rest[rest.find(":") + 1 :].strip()[:100]
        if self._dialect.helo_first and not self._name:
            await self._fail("need_hello")
        elif complaint == "syntax":
            await self._fail("mail_syntax", line=f"MAIL {rest}"[:100])
        elif self._envelope.sender is not None:
            await self._fail("nested")
        elif complaint:
            await self._fail("bad_sender", line=text)
        else:
            await self._from(path, options, text)

    async def _from(self, path: str, options: list[str], text: str) -> None:
        for option in options:
            name, _, value = option.partition("=")
            bad_body = name.upper() == "BODY" and value.upper() not in ("7BIT", "8BITMIME", "BINARYMIME")
            if name.upper() not in self._dialect.options or bad_body:
                key = "body" if bad_body and "body" in self._dialect.texts else "option"
                await self._fail(key, line=option[:100], path=text.split(" ")[0])
                return
            if name.upper() == "SIZE" and value.isdigit() and int(value[:18]) > self._dialect.size:
                self._envelope.too_big = True
        if self._envelope.too_big:
            self._envelope.too_big = self._dialect.kind == "postfix"
            await self._fail("too_big")
            return
        self._envelope = Envelope(sender=path)
        await self._answer("sender", path=path)

    async def _do_rcpt(self, rest: str, verb: str) -> None:
        path, options, complaint = address(rest, "TO:", self._dialect.kind)
        if self._envelope.sender is None:
            await self._fail("need_mail")
        elif complaint == "syntax":
            await self._fail("rcpt_syntax", line=f"RCPT {rest}"[:100])
        elif complaint or not path:
            await self._fail("bad_recipient", line=rest[rest.find(":") + 1 :].strip()[:100])
        elif unknown := self._unknown_option(options):
            await self._fail("option", line=unknown[:100], path=f"<{path}>")
        elif self._dialect.kind == "exim" and "@" not in path and path.lower() != "postmaster":
            await self._fail("no_domain", line=rest[rest.find(":") + 1 :].strip()[:100])
        else:
            await self._to(path)

    def _unknown_option(self, options: list[str]) -> str:
        known = ("NOTIFY", "ORCPT") if self._dialect.kind != "exim" else ()
        return next((each for each in options if each.partition("=")[0].upper() not in known), "")

    async def _to(self, path: str) -> None:
        complaint = self._judged(path)
        if complaint and not (complaint == "relay" and self._trusted):
            answer = self._filled(complaint, path=path)
            self._envelope.refusals.add(answer[4:])
            sender = self._envelope.sender or ""
            self._log.refused(answer, path, sender, self._name, extended=self._extended)
            await self._fail(complaint, path=path)
        elif len(self._envelope.recipients) >= MOST_RECIPIENTS:
            self._send("452 4.5.3 Error: too many recipients")
        else:
            self._envelope.recipients.append(path)
            await self._answer("recipient", path=path)

    def _judged(self, path: str) -> str:
        """The reason against a recipient: none, another domain, or an unknown name."""
        local, at, domain = path.rpartition("@") if "@" in path else (path, "", "")
        if (
            at
            and domain.lower() in self._domains
            and "restricted" in self._dialect.texts
            and RESTRICTED.search(local)
        ):
            return "restricted"
        if at and (domain.lower() not in self._domains or "%" in local or "@" in local):
            return "relay"
        return "" if local.strip('"').lower() in LOCAL else "user"

    async def _do_data(self, rest: str, verb: str) -> None:
        if rest:
            await self._fail("syntax", verb="DATA")
        elif not self._envelope.recipients:
            await self._missing(verb)
        else:
            await self._answer("data")
            await self._take()

    async def _missing(self, verb: str) -> None:
        """Answer DATA without a recipient."""
        refusals, texts = self._envelope.refusals, self._dialect.texts
        if self._envelope.sender is None and "need_mail_data" in texts:
            await self._fail("need_mail_data")
        elif self._dialect.kind == "exim" and len(refusals) == 1:
            why = f"503-All RCPT commands were rejected with this error:\r\n503-{next(iter(refusals))}"
            self._send(f"{why}\r\n{self._filled('no_rcpt', verb=verb)}")
        else:
            known = self._envelope.sender is not None and (self._dialect.kind != "exim" or refusals)
            await self._fail("no_rcpt" if known else "need_rcpt", verb=verb)

    async def _take(self) -> None:
        """A mail, up to its single dot."""
        mail = Mail()
        while (line := await self._read(most=65536)) != b".":
            mail.add((line[1:] if line[:1] == b"." else line) + b"\n")
        if mail.size > self._dialect.size:
            self._envelope = Envelope()
            await self._fail("grown")
        else:
            await self._keep(mail, "queued")

    async def _do_bdat(self, rest: str, verb: str) -> None:
        count, _, last = rest.partition(" ")
        if not count.isdigit() or len(count) > 9 or last.upper() not in ("", "LAST"):
            await self._fail("bdat_syntax")
            return
        mail = self._envelope.mail or Mail()
        early = self._dialect.kind == "exim" and not self._envelope.recipients
        if early:
            await self._missing(verb)
        await self._chunk(int(count), mail)
        if not self._envelope.recipients:
            if not early:
                await self._missing(verb)
        elif last:
            await self._keep(mail, "bdat_queued")
        else:
            self._envelope.mail = mail
            await self._answer("bdat", line=count)

    async def _chunk(self, count: int, mail: Mail) -> None:
        while count:
            if not self._buffer:
                await self._more()
            piece = bytes(self._buffer[:count])
            del self._buffer[: len(piece)]
            count -= len(piece)
            mail.add(piece)

    async def _keep(self, mail: Mail, how: str) -> None:
        """Record the mail, and answer that it will be delivered."""
        self._mails += 1
        if self._mails <= MOST_MAILS:
            self._line.session.record(
                "file", name="mail", size=mail.size, sender=self._envelope.sender or "",
                recipients=" ".join(self._envelope.recipients)[:500], subject=mail.subject(),
                content=shown(bytes(mail.beginning)),
            )  # fmt: skip
        envelope, self._envelope = self._envelope, Envelope()
        identity = queue_id(self._dialect.kind)
        named = mail.header("message-id").strip("<>")
        sender, recipients, how_sent = envelope.sender or "", envelope.recipients, self._extended
        self._log.queued(identity, sender, recipients, mail.size, named, self._name, extended=how_sent)
        await self._answer(how, id=identity, line=str(mail.size), number=str(random.randint(10**9, 10**12)))
