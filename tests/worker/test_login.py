"""The operator's own way in: addresses, configuration, keys, passwords, and who vouches for a host key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import Declined, DecnetError, HostKeyRefused, Unreachable, UsageError
from decnet.worker.connect import disconnect
from decnet.worker.hostkeys import HostKey
from decnet.worker.login import HostKeyProof, Login, connect_as_operator, resolve, verified_key

from .loopback import LIBRARY, Place, ssh_server, well_behaved
from .openssh import Operator


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An operator whose configuration is empty and who has no ssh-agent."""
    Operator(tmp_path / "operator", monkeypatch)
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("h", ("h", None, None)),
        ("root@h", ("h", "root", None)),
        ("root@h.example:2222", ("h.example", "root", 2222)),
        ("2001:db8::5", ("2001:db8::5", None, None)),
        ("u@[2001:db8::5]:22", ("2001:db8::5", "u", 22)),
        ("u@fe80::1%eth0", ("fe80::1%eth0", "u", None)),
        ("[fe80::1%eth0.7]:22", ("fe80::1%eth0.7", None, 22)),
        ("DOM\\jürgen+x@prod/web!1:22", ("prod/web!1", "DOM\\jürgen+x", 22)),
    ],
)
def test_an_address_is_read_as_it_is_typed(address: str, parts: tuple[str, str | None, int | None]) -> None:
    login = Login.parse(address)
    assert (login.host, login.user, login.port) == parts


@pytest.mark.parametrize(
    "address",
    [
        "",
        "-oProxyCommand=x",
        "a b",
        "u@h:99999",
        "u@h:0",
        "h:x",
        "a@b@c",
        "h\n",
        "$(x)",
        "a" * 70,
        "a..b",
        "u@-h",
        "-u@h",
        "h;x",
        "h\x1b",
        "a,b",
        "10.0.0.1:22:x",
        "fe80::1%",
    ],
)
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        Login.parse(address)


def test_an_alias_of_the_operators_configuration_is_resolved(place: Place) -> None:
    (place.folder / "operator" / ".ssh" / "config").write_text(
        "Host edge\n  HostName 192.0.2.9\n  Port 2200\n  User deck\n  ProxyJump hop@198.51.100.9\n"
    )
    found = asyncio.run(resolve(Login("edge"), "w1"))
    jump = "hop@198.51.100.9:22"
    assert (found.host, found.port, found.user, found.jump) == ("192.0.2.9", 2200, "deck", jump)


@pytest.mark.parametrize("jump", ["@@:x:y", "a@b@c", "h:0", "a" * 70])
def test_a_jump_host_that_is_none_is_bad_usage(place: Place, jump: str) -> None:
    with pytest.raises(UsageError, match=r"not \[USER@\]HOST"):
        asyncio.run(resolve(Login("192.0.2.9", "root", jump=jump), "w1"))


def test_given_values_override_the_configuration(place: Place) -> None:
    (place.folder / "operator" / ".ssh" / "config").write_text("Host *\n  Port 2200\n  User deck\n")
    found = asyncio.run(resolve(Login("h", user="root", port=22), "w1"))
    assert (found.port, found.user) == (22, "root")


def test_a_configuration_that_cannot_be_read_is_a_usage_error(place: Place) -> None:
    (place.folder / "operator" / ".ssh" / "config").write_text("Host edge\n  Port many\n")
    with pytest.raises(UsageError):
        asyncio.run(resolve(Login("edge"), "w1"))


def vetted(place: Place, vouched: HostKeyProof, **options: Any) -> HostKey:
    async def run() -> HostKey:
        async with ssh_server(place, well_behaved, **options) as server:
            found = await resolve(Login("127.0.0.1", "root", server.get_port()), "w1")
            return await verified_key(found, "w1", vouched)

    return asyncio.run(run())


def shown_key(place: Place) -> HostKey:
    return HostKey.parse(place.server_key.export_public_key("openssh").decode())


def test_a_person_who_confirms_vouches_and_one_who_does_not_refuses(place: Place) -> None:
    assert vetted(place, HostKeyProof(confirm=lambda key: key == shown_key(place))) == shown_key(place)
    with pytest.raises(Declined, match="was not confirmed: nothing was changed"):
        vetted(place, HostKeyProof(confirm=lambda key: False))


def test_a_wrong_fingerprint_is_repeated_with_a_hint_where_to_read_the_right_one(place: Place) -> None:
    given = "SHA256:" + "A" * 43
    with pytest.raises(HostKeyRefused) as caught:
        vetted(place, HostKeyProof(fingerprint=given))
    shown = shown_key(place).fingerprint
    assert caught.value.message == f"its host key {shown} is not the one of --host-key {given}"
    assert "docs/fingerprints.md" in str(caught.value.hint)


def test_a_session_that_is_not_interactive_is_refused_with_a_hint(place: Place) -> None:
    with pytest.raises(HostKeyRefused) as caught:
        vetted(place, HostKeyProof())
    assert "--host-key" in (caught.value.hint or "")


def test_a_fingerprint_of_a_second_key_is_found(place: Place) -> None:
    rsa = LIBRARY.generate_private_key("ssh-rsa")
    wanted = HostKey.parse(rsa.export_public_key("openssh").decode())
    keys = [place.server_key, rsa]
    assert vetted(place, HostKeyProof(fingerprint=wanted.fingerprint), server_host_keys=keys) == wanted


def logged_in(place: Place, login: Login, **options: Any) -> DecnetError | None:
    async def run() -> DecnetError | None:
        async with ssh_server(place, well_behaved, **options) as server:
            full = Login(**{**login.__dict__, "host": "127.0.0.1", "port": server.get_port(), "user": "root"})
            found = await resolve(full, "w1")
            try:
                await disconnect(await connect_as_operator(found, full, "w1", shown_key(place)))
            except DecnetError as error:
                return error
            return None

    return asyncio.run(run())


class Password(LIBRARY.SSHServer):  # type: ignore[misc,name-defined]
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("root", "open sesame")


def test_a_password_is_asked_for_once_and_lets_in(place: Place) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "open sesame"

    options = {"server_factory": Password, "authorized_client_keys": None}
    assert logged_in(place, Login("x", ask=ask), **options) is None
    assert asked == ["root@127.0.0.1's password: "]


def test_a_wrong_password_is_reported_and_not_retried_forever(place: Place) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "wrong"

    options = {"server_factory": Password, "authorized_client_keys": None}
    error = logged_in(place, Login("x", ask=ask), **options)
    assert isinstance(error, Unreachable)
    assert len(asked) <= 3


def test_an_identity_file_with_a_passphrase_is_asked_for_it(place: Place) -> None:
    identity = place.folder / "mine"
    identity.write_bytes(place.fleet.export_private_key("pkcs8-pem", passphrase="secret"))
    identity.chmod(0o600)
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "secret"

    assert logged_in(place, Login("x", identity=identity, ask=ask)) is None
    assert asked == [f"passphrase for {identity}: "]


def test_an_identity_file_that_cannot_be_decrypted_points_to_the_ssh_agent(place: Place) -> None:
    identity = place.folder / "mine"
    identity.write_bytes(place.fleet.export_private_key("pkcs8-pem", passphrase="secret"))
    error = logged_in(place, Login("x", identity=identity))
    assert isinstance(error, UsageError)
    assert "ssh-agent" in (error.hint or "")


def test_a_changed_key_between_the_question_and_the_login_is_refused(place: Place) -> None:
    other = LIBRARY.generate_private_key("ssh-ed25519")
    error = logged_in(place, Login("x"), server_host_keys=[other])
    assert isinstance(error, HostKeyRefused)
