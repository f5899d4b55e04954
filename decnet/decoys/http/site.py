"""The site: its pages, its login form, and the routing of requests."""

from ..machine import Machine
from ..persona import Persona
from . import pages
from .dialects import Dialect, Nginx
from .messages import Page, Reply, Request

DRAWN_SITES = {
    "linux": ("default", "company", "intranet", "login"),
    "bsd": ("default", "intranet"),
    "windows": ("default", "intranet"),
    "windows_server": ("default", "intranet", "login"),
    "embedded": ("device",),
    "cisco": ("device",),
}
WITH_LOGIN = ("intranet", "login", "device")


class Site:
    """The pages of one persona."""

    def __init__(
        self, persona: Persona, dialect: Dialect, contents: dict[str, Page], login: str, realm: str
    ) -> None:
        self._persona = persona
        self._dialect = dialect
        self._pages = contents
        self._login = login
        self._realm = realm

    def answer(self, request: Request, port: int) -> Reply:
        """The reply to one whole request."""
        special = self._dialect.special(request)
        if special:
            return special
        page = self._pages.get(request.path)
        if self._login and request.path == self._login and request.method == "POST":
            return self._wrong(request)
        if request.method not in ("GET", "HEAD"):
            refused = self._dialect.refuse_method(request, page)
            if refused:
                return refused
        if page is None:
            return self._missing(request)
        if self._realm and request.path == "/" and not self._login:
            return self._challenge(request)
        if page.changed and not_modified(request, self._dialect.etag(page), page.changed):
            return Reply(304, page=page, headers=list(page.headers))
        return Reply(page.status, page.body, page.content_type, list(page.headers), page=page)

    def _wrong(self, request: Request) -> Reply:
        page = self._pages[self._login + "#wrong"]
        return Reply(200, page.body, page.content_type, list(page.headers), page=page, delay=0.4)

    def _challenge(self, request: Request) -> Reply:
        delay = 0.3 if request.tries_basic else 0.0
        return Reply(401, headers=[("WWW-Authenticate", f'Basic realm="{self._realm}"')], delay=delay)

    def _missing(self, request: Request) -> Reply:
        if not request.path.endswith("/") and self._pages.get(request.path + "/"):
            host = request.header("host") or self._persona.address
            return Reply(301, headers=[("Location", f"http://{host}{request.path}/")])
        return Reply(404)


def build_site(persona: Persona, dialect: Dialect) -> Site:
    """The persona's site: from its settings, else chosen once by its seed."""
    kind = persona.text("site") or persona.choice("http site", DRAWN_SITES.get(persona.os, ("default",)))
    wanted = persona.settings.get("login")
    with_login = kind in WITH_LOGIN if wanted is None else bool(wanted)
    changed = _changed(persona)
    look = pages.Look(persona, persona.text("title"), dialect.server)
    realm = ""
    if kind == "device" and with_login and persona.choice("http basic", (True, False)):
        realm, login = look.product(), ""
    else:
        login = _login_path(persona, dialect, kind) if with_login else ""
    contents = _contents(kind, look, login, changed)
    return Site(persona, dialect, contents, login, realm)


def _changed(persona: Persona) -> int:
    """When its pages were last changed, seconds since the epoch."""
    machine = Machine(persona)
    if persona.since:
        return machine.changed("http changed", 40_000_000)
    return max(1_690_000_000 + persona.number("http changed", 0, 40_000_000), machine.first_start(600))


def _login_path(persona: Persona, dialect: Dialect, kind: str) -> str:
    if kind == "device":
        return "/cgi-bin/login.cgi"
    if persona.os.startswith("windows"):
        return "/login.aspx"
    return "/login" if isinstance(dialect, Nginx) else "/login.php"


def _contents(kind: str, look: pages.Look, login: str, changed: int) -> dict[str, Page]:
    html = "text/html; charset=utf-8" if login else "text/html"
    front = pages.front(kind, look, login).encode()
    home = Page(front, html, None if kind in ("login", "device") else changed, _session(look, login, kind))
    found = {"/": home, "/index.html": home}
    if kind != "default":
        found["/style.css"] = Page(pages.stylesheet(look).encode(), "text/css", changed)
        found["/favicon.ico"] = Page(look.icon(), "image/x-icon", changed)
        found["/robots.txt"] = Page(b"User-agent: *\nDisallow: /\n", "text/plain", changed)
    if login:
        cookie = _session(look, login, "login")
        found[login] = Page(pages.login_form(look, login).encode(), html, None, cookie)
        found[login + "#wrong"] = Page(pages.login_form(look, login, wrong=True).encode(), html, None, cookie)
    return found


def _session(look: pages.Look, login: str, kind: str) -> tuple[tuple[str, str], ...]:
    return (("Cache-Control", "no-store"),) if login and kind in ("login", "device") else ()


def not_modified(request: Request, etag: str, changed: int) -> bool:
    """Whether the client already has this version (RFC 9110, 13.1: the ETag precedes the date)."""
    from .dialects import http_date

    tags = request.header("if-none-match")
    if tags:
        return tags.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.header("if-modified-since")
    return bool(since) and since == http_date(changed)
