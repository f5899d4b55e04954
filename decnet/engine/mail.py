"""Sends a parcel as a mail: its summary as the subject, its content as an attachment."""

from __future__ import annotations

import json
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from decnet.engine.daemon_thread import in_daemon_thread
from decnet.engine.parcel import JSON, Parcel
from decnet.engine.receivers import Mail
from decnet.engine.trust import tls_context, tls_failure
from decnet.errors import Failed, Refused
from decnet.wire import clean

MOST_SUBJECT = 120
TOO_LARGE = 552
"""The answer to MAIL if the size that it names is above the server's limit (RFC 1870)."""


async def mail(to: Mail, parcel: Parcel, limit: float) -> None:
    """Send one mail, in a thread. A server that still blocks a thread gets no other one. Raises Failed, or
    TimeoutError."""
    if to in _sending:
        raise Failed(f"{to.label} has not accepted the previous mail yet")
    _sending.add(to)

    def work() -> None:
        try:
            _send(to, parcel, limit)
        except ssl.SSLError as error:
            raise tls_failure(to.label, error) from None
        except TimeoutError:
            raise
        except smtplib.SMTPException as error:
            kind = Refused if _is_about_content(error) else Failed
            raise kind(f"{to.label} {_refusal(error)}") from None
        except OSError as error:
            reason = clean(error.strerror or "no connection", 200)
            raise Failed(f"{to.label} cannot be reached: {reason}") from None
        finally:
            _sending.discard(to)

    await in_daemon_thread(work)


def message(to: Mail, parcel: Parcel) -> EmailMessage:
    """The mail: what an attacker sent is only in its attachment, and in the subject without control
    characters."""
    found = EmailMessage()
    found["From"], found["To"] = to.sender, ", ".join(to.to)
    found["Subject"] = "decnet: " + clean(parcel.summary, MOST_SUBJECT)
    found["Date"] = formatdate(localtime=False)
    found["Message-ID"] = make_msgid("decnet", to.sender.rpartition("@")[2])
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(clean(parcel.summary, 2000) + "\n")
    found.add_attachment(
        _readable(parcel), maintype="application", subtype="json" if parcel.media == JSON else "x-ndjson",
        filename="events.json" if parcel.media == JSON else "events.jsonl",
    )  # fmt: skip
    return found


_sending: set[Mail] = set()


def _readable(parcel: Parcel) -> bytes:
    if parcel.media != JSON or len(parcel.lines) != 1:
        return parcel.body
    return json.dumps(json.loads(parcel.lines[0]), indent=2).encode() + b"\n"


def _send(to: Mail, parcel: Parcel, limit: float) -> None:
    context = tls_context(to.tls)
    opened: smtplib.SMTP = (
        smtplib.SMTP_SSL(to.host, to.port, timeout=limit, context=context)
        if to.secure
        else smtplib.SMTP(to.host, to.port, timeout=limit)
    )
    with opened as server:
        server.ehlo()
        if not to.secure and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif not to.secure and to.password:
            raise Failed(f"{to.label} does not offer TLS: the password was not sent", hint="use smtps://")
        if to.user:
            server.login(to.user, to.password)
        # One refused recipient of several is not an error: repeating the mail would reach the others again.
        server.send_message(message(to, parcel), to.sender, list(to.to))


def _is_about_content(error: smtplib.SMTPException) -> bool:
    """Whether the server refuses this mail for good, and not its sender or recipient."""
    if isinstance(error, smtplib.SMTPSenderRefused):
        return error.smtp_code == TOO_LARGE
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def _refusal(error: smtplib.SMTPException) -> str:
    """The server's answer, without what we sent to it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return f"refused the recipient: {_answer(code, answer)}"
    if isinstance(error, smtplib.SMTPResponseException):
        what = "refused the login" if isinstance(error, smtplib.SMTPAuthenticationError) else "answered"
        return f"{what}: {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "closed the connection"
    return f"refused the mail: {clean(str(error), 200)}"


def _answer(code: int, text: bytes | str) -> str:
    return clean(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}", 200)
