"""Alerts to chats and mailboxes: real servers get a summary, in their shape, and nothing that steers them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from event_receivers import Certificates, Web, certificates, web
from mail_server import Mailbox, mailbox

from decnet.commands.alerts import Alerts, send_alert, start_alerts
from decnet.commands.refusals import TRIES
from decnet.engine.receivers import receiver
from decnet.errors import Failed, Refused, UsageError
from decnet.store.paths import Home

from .test_alerts import NOW, alerts_for, context, happens, home

__all__ = ["certificates", "home", "mailbox", "web"]

LINK = "<!channel> <https://evil.example|click>"


def alert(home: Home, to: str, **fields: object) -> None:
    start_alerts(context(home), alerts_for(to))
    happens(home, 1, 2, **fields)
    asyncio.run(send_alert(context(home), alerts_for(to)))


def in_file(folder: Path, text: str) -> str:
    (folder / "to").write_text(text)
    return f"@{folder}/to"


def test_slack_gets_the_sentence_without_markup_of_an_attacker(home: Home, web: Web, tmp_path: Path) -> None:
    start_alerts(context(home), alerts_for(f"slack:{in_file(tmp_path, web.plain_url)}"))
    happens(home, 1, 1, source=LINK)
    asyncio.run(send_alert(context(home), alerts_for(f"slack:@{tmp_path}/to")))
    [request] = web.requests
    escaped = "&lt;!channel&gt; &lt;https://evil.example|click&gt;"
    assert json.loads(request.body) == {"text": f"1 event on web-01 from {escaped}: 1 login"}
    assert request.headers["Content-Type"] == "application/json"


def test_teams_gets_a_card_whose_text_is_no_markup(home: Home, web: Web, tmp_path: Path) -> None:
    alert(home, f"teams:{in_file(tmp_path, web.plain_url)}")
    [request] = web.requests
    [attachment] = json.loads(request.body)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    [block] = attachment["content"]["body"]
    assert block["type"] == "RichTextBlock"
    assert block["inlines"][0]["text"] == "2 events on web-01 from 192.0.2.250: 2 login"


@pytest.mark.parametrize("text", ["slack:true", "teams:smtp://h/?to=a@b"])
def test_a_chat_needs_a_url(text: str) -> None:
    with pytest.raises(UsageError, match="needs a URL with https://"):
        receiver(text)


def test_a_mail_has_the_sentence_and_the_alert_attached(
    home: Home, mailbox: Mailbox, certificates: Certificates, tmp_path: Path
) -> None:
    url = (
        f"smtp://decnet:pa%40ss@127.0.0.1:{mailbox.port}/?to=soc@example.org,b@example.org&from=d@example.org"
    )
    alert(
        home,
        in_file(tmp_path, f'to = "{url}"\nca = "{certificates.ca}"\n'),
        username="x\r\nBcc: evil@example.org\r\n.\r\n",
    )
    [(to, message)] = mailbox.mails
    assert to == ["soc@example.org", "b@example.org"]
    assert message["Subject"] == "decnet: 2 events on web-01 from 192.0.2.250: 2 login"
    assert (message["From"], message["Bcc"]) == ("d@example.org", None)
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "events.json"
    assert json.loads(attached.get_content())["count"] == 2
    assert mailbox.logins == ["\0decnet\0pa@ss"] and mailbox.was_secure


def test_a_password_is_never_sent_without_tls(home: Home, mailbox: Mailbox, tmp_path: Path) -> None:
    mailbox.starttls = False
    url = f"smtp://decnet:secret@127.0.0.1:{mailbox.port}/?to=soc@example.org"
    with pytest.raises(Failed) as caught:
        alert(home, in_file(tmp_path, url))
    assert caught.value.message.endswith("does not offer TLS: the password was not sent")
    assert mailbox.logins == [] and mailbox.mails == []


def test_a_mail_server_that_is_not_trusted_gets_no_mail(home: Home, mailbox: Mailbox) -> None:
    with pytest.raises(Failed, match="its certificate is refused"):
        alert(home, f"smtp://127.0.0.1:{mailbox.port}/?to=soc@example.org")
    assert mailbox.mails == []


def test_a_refused_recipient_is_an_error_only_if_it_is_the_only_one(home: Home, mailbox: Mailbox) -> None:
    mailbox.starttls, mailbox.refuses = False, ("gone@example.org",)
    with pytest.raises(Failed) as caught:
        alert(home, f"smtp://127.0.0.1:{mailbox.port}/?to=gone@example.org")
    assert caught.value.message.endswith("refused the recipient: 550 no such mailbox")
    alert(home, f"smtp://127.0.0.1:{mailbox.port}/?to=gone@example.org,soc@example.org")
    happens(home, 3, 3)
    asyncio.run(
        send_alert(
            context(home), alerts_for(f"smtp://127.0.0.1:{mailbox.port}/?to=gone@example.org,soc@example.org")
        )
    )
    assert [to for to, _ in mailbox.mails] == [["soc@example.org"]]


def refused_thrice(home: Home, target: Alerts, what: str) -> str:
    """An alert that is refused by `what`, until it is sent without its events; how that is reported."""
    start_alerts(context(home), target)
    happens(home, 1, 2, username="x" * 4000)
    for number in range(TRIES):
        happens(home, 3 + number, 3 + number)
        with pytest.raises(Refused, match=what) as caught:
            asyncio.run(send_alert(context(home, NOW + 100 * number), target))
    asyncio.run(send_alert(context(home, NOW + 1000), target))
    return caught.value.message


def test_a_mail_that_is_too_large_for_its_server_is_sent_without_its_events(
    home: Home, mailbox: Mailbox
) -> None:
    mailbox.starttls, mailbox.most = False, 3000
    target = alerts_for(f"smtp://127.0.0.1:{mailbox.port}/?to=soc@example.org")
    message = refused_thrice(home, target, "552 too large")
    assert message.endswith("to the events of an alert: they were omitted")
    [(_, mail)] = mailbox.mails
    assert mail["Subject"] == "decnet: 5 events: 5 login. decnet events shows them."
    [attached] = mail.iter_attachments()
    assert json.loads(attached.get_content())["events"] == []


def test_an_alert_that_a_webhook_refuses_is_sent_without_its_events(home: Home, web: Web) -> None:
    web.refuses = lambda request: len(request.body) > 3000
    refused_thrice(home, alerts_for(web.plain_url), "413")
    [alert] = [json.loads(line) for line in web.accepted]
    assert (alert["count"], alert["events"], alert["kinds"]) == (5, [], {"login": 5})


def test_an_alert_in_opencanarys_format_is_sent_without_the_refused_events(home: Home, web: Web) -> None:
    web.refuses = lambda request: any(len(line) > 3000 for line in request.lines)
    refused_thrice(home, replace(alerts_for(web.plain_url), style="opencanary"), "413")
    assert len(web.accepted) == 3


def test_a_password_on_the_command_line_is_refused_without_showing_it() -> None:
    with pytest.raises(UsageError) as caught:
        receiver("smtp://decnet:pa55@host/?to=soc@example.org")
    assert caught.value.message == "--alert: a password on the command line is visible to other users"
    assert "pa55" not in str(vars(caught.value))


@pytest.mark.parametrize(
    "query",
    ["", "?to=", "?to=nobody", "?to=a@b\r\nX", "?to=a@b&bcc=c@d", "?to=a%0d%0aX:@b", "?to=a@b&from=x"],
)
def test_a_mail_address_that_cannot_be_is_refused(query: str) -> None:
    with pytest.raises(UsageError):
        receiver(f"smtp://host/{query}")
