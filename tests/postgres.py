"""A real PostgreSQL on loopback, started when a test first asks for it and stopped at the end.

Use it so: ``from tests.postgres import postgres``, take the fixture ``postgres``, and call ``postgres.fresh()`` for
the URL of an empty database. However many modules import the fixture, a process starts one server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

import pytest

PASSWORD = "horse battery"
#: Debian keeps its programs off the path.
_PROGRAMS = (*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ.get("PATH", "").split(":")))


@dataclass(frozen=True)
class Server:
    """A running server; ``postgres`` is its superuser."""

    port: int
    folder: Path
    _numbers: count[int] = field(default_factory=count, compare=False)

    def url(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """Return the URL of a new database."""
        name = f"fresh{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def without_log(self) -> str:
        """Return the URL of the one database for logs, and drop the log that the test before left in it."""
        url = _logs(self)
        self.run("DROP SCHEMA IF EXISTS govern_log CASCADE", url=url)
        return url

    def run(self, *statements: str, url: str | None = None) -> None:
        """Run statements, each in its own transaction."""
        import psycopg

        with closing(psycopg.connect(url or self.url(), autocommit=True)) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def postgres() -> Server:
    """A PostgreSQL server."""
    bin_folder = next((p for p in _PROGRAMS if (p / "initdb").is_file()), None)
    if bin_folder is None:
        pytest.skip("PostgreSQL (initdb) is absent")
    if os.geteuid() == 0 and (shutil.which("runuser") is None or not _has_user("postgres")):
        pytest.skip("PostgreSQL does not run as root, and there is no user `postgres` to run it as")
    return _started(bin_folder)


def closed_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def _logs(server: Server) -> str:
    return server.fresh()


@cache
def _started(bin_folder: Path) -> Server:
    folder = Path(tempfile.mkdtemp(prefix="govern-pg-"))
    (folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")
    data, port = folder / "data", closed_port()
    _run(bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync",
         "--locale=C", f"--pwfile={folder / 'password'}")  # fmt: skip
    settings = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=60 -c shared_buffers=32MB"
    _run(bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start")
    atexit.register(_stop, bin_folder, folder)
    return Server(port, folder)


def _stop(bin_folder: Path, folder: Path) -> None:
    _run(bin_folder / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _run(*command: object) -> None:
    """Run a program of PostgreSQL, which refuses to be run by root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, capture_output=True, cwd="/", timeout=60)


def _has_user(name: str) -> bool:
    import pwd

    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
