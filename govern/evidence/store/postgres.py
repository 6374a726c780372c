"""A team's log in PostgreSQL, in a schema ``govern_log`` that the first append makes.

One log per database. Triggers refuse UPDATE, DELETE and TRUNCATE, and entries out of order. Whoever makes the
first append owns the tables; for the others::

    GRANT USAGE ON SCHEMA govern_log TO writer;
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA govern_log TO writer;

so that only the owner and superusers can drop the triggers; what they change then is evident to
:func:`govern.evidence.log_check.check_log`. An append holds an advisory lock until it commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from govern.errors import GovernError, InputError, PolicyError, ServiceError
from govern.evidence import store
from govern.evidence.entry import LIMIT_BYTES
from govern.evidence.store.rows import Rows

if TYPE_CHECKING:
    import psycopg

_SCHEMA = "govern_log"
#: The advisory lock that serialises appends: the first eight bytes of "govern log".
_LOCK = int.from_bytes(b"govern l", "big")
#: How long a server may be silent, unless the URL says so: seconds to connect, milliseconds to acknowledge.
_PATIENCE: dict[str, Any] = {"connect_timeout": 10, "tcp_user_timeout": 60_000}
_ROWS_AT_ONCE = 2000
_GRANT = f"the owner of the schema {_SCHEMA} grants USAGE on it, and SELECT and INSERT on its tables"
#: Temporary tables last: by default they would come first, under whatever name.
_PATH = f"{_SCHEMA}, pg_temp"


def _refusing(name: str, condition: str, message: str) -> str:
    """Return the trigger function that refuses where the condition holds."""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {_PATH} AS $$"
        f" BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        " END IF; RETURN NEW; END $$"
    )


_MAKE = (
    f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}",
    "CREATE TABLE entry (position bigint PRIMARY KEY,"
    f" record text NOT NULL CHECK (octet_length(record) <= {LIMIT_BYTES}))",
    "CREATE TABLE checkpoint (size bigint PRIMARY KEY, note text NOT NULL, peaks text NOT NULL)",
    "CREATE TABLE certificate (sha256 text PRIMARY KEY, pem text NOT NULL)",
    _refusing("append_only", "true", "the log is append-only"),
    _refusing(
        "entry_in_order",
        "NEW.position <> (SELECT COALESCE(MAX(position) + 1, 0) FROM entry)",
        "entries are appended in order",
    ),
    _refusing(
        "checkpoint_in_order",
        "NEW.size <> (SELECT COALESCE(MAX(size), 0) + 1 FROM checkpoint)",
        "checkpoints are appended in order",
    ),
    *(
        f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_in_order()"
        for table in ("entry", "checkpoint")
    ),
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in ("entry", "checkpoint", "certificate")
    ),
)


class PostgresStore:
    """A :class:`govern.evidence.store.Store` in a database."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def name(self) -> str:
        """User, host and database of the URL; nothing else of it is ever printed."""
        parts = self._parts()
        host, port = parts.get("host") or parts.get("hostaddr", ""), parts.get("port", "")
        user = f"{parts['user']}@" if "user" in parts else ""
        return f"{store.POSTGRESQL}{user}{host}{':' if port else ''}{port}/{parts.get('dbname', '')}"

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Give one state of the rows."""
        with self._open() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if not self._made(connection):
                raise store.AbsentError(self.name)
            connection.execute(f"SET LOCAL search_path = {_PATH}")
            yield Rows(_streaming(connection), contains="strpos")

    @contextmanager
    def appending(self) -> Iterator[Rows]:
        """Give the rows to one process alone; commit at the end."""
        with self._open() as connection:
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")  # each statement sees what was committed last
            connection.execute(f"SET LOCAL search_path = {_PATH}")
            connection.execute(f"SET LOCAL lock_timeout = '{round(store.BUSY_SECONDS * 1000)}ms'")
            connection.execute("SET LOCAL synchronous_commit = on")  # a receipt is given for what is on disk
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            if not self._made(connection):
                for statement in _MAKE:
                    connection.execute(statement)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            yield Rows(_plain(connection), contains="strpos", clock=row[0] if row else None)
            connection.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Connect; what PostgreSQL says becomes an error that names no secret. An open transaction is rolled back."""
        given = self._parts()
        import psycopg

        try:
            with psycopg.connect(
                self._url,
                autocommit=True,  # transactions are begun and ended here, as in the other store
                prepare_threshold=None,  # a pooler may stand between
                client_encoding="utf8",
                application_name="govern log",
                **{name: value for name, value in _PATIENCE.items() if name not in given},
            ) as connection:
                yield connection
        except psycopg.Error as e:
            raise self._told(e, given.get("password")) from None

    def _parts(self) -> dict[str, str]:
        """Return the URL's parts by their libpq names.

        Raises:
            ServiceError: psycopg is not installed.
            PolicyError: it is no URL of PostgreSQL. libpq's own words would repeat it, with its password.
        """
        try:
            from psycopg import Error, conninfo
        except ImportError:
            raise ServiceError("a log in PostgreSQL needs psycopg", hint="pip install 'govern[postgres]'") from None
        try:
            return {k: str(v) for k, v in conninfo.conninfo_to_dict(self._url).items()}
        except Error:
            raise PolicyError(
                "the log's address is no URL of PostgreSQL",
                hint="in govern.yaml: log: postgresql://user@host:5432/database",
            ) from None

    def _made(self, connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
        """Return whether there is any table of the log: with some of them lost it is damaged, not absent.

        Raises:
            ServiceError: the user may not look into the schema; without this, its tables would seem to be lost.
        """
        tables, usable = connection.execute(
            "SELECT COUNT(*), bool_and(has_schema_privilege(n.oid, 'USAGE')) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
            (_SCHEMA,),
        ).fetchall()[0]
        if tables and not usable:
            raise ServiceError(f"{self.name}: not allowed: no right to use the schema {_SCHEMA}", hint=_GRANT)
        return bool(tables)

    def _told(self, error: psycopg.Error, password: str | None) -> GovernError:
        import psycopg

        said = (error.diag.message_primary or str(error)).strip().replace("\n", " ")
        if password:
            said = said.replace(password, "***")
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return ServiceError(f"{self.name}: another process holds the log", hint="try again")
        if isinstance(error, psycopg.errors.IntegrityError | psycopg.errors.UndefinedTable | psycopg.DataError):
            return InputError(f"{self.name}: not usable as a log: {said}", hint="restore it from a copy")
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return ServiceError(f"{self.name}: not allowed: {said}", hint=_GRANT)
        return ServiceError(
            f"{self.name}: PostgreSQL does not do it: {said}",
            hint="see that it runs and takes writes, and check PGPASSWORD or ~/.pgpass; then do it again",
        )


def _plain(connection: psycopg.Connection[tuple[Any, ...]]) -> Any:
    def run(statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        cursor = connection.execute(statement.replace("?", "%s"), values)
        return iter(cursor.fetchall() if cursor.description else ())

    return run


def _streaming(connection: psycopg.Connection[tuple[Any, ...]]) -> Any:
    """As :func:`_plain`, but large results are never in memory as a whole."""
    plain = _plain(connection)

    def run(statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        if "ORDER BY" not in statement:
            return iter(plain(statement, values))
        return _fetched(connection, statement.replace("?", "%s"), values)

    return run


def _fetched(
    connection: psycopg.Connection[tuple[Any, ...]], statement: str, values: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name=f"rows_{abs(hash(statement))}") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(statement, values)
        yield from cursor
