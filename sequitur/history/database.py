"""Opens the database that the settings name and brings its schema up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from sequitur.errors import HistoryError
from sequitur.history.store import READS, History
from sequitur.history.tables import FIRST, HEAD
from sequitur.settings import Settings

_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 7_305_421  # PostgreSQL's advisory lock of whoever migrates; any number of our own
_SECONDS = 10  # how long a locked or silent database is waited for


def open_history(settings: Settings) -> History:
    """The conversation store that the settings name, made or migrated where needed.

    Raises:
        HistoryError: the URL is wrong, the database cannot be reached, or a newer version made it.
    """
    try:
        engine = _engine(make_url(settings.database_url))
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    except (SQLAlchemyError, ArgumentError, OSError, ImportError) as error:
        message = f"the conversation store cannot be opened ({type(error).__name__}): check SEQUITUR_DATABASE_URL"
        raise HistoryError(message) from error
    return History(engine)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+pg8000")
    options = {"connect_args": {"timeout": _SECONDS}} if url.drivername == "postgresql+pg8000" else {}
    return create_engine(url, pool_pre_ping=True, **options)


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        engine = create_engine(url)
    else:
        file = Path(url.database).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        engine = create_engine(url.set(database=file.as_uri()).update_query_dict({"mode": "rw", "uri": "true"}))
        _notice_removal(engine, file)
    event.listen(engine, "connect", _sqlite_options)
    event.listen(engine, "begin", _begin)
    return engine


def _notice_removal(engine: Engine, file: Path) -> None:
    """Without this, a file that was removed would be written to unseen until the process ends, and everything lost with it."""

    def remember(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)

    def compare(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info.get("file") != _identity(file):
            message = "the database file is another one"
            raise DisconnectionError(message)  # the pool opens it anew, or fails where there is none

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _sqlite_options(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection
    connection.isolation_level = None  # transactions are begun below, before the first read
    connection.execute(f"PRAGMA busy_timeout={_SECONDS}000")
    _write_ahead(connection)
    for pragma in ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


@retry(retry=retry_if_exception_type(sqlite3.OperationalError), stop=stop_after_delay(_SECONDS), wait=wait_random(0.01, 0.05), reraise=True)
def _write_ahead(connection: Any) -> None:  # noqa: ANN401 - a driver's connection
    """The change of a new file to write-ahead logging does not wait for a lock by itself, whatever the busy timeout."""
    connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Connection) -> None:
    """A read that later writes would fail at once when another session wrote; taking the write lock first waits instead."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READS) else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`, all of it or nothing.

    Raises:
        HistoryError: a newer version made the database.
    """
    with engine.connect().execution_options(**{READS: True}) as connection:
        if _revision(connection) == HEAD:
            return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


def _revision(connection: Connection) -> str:
    """The revision a database is at; "" for an empty one."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")
    return FIRST if "turns" in tables else ""


def _upgrade(connection: Connection, found: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found and found not in known:
        message = (
            f"the conversations were stored by a newer version of Sequitur (schema {found}, this one knows {HEAD}): "
            "update Sequitur, or name another database in SEQUITUR_DATABASE_URL"
        )
        raise HistoryError(message)
    if found == FIRST:
        command.stamp(config, FIRST)
    command.upgrade(config, "head")
