# ruff: noqa: E501 (names of options)
"""The options of curl 7.88 and how it reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

WITH_VALUE = """abstract-unix-socket alt-svc aws-sigv4 cacert capath cert=E cert-type ciphers config=K connect-timeout connect-to continue-at=C cookie=b cookie-jar=c create-file-mode crlfile curves data=d data-ascii data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header=D egd-file engine etag-compare etag-save expect100-timeout form=F form-string ftp-account ftp-alternative-to-user ftp-method ftp-port=P ftp-ssl-ccc-mode happy-eyeballs-timeout-ms header=H hostpubmd5 hostpubsha256 hsts interface json keepalive-time key key-type krb libcurl limit-rate local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time=m netrc-file noproxy oauth2-bearer output=o output-dir parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir proxy=x proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user=U proxy1.0 pubkey quote=Q random-file range=r rate referer=e request=X request-target resolve retry retry-delay retry-max-time sasl-authzid service-name socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit=Y speed-time=y stderr telnet-option=t tftp-blksize time-cond=z tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii unix-socket upload-file=T url url-query user=u user-agent=A write-out=w"""
PLAIN = """anyauth append=a basic cert-status compressed compressed-ssh create-dirs crlf digest disable=q disable-eprt disable-epsv disallow-username-in-url doh-cert-status doh-insecure fail=f fail-early fail-with-body false-start form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control get=G globoff=g haproxy-protocol head=I help=h http0.9 http1.0=0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length include=i insecure=k ipv4=4 ipv6=6 junk-session-cookies=j list-only=l location=L location-trusted mail-rcpt-allowfails manual=M metalink negotiate netrc=n netrc-optional next=: no-alpn no-buffer=N no-clobber no-keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb parallel=Z parallel-immediate path-as-is post301 post302 post303 progress-bar=# proxy-anyauth proxy-basic proxy-digest proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel=p raw remote-header-name=J remote-name=O remote-name-all remote-time=R remove-on-error retry-all-errors retry-connrefused sasl-ir show-error=S silent=s socks5-basic socks5-gssapi socks5-gssapi-nec ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2=2 sslv3=3 styled-output suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tlsv1=1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-time use-ascii=B verbose=v version=V xattr"""
MOST_URLS = 200
HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"


class BadOption(Exception):
    """What is wrong, as curl prints it after its name."""


@dataclass
class Given:
    """What a call asks for; options by their long names, each URL with where its content goes."""

    values: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    """In the order of -o and -O; "" for -O."""

    def __contains__(self, name: object) -> bool:
        return any(option == name for option, _ in self.values)

    def value(self, name: str) -> str:
        """The last value of an option, "" without one."""
        return next((value for option, value in reversed(self.values) if option == name), "")

    def all(self, name: str) -> list[str]:
        """All values of an option."""
        return [value for option, value in self.values if option == name]


def read(words: list[str]) -> Given:
    """The options and URLs. Raises BadOption."""
    with_value, plain = _names(WITH_VALUE), _names(PLAIN)
    letters = {letter: (name, True) for name, letter in with_value.items() if letter}
    letters |= {letter: (name, False) for name, letter in plain.items() if letter}
    found, rest, literal = Given(), list(words), False
    while rest:
        word = rest.pop(0)
        if literal or not word.startswith("-") or word == "-":
            found.urls.append(word)
        elif word == "--":
            literal = True
        elif word.startswith("--"):
            _long(word[2:], word, rest, found, with_value, plain)
        else:
            _short(word[1:], rest, found, letters)
    return found


def _names(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split())


def _long(
    name: str, word: str, rest: list[str], found: Given, with_value: dict[str, str], plain: dict[str, str]
) -> None:
    positive = name.removeprefix("no-")
    known = [*with_value, *plain]
    exact = name if name in known else positive if positive in plain else ""
    fits = [exact] if exact else [each for each in known if each.startswith(name)]
    if not fits:
        raise BadOption(f"option {word}: is unknown")
    if len(fits) > 1:
        raise BadOption(f"option {word}: is ambiguous")
    if fits[0] in with_value:
        if not rest:
            raise BadOption(f"option {word}: requires parameter")
        _add(found, fits[0], rest.pop(0), word)
    elif exact != positive or name == positive:
        _add(found, fits[0], "", word)


def _short(letters: str, rest: list[str], found: Given, known: dict[str, tuple[str, bool]]) -> None:
    for at, letter in enumerate(letters):
        if letter not in known:
            raise BadOption(f"option -{letters[at:] if at == 0 else letter}: is unknown")
        name, takes_value = known[letter]
        if not takes_value:
            _add(found, name, "", f"-{letter}")
            continue
        value = letters[at + 1 :]
        if not value:
            if not rest:
                raise BadOption(f"option -{letter}: requires parameter")
            value = rest.pop(0)
        _add(found, name, value, f"-{letter}")
        return


NUMBERS = (
    "max-time",
    "connect-timeout",
    "retry",
    "retry-delay",
    "max-redirs",
    "speed-limit",
    "speed-time",
    "keepalive-time",
)


def _add(found: Given, name: str, value: str, word: str) -> None:
    if name in NUMBERS and not value.lstrip("-").replace(".", "", 1).isdecimal():
        raise BadOption(f"option {word}: expected a proper numerical parameter")
    if name == "url":
        found.urls.append(value)
    elif name == "output":
        found.outputs.append(value)
    elif name == "remote-name":
        found.outputs.append("")
    found.values.append((name, value))
