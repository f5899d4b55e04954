# ruff: noqa: E501 (what real servers say is not broken into shorter lines)
"""The replies of Postfix, Exim, Sendmail and Microsoft's server. `{host}` is the server's name, `{peer}` the
client's address, `{name}` its HELO name, `{path}` an address, `{verb}` and `{line}` what it sent, `{id}` a
queue id."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..persona import Persona

LOGIN_PROMPTS = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6")


@dataclass(frozen=True)
class Dialect:
    """One mail server. `offers`: the lines of EHLO after the first, AUTH and STARTTLS in their places."""

    kind: str
    banner: str
    offers: tuple[str, ...]
    texts: Mapping[str, str]
    most_errors: int
    verbs: tuple[str, ...]
    forbidden: tuple[str, ...] = ()
    size: int = 10_240_000
    login_seconds: tuple[float, float] = (0.0, 0.0)
    slow_after: int = 1000
    """The number of errors after which the server delays each further one by a second."""
    helo_first: bool = False
    counted: frozenset[str] | None = None
    """Which of its answers count as errors; None: all."""
    options: tuple[str, ...] = ("SIZE", "BODY", "AUTH", "RET", "ENVID", "SMTPUTF8")


POSTFIX = {
    "hello": "250 {host}", "hello_syntax": "501 Syntax: {verb} hostname", "extended": "250-{host}", "noop": "250 2.0.0 Ok",
    "reset": "250 2.0.0 Ok", "syntax": "501 5.5.4 Syntax: {verb}", "unknown": "500 5.5.2 Error: command not recognized",
    "empty": "500 5.5.2 Error: bad syntax", "verify": "252 2.0.0 {path}", "verify_syntax": "501 5.5.4 Syntax: VRFY address [SMTPUTF8]",
    "mail_syntax": "501 5.5.4 Syntax: MAIL FROM:<address>", "rcpt_syntax": "501 5.5.4 Syntax: RCPT TO:<address>",
    "bad_sender": "501 5.1.7 Bad sender address syntax", "bad_recipient": "501 5.1.3 Bad recipient address syntax",
    "option": "555 5.5.4 Unsupported option: {line}", "nested": "503 5.5.1 Error: nested MAIL command",
    "sender": "250 2.1.0 Ok", "recipient": "250 2.1.5 Ok", "relay": "454 4.7.1 <{path}>: Relay access denied",
    "user": "550 5.1.1 <{path}>: Recipient address rejected: User unknown in local recipient table",
    "need_mail": "503 5.5.1 Error: need MAIL command", "need_rcpt": "503 5.5.1 Error: need RCPT command",
    "no_rcpt": "554 5.5.1 Error: no valid recipients", "data": "354 End data with <CR><LF>.<CR><LF>",
    "queued": "250 2.0.0 Ok: queued as {id}", "too_big": "552 5.3.4 Message size exceeds fixed limit",
    "grown": "552 5.3.4 Error: message file too big", "bye": "221 2.0.0 Bye", "timeout": "421 4.4.2 {host} Error: timeout exceeded",
    "errors": "421 4.7.0 {host} Error: too many errors", "forbidden": "221 2.7.0 Error: I can break rules, too. Goodbye.",
    "tls": "220 2.0.0 Ready to start TLS", "tls_again": "503 5.5.1 Error: TLS already active",
    "auth_syntax": "501 5.5.4 Syntax: AUTH mechanism", "auth_first": "503 5.5.1 Error: send HELO/EHLO first",
    "auth_kind": "535 5.7.8 Error: authentication failed: Invalid authentication mechanism",
    "auth_base64": "535 5.7.8 Error: authentication failed: Invalid base64 data in continued response",
    "auth_wrong": "535 5.7.8 Error: authentication failed: (reason unavailable)",
    "auth_wrong_login": "535 5.7.8 Error: authentication failed: (reason unavailable)",
    "auth_stop": "501 5.7.0 Authentication aborted", "auth_done": "235 2.7.0 Authentication successful",
    "auth_again": "503 5.5.1 Error: already authenticated", "auth_mail": "503 5.5.1 Error: MAIL transaction in progress",
    "bdat_syntax": "501 5.5.4 Syntax: BDAT count [LAST]", "bdat": "250 2.0.0 Ok: {line} bytes",
    "bdat_queued": "250 2.0.0 Ok: {line} bytes queued as {id}", "etrn": "459 4.0.0 <{path}>: service unavailable",
    "xclient": "550 5.7.0 Error: insufficient authorization",
}  # fmt: skip
EXIM = {
    "hello": "250 {host} Hello {name} [{peer}]", "hello_syntax": "501 Syntactically invalid {verb} argument(s)",
    "extended": "250-{host} Hello {name} [{peer}]", "noop": "250 OK", "reset": "250 Reset OK",
    "syntax": "501 unexpected argument data", "unknown": "500 unrecognized command", "empty": "500 unrecognized command",
    "verify": "252 Administrative prohibition", "verify_syntax": "501 empty address", "expand": "550 Administrative prohibition",
    "help": "214-Commands supported:\r\n214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP",
    "mail_syntax": "500 unrecognized command", "rcpt_syntax": "500 unrecognized command",
    "bad_sender": "501 {line}: '>' missing at end of address", "bad_recipient": "501 {line}: missing or malformed local part",
    "option": "501 {path} {line}: malformed address: {line} may not follow {path} ", "body": "501 invalid data for BODY",
    "restricted": "550 restricted characters in address", "nested": "503 sender already given",
    "sender": "250 OK", "recipient": "250 Accepted", "relay": "550 relay not permitted", "user": "550 Unrouteable address",
    "no_domain": "501 {line}: recipient address must contain a domain",
    "need_mail": "503 sender not yet given", "need_hello": "503 HELO or EHLO required",
    "need_rcpt": "503 valid RCPT command must precede {verb}", "no_rcpt": "503 Valid RCPT command must precede {verb}",
    "data": '354 Enter message, ending with "." on a line by itself', "queued": "250 OK id={id}",
    "too_big": "552 Message size exceeds maximum permitted", "grown": "552 Message size exceeds maximum permitted",
    "bye": "221 {host} closing connection", "timeout": "421 {host}: SMTP command timeout - closing connection",
    "errors": "Too many syntax or protocol errors", "unknowns": "500 Too many unrecognized commands",
    "tls": "220 TLS go ahead", "tls_again": "503 STARTTLS command used when not advertised",
    "tls_first": "503 STARTTLS command used when not advertised", "auth_syntax": "504  authentication mechanism not supported",
    "auth_first": "503 AUTH command used when not advertised", "auth_kind": "504 {line} authentication mechanism not supported",
    "auth_base64": "501 Invalid base64 data", "auth_wrong": "535 Incorrect authentication data",
    "auth_stop": "501 Authentication cancelled", "auth_done": "235 Authentication succeeded", "auth_again": "503 already authenticated",
    "auth_mail": "503 not permitted in mail transaction", "bdat_syntax": "501 missing size for BDAT command",
    "bdat": "250 {line} byte chunk received", "bdat_queued": "250- {line} byte chunk, total {line}\r\n250 OK id={id}",
    "etrn": "458 Administrative prohibition",
}  # fmt: skip
EXIM_COUNTS = frozenset((
    "hello_syntax", "unknown", "empty", "mail_syntax", "rcpt_syntax", "nested", "need_mail", "bad_sender", "bad_recipient",
    "option", "body", "auth_first", "syntax", "need_rcpt", "tls_again", "tls_first", "bdat_syntax",
))  # fmt: skip
SENDMAIL = {
    "hello": "250 {host} Hello [{peer}], pleased to meet you", "hello_syntax": "501 5.0.0 {verb} requires domain address",
    "extended": "250-{host} Hello [{peer}], pleased to meet you", "noop": "250 2.0.0 OK", "reset": "250 2.0.0 Reset state",
    "syntax": "501 5.5.2 Syntax error in parameters", "unknown": '500 5.5.1 Command unrecognized: "{line}"',
    "empty": '500 5.5.1 Command unrecognized: ""', "expand": "502 5.7.0 Sorry, we do not allow this operation",
    "verify": "252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)", "verify_syntax": "501 5.5.2 Argument required",
    "help": '214-2.0.0 This is sendmail\r\n214-2.0.0 Topics:\r\n214-2.0.0 \tHELO\tEHLO\tMAIL\tRCPT\tDATA\r\n214-2.0.0 \tRSET\tNOOP\tQUIT\tHELP\tVRFY\r\n214-2.0.0 \tEXPN\tVERB\tETRN\tDSN\tAUTH\r\n214-2.0.0 \tSTARTTLS\r\n214-2.0.0 For more info use "HELP <topic>".\r\n214-2.0.0 To report bugs in the implementation see\r\n214-2.0.0 \thttp://www.sendmail.org/email-addresses.html\r\n214-2.0.0 For local information send email to Postmaster at your site.\r\n214 2.0.0 End of HELP info',
    "mail_syntax": '501 5.5.2 Syntax error in parameters scanning "{line}"', "rcpt_syntax": '501 5.5.2 Syntax error in parameters scanning "{line}"',
    "bad_sender": "553 5.1.3 {line}... Unbalanced '<'", "bad_recipient": "553 5.0.0 {line}... User address required",
    "option": '501 5.5.4 {line} parameter unrecognized', "nested": "503 5.5.0 Sender already specified",
    "sender": "250 2.1.0 <{path}>... Sender ok", "recipient": "250 2.1.5 <{path}>... Recipient ok",
    "relay": "550 5.7.1 <{path}>... Relaying denied", "user": "550 5.1.1 <{path}>... User unknown",
    "need_mail": "503 5.0.0 Need MAIL before RCPT", "need_rcpt": "503 5.0.0 Need RCPT (recipient)", "no_rcpt": "503 5.0.0 Need RCPT (recipient)",
    "need_mail_data": "503 5.0.0 Need MAIL command", "data": '354 Enter mail, end with "." on a line by itself',
    "queued": "250 2.0.0 {id} Message accepted for delivery", "too_big": "552 5.2.3 Message size exceeds fixed maximum message size (20000000)",
    "grown": "552 5.2.3 Message size exceeds maximum value", "bye": "221 2.0.0 {host} closing connection",
    "timeout": "421 4.4.1 {host} Timeout waiting for input from [{peer}]", "errors": "421 4.7.0 {host} Too many bad commands; closing connection",
    "forbidden": "421 4.7.0 {host} Rejecting open proxy [{peer}]", "tls": "220 2.0.0 Ready to start TLS", "tls_again": "503 5.5.0 TLS already active",
    "auth_syntax": "501 5.5.2 AUTH mechanism must be specified", "auth_first": "503 5.0.0 Polite people say EHLO first",
    "auth_kind": "504 5.3.3 AUTH mechanism {line} not available", "auth_base64": "501 5.5.4 cannot decode AUTH parameter",
    "auth_wrong": "535 5.7.0 authentication failed", "auth_stop": "501 5.0.0 AUTH aborted", "auth_done": "235 2.0.0 OK Authenticated",
    "auth_again": "503 5.5.0 Already Authenticated", "auth_mail": "503 5.5.0 AUTH not permitted during a mail transaction",
    "etrn": "502 5.7.0 Sorry, we do not allow this operation",
}  # fmt: skip
EXCHANGE = {
    "hello": "250 {host} Hello [{peer}]", "hello_syntax": "501 5.5.4 Invalid domain name", "extended": "250-{host} Hello [{peer}]",
    "noop": "250 2.0.0 OK", "reset": "250 2.0.0 Resetting", "syntax": "501 5.5.4 Invalid arguments",
    "unknown": "500 5.3.3 Unrecognized command '{verb}'", "empty": "500 5.3.3 Unrecognized command 'unknown'",
    "verify": "252 2.1.5 Cannot VRFY user", "verify_syntax": "501 5.5.4 Argument missing",
    "help": "214-This server supports the following commands:\r\n214 HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT",
    "mail_syntax": "501 5.5.4 Unrecognized parameter", "rcpt_syntax": "501 5.5.4 Unrecognized parameter",
    "bad_sender": "501 5.1.7 Invalid address", "bad_recipient": "501 5.1.3 Invalid address", "option": "501 5.5.4 Unrecognized parameter",
    "nested": "503 5.5.2 Sender already specified", "sender": "250 2.1.0 Sender OK", "recipient": "250 2.1.5 Recipient OK",
    "relay": "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "user": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {path} not found by SMTP address lookup",
    "need_mail": "503 5.5.2 Need mail command", "need_hello": "503 5.5.2 Send hello first", "need_rcpt": "503 5.5.2 Need rcpt command",
    "no_rcpt": "503 5.5.2 Need rcpt command", "data": "354 Start mail input; end with <CRLF>.<CRLF>",
    "queued": "250 2.6.0 <{id}@{host}> [InternalId={number}, Hostname={host}] Queued mail for delivery",
    "too_big": "552 5.3.4 Message size exceeds fixed maximum message size", "grown": "552 5.3.4 Message size exceeds fixed maximum message size",
    "bye": "221 2.0.0 Service closing transmission channel", "timeout": "451 4.7.0 Timeout waiting for client input",
    "errors": "421 4.7.0 Too many errors on this connection, closing transmission channel", "tls": "220 2.0.0 SMTP server ready",
    "tls_again": "503 5.5.2 Only one STARTTLS command can be issued per session", "auth_syntax": "501 5.5.4 Argument missing",
    "auth_first": "503 5.5.2 Send hello first", "auth_kind": "504 5.7.4 Unrecognized authentication type",
    "auth_base64": "501 5.5.2 Cannot decode response", "auth_wrong": "535 5.7.3 Authentication unsuccessful",
    "auth_stop": "501 5.7.0 Authentication aborted", "auth_done": "235 2.7.0 Authentication successful",
    "auth_again": "503 5.5.2 Already authenticated", "auth_mail": "503 5.5.2 Bad sequence of commands",
    "bdat_syntax": "501 5.5.4 Invalid arguments", "bdat": "250 2.6.0 CHUNK received OK, {line} octets",
    "bdat_queued": "250 2.6.0 <{id}@{host}> [InternalId={number}, Hostname={host}] Queued mail for delivery",
}  # fmt: skip
COMMON = ("HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY", "AUTH", "STARTTLS")
NEW_REASONS = ("debian-12", "ubuntu-24.04")
"""Releases whose Postfix adds a reason if Dovecot gave none."""


def dialect_of(persona: Persona) -> Dialect:
    """The persona's mail server, by the first words of its greeting."""
    banner = persona.banner or f"220 {persona.hostname} ESMTP Postfix"
    if "Exim" in banner:
        return Dialect("exim", banner, ("SIZE 52428800", "8BITMIME", "PIPELINING", "PIPECONNECT", "AUTH PLAIN LOGIN", "CHUNKING",
                        "STARTTLS", "SMTPUTF8", "HELP"), EXIM, 3, (*COMMON, "HELP", "EXPN", "ETRN", "BDAT"), size=52_428_800, helo_first=True, counted=EXIM_COUNTS)  # fmt: skip
    if "Sendmail" in banner:
        return Dialect("sendmail", banner, ("ENHANCEDSTATUSCODES", "PIPELINING", "8BITMIME", "SIZE", "DSN", "AUTH LOGIN PLAIN",
                        "STARTTLS", "DELIVERBY", "HELP"), SENDMAIL, 25, (*COMMON, "HELP", "EXPN", "ETRN"),
                        ("GET", "POST", "CONNECT", "USER"), size=20_000_000)  # fmt: skip
    if "Microsoft" in banner:
        return Dialect("exchange", banner, ("SIZE 37748736", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH LOGIN",
                        "8BITMIME", "BINARYMIME", "CHUNKING"), EXCHANGE, 4, (*COMMON, "HELP", "BDAT"), size=37_748_736,
                        login_seconds=(5.0, 5.4), helo_first=True)  # fmt: skip
    texts = dict(POSTFIX)
    if not persona.release.startswith(NEW_REASONS):
        texts["auth_wrong"] = "535 5.7.8 Error: authentication failed: "
        texts["auth_wrong_login"] = "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"
    return Dialect("postfix", banner, ("PIPELINING", "SIZE 10240000", "VRFY", "ETRN", "STARTTLS", "AUTH PLAIN LOGIN",
                    "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"), texts, 20, (*COMMON, "ETRN", "BDAT", "XCLIENT", "XFORWARD"),
                    ("CONNECT", "GET", "POST"), login_seconds=(1.9, 2.3), slow_after=10)  # fmt: skip


def date() -> str:
    """The date in a greeting."""
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
