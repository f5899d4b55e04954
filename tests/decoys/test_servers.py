# ruff: noqa: E501 (what programs print is compared as it is)
"""The programs of servers and their clients answer out of the one model of the machine: its configuration files, its
processes, and its other decoys."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from inside import SEED, Inside

from decnet.decoys.events import Recorder
from decnet.decoys.host import release_data
from decnet.decoys.host.services import announce
from decnet.decoys.host.world import World
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.servers.mysql_client import duration, split
from decnet.decoys.shell.servers.redis_replies import Parser, as_csv, as_json, for_people, for_scripts
from decnet.decoys.shell.state import Shell

PORTS = {
    "ssh": ((22, "tcp"),), "http": ((80, "tcp"),), "ftp": ((21, "tcp"),), "smtp": ((25, "tcp"),), "redis": ((6379, "tcp"),),
    "mysql": ((3306, "tcp"),), "snmp": ((161, "udp"),),
}  # fmt: skip
Answer = tuple[str, str, int]
Run = Callable[[str], Answer]


def machine(release: str, **ports: tuple[tuple[int, str], ...]) -> World:
    persona = Persona(
        "ssh", "web01", "linux", release, "", SEED, ((22, "tcp"),), {}, "192.0.2.7", "00:50:56:01:02:03"
    )
    announce(Machine(persona), PORTS | ports)
    return World(persona)


@pytest.fixture
def new() -> Iterator[Callable[[World, str], Run]]:
    out, into = os.pipe()
    os.set_blocking(out, False)

    def visitor(world: World, user: str = "root") -> Run:
        shell = Shell(world, user, Recorder(into).session("192.0.2.9", 4000))

        def run(line: str) -> Answer:
            answer = run_at_once(shell, line)
            return answer.out, answer.error, answer.status

        return run

    yield visitor
    os.close(out)
    os.close(into)
    announce(machine("debian-12"), {})


@pytest.fixture
def debian() -> World:
    return machine("debian-12")


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-22.04"])
def test_no_program_of_a_server_lacks_a_library(new: Callable[..., Run], release: str) -> None:
    world = machine(release)
    run, packages = new(world), world.packages
    assert packages is not None
    data = release_data.release_data(release)
    rows = list(data.packages())
    names = [
        name for folder in ("/usr/bin", "/usr/sbin") for name, entry in data.folder(folder)
        if rows[entry.package].service and packages.numbered(entry.package) is not None
    ]  # fmt: skip
    failed = [name for name in names if "shared libraries" in run(f"{name} --nosuch </dev/null")[1]]
    assert (len(names) > 80, failed) == (True, [])


def test_apache_shows_what_is_enabled(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    assert "rewrite" not in run("apache2ctl -M")[0]
    assert run("a2enmod -q rewrite")[2] == 0
    assert " rewrite_module (shared)\n" in run("apache2ctl -M")[0]
    assert run("a2query -m rewrite") == ("rewrite (enabled by site administrator)\n", "", 0)
    assert run("a2dissite 000-default")[0].startswith("Site 000-default disabled.\n")
    assert run("apache2ctl -S 2>/dev/null")[0].startswith(
        'VirtualHost configuration:\nServerRoot: "/etc/apache2"\n'
    )


def test_apache_needs_its_variables_and_closed_sections(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    assert "Config variable ${APACHE_RUN_DIR} is not defined" in run("apache2 -S")[1]
    assert (
        "*:80                   127.0.1.1 (/etc/apache2/sites-enabled/000-default.conf:1)\n"
        in run(". /etc/apache2/envvars; apache2 -S")[0]
    )
    run("printf '\\n<VirtualHost *:81>\\n' > /etc/apache2/sites-enabled/x.conf")
    assert run("apache2ctl configtest") == (
        "Action 'configtest' failed.\nThe Apache error log may have more information.\n",
        "AH00526: Syntax error on line 2 of /etc/apache2/sites-enabled/x.conf:\n<VirtualHost> was not closed.\n",
        1,
    )


def test_recorded_answers_have_the_versions_of_the_machine(new: Callable[..., Run], debian: World) -> None:
    packages = debian.packages
    assert packages is not None
    run, apache, client = new(debian), packages["apache2-bin"], packages["mariadb-client-core"]
    built = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(apache.made))
    assert (
        run("apache2 -v")[0]
        == f"Server version: Apache/{apache.version.partition('-')[0]} (Debian)\nServer built:   {built}\n"
    )
    assert f"Distrib {client.version.partition(':')[2].partition('-')[0]}-MariaDB" in run("mysql -V")[0]
    assert run("mysqlslap --nosuchthing") == ("", "mysqlslap: unknown option '--nosuchthing'\n", 2)


def test_postconf_reads_and_writes_main_cf(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    assert run("postconf -h smtpd_banner; postconf -x smtpd_banner") == (
        "$myhostname ESMTP $mail_name (Debian/GNU)\nsmtpd_banner = web01 ESMTP Postfix (Debian/GNU)\n", "", 0,
    )  # fmt: skip
    run("postconf -e 'relayhost = [10.0.0.1]'")
    assert run("grep ^relayhost /etc/postfix/main.cf; postconf -n relayhost; postconf nosuch") == (
        "relayhost = [10.0.0.1]\nrelayhost = [10.0.0.1]\n", "postconf: warning: nosuch: unknown parameter\n", 0,
    )  # fmt: skip
    assert (
        new(debian, debian.user)("/usr/sbin/postconf -e a=b")[1]
        == "/usr/sbin/postconf: fatal: open /etc/postfix/main.cf.tmp: Permission denied\n"
    )


def test_htpasswd_keeps_a_file_of_users(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    assert run("htpasswd -nbs user pass") == ("user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=\n\n", "", 0)
    assert run("cd /tmp; htpasswd -bc x a b; htpasswd -b x a c; htpasswd -vb x a c; htpasswd -vb x a b") == (
        "", "Adding password for user a\nUpdating password for user a\nPassword for user a correct.\npassword verification failed\n", 3,
    )  # fmt: skip
    assert run("cut -c1-8 /tmp/x; htpasswd -b /tmp/missing a b") == (
        "a:$apr1$\n",
        "htpasswd: cannot modify file /tmp/missing; use '-c' to create it\n",
        1,
    )


def test_each_mail_server_has_its_own_empty_queue(new: Callable[..., Run], debian: World) -> None:
    assert new(debian)("mailq") == ("Mail queue is empty\n", "", 0)
    exim = machine("debian-12-nginx")
    assert new(exim)("mailq; exim4 -bpc") == ("0\n", "", 0)
    assert new(exim, exim.user)("mailq") == ("", "exim: permission denied\n", 1)


def test_a_postfix_table_is_looked_up(new: Callable[..., Run], debian: World) -> None:
    lines = (
        "printf 'a b\\nc d\\n' > /tmp/m; postmap -q a hash:/tmp/m; postmap /tmp/m; postmap -q a hash:/tmp/m"
    )
    assert new(debian)(lines) == (
        "b\n",
        "postmap: fatal: open database /tmp/m.db: No such file or directory\n",
        0,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense;", 'unknown directive "nonsense" in /etc/nginx/conf.d/x.conf:1'),
        ("server { listen 81; ", 'unexpected end of file, expecting "}" in /etc/nginx/conf.d/x.conf:2'),
        (
            "include /nowhere;",
            'open() "/nowhere" failed (2: No such file or directory) in /etc/nginx/conf.d/x.conf:1',
        ),
    ],
)
def test_nginx_names_the_mistake_in_its_configuration(
    new: Callable[..., Run], text: str, reason: str
) -> None:
    run = new(machine("debian-12-nginx"))
    assert run("nginx -t")[2] == 0
    out, error, status = run(f"echo '{text}' > /etc/nginx/conf.d/x.conf; nginx -t")
    assert (out, reason in error, error.endswith("nginx.conf test failed\n"), status) == ("", True, True, 1)


def test_scripts_of_init_d_are_systemctl(new: Callable[..., Run], debian: World) -> None:
    run, user = new(debian), new(debian, debian.user)
    assert run("/etc/init.d/cron restart") == ("Restarting cron (via systemctl): cron.service.\n", "", 0)
    assert run("sh /etc/init.d/cron status")[0] == run("systemctl status cron")[0]
    assert run("/etc/init.d/ssh nonsense") == (
        "Usage: /etc/init.d/ssh {start|stop|reload|force-reload|restart|try-restart|status}.\n",
        "",
        1,
    )
    out, error, status = user("/etc/init.d/cron restart")
    assert (out, error.startswith("Failed to restart cron.service: "), status > 0) == (
        "Restarting cron (via systemctl): cron.service failed!\n",
        True,
        True,
    )
    assert run("service nonsense what") == ("", "nonsense: unrecognized service\n", 1)
    assert " [ + ]  apache2\n" in run("service --status-all")[0]
    assert run("readlink /etc/rc2.d/S01ssh /etc/rc1.d/K01apache2") == (
        "../init.d/ssh\n../init.d/apache2\n",
        "",
        0,
    )


def test_a_stopped_server_is_not_there_for_its_client(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    assert run("apache2ctl start 2>/dev/null")[0].startswith("httpd (pid ")
    run("apache2ctl stop")
    assert run("pgrep apache2; apache2ctl stop 2>/dev/null") == ("httpd (no pid file) not running\n", "", 0)


def test_redis_cli_and_redis_are_one_server(new: Callable[..., Run]) -> None:
    decoy = Inside("redis")
    try:
        run = new(machine("debian-12", redis=((decoy.port, "tcp"),)))
        client = f"redis-cli -p {decoy.port}"
        assert run(f"{client} ping; {client} set a 1; {client} --no-raw incr a; {client} nonsense") == (
            "PONG\nOK\n(integer) 2\nERR unknown command 'nonsense', with args beginning with: \n\n", "", 0,
        )  # fmt: skip
        assert decoy.ask(b"GET a\r\nQUIT\r\n") == b"$1\r\n2\r\n+OK\r\n"
        own = run(f"{client} info server")[0]
        seen = decoy.ask(b"INFO server\r\nQUIT\r\n").decode()
        assert [line for line in own.splitlines() if line.startswith("run_id")][0] in seen
        assert run(f"printf 'multi\\nset b 2\\nexec\\n' | {client}; {client} blpop none 1") == (
            "OK\nQUEUED\nOK\n\n",
            "",
            0,
        )
        assert decoy.complaints == []
        assert {event["kind"] for event in decoy.events()} <= {"contact", "command", "disconnect"}
    finally:
        decoy.close()


def test_mysql_and_its_decoy_are_one_server(new: Callable[..., Run]) -> None:
    decoy = Inside("mysql", banner="5.5.5-10.11.6-MariaDB-0+deb12u1")
    try:
        world = machine("debian-12", mysql=((decoy.port, "tcp"),))
        run = new(world)
        assert run("mysql -e 'select current_user(), version()'") == (
            "current_user()\tversion()\nroot@localhost\t10.11.6-MariaDB-0+deb12u1\n",
            "",
            0,
        )
        assert (
            run("mysqladmin ping; mysqlshow | head -3")[0]
            == "mysqld is alive\n+--------------------+\n|     Databases      |\n+--------------------+\n"
        )
        assert run("mysql -e 'select * from mysql.nonsense'")[1].endswith(
            "ERROR 1146 (42S02) at line 1: Table 'mysql.nonsense' doesn't exist\n"
        )
        database = next(
            name
            for name in run("mysql -Ne 'show databases'")[0].split()
            if name in ("shop", "crm", "intranet", "billing", "inventory", "webapp")
        )
        dumped = run(f"mysqldump {database}")[0]
        assert (dumped.count("CREATE TABLE"), dumped.count("INSERT INTO")) == (3, 3)
        assert new(world, world.user)("mysql -u root") == (
            "",
            "ERROR 1698 (28000): Access denied for user 'root'@'localhost'\n",
            1,
        )
        assert decoy.complaints == []
    finally:
        decoy.close()


def test_replies_of_redis_are_printed_as_its_client_does() -> None:
    (reply,) = Parser(b'*3\r\n:1\r\n$3\r\na"b\r\n*2\r\n$-1\r\n+OK\r\n').all()
    assert for_people(reply) == '1) (integer) 1\n2) "a\\"b"\n3) 1) (nil)\n   2) OK\n'
    assert for_scripts(reply) == b'1\na"b\n\nOK'
    assert (as_csv(reply), as_json(reply)) == ('1,"a\\"b",NULL,"OK"', '[1,"a\\"b",[null,"OK"]]')


def test_statements_end_outside_of_quotes() -> None:
    assert split("select ';' ;\nselect 2\\G\n") == [(1, "select ';'", ";"), (2, "select 2", "\\G")]
    assert (duration(59), duration(90_061)) == ("59 sec", "1 day 1 hour 1 min 1 sec")


def test_another_machine_has_no_clients_of_servers(new: Callable[..., Run]) -> None:
    world = machine("debian-12")
    announce(world, {})
    persona = replace(world.persona, machine_seed="5" * 32)
    assert new(World(persona))("redis-cli; mysql; postconf; a2query")[2] == 127


def test_sshd_shows_and_checks_its_configuration(new: Callable[..., Run], debian: World) -> None:
    run = new(debian)
    run("printf 'Port 2222\\nMaxAuthTries 3\\nMaxAuthTries 9\\n' > /etc/ssh/sshd_config.d/x.conf")
    out, error, status = run("/usr/sbin/sshd -T")
    assert (out.splitlines()[0], "maxauthtries 3\n" in out, out.count("\n") > 80, error, status) == (
        "port 2222",
        True,
        True,
        "",
        0,
    )
    assert run("echo Nonsense yes > /etc/ssh/sshd_config.d/x.conf; sshd -t") == (
        "",
        "/etc/ssh/sshd_config.d/x.conf: line 1: Bad configuration option: nonsense\n"
        "/etc/ssh/sshd_config: terminating, 1 bad configuration options\n",
        255,
    )
