"""Stored conversations: they survive, stay apart, and are gone when deleted."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect, text

from sequitur.chat import Chat
from sequitur.errors import HistoryError
from sequitur.history import History, database, new_conversation_id, open_history
from sequitur.history.tables import HEAD, Base
from sequitur.render import record
from sequitur.schema import Answer, Provenance, Turn
from sequitur.settings import Settings
from tests.postgres import cluster, why_not

CANARY = "zebrafinch"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real PostgreSQL, once for this file."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with cluster() as address:
        yield address


@pytest.fixture
def sqlite_store(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'below' / 'history.db'}"})


@pytest.fixture
def postgres_store(settings: Settings, server: str) -> Settings:
    name = f"history_{new_conversation_id()}"
    engine = create_engine(f"postgresql+pg8000://tester@{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return settings.model_copy(update={"database_url": f"postgresql://tester@{server}/{name}"})


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request: pytest.FixtureRequest) -> Settings:
    """Settings with an empty store of each kind."""
    found: Settings = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def history(stored: Settings) -> Iterator[History]:
    opened = open_history(stored)
    yield opened
    opened._engine.dispose()


@pytest.fixture(scope="module")
def answers(chat: Chat) -> tuple[Answer, ...]:
    asked, turns = [], []
    for question in ("Does ketamine help nerve pain?", "And its side effects?", "ketamine dose for cats?"):
        answer = chat.ask(question, tuple(turns))
        asked.append(answer)
        turns.append(chat.turn(answer))
    return tuple(asked)


def file_of(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def files_with(settings: Settings, word: str) -> list[str]:
    return [path.name for path in file_of(settings).parent.iterdir() if word.encode() in path.read_bytes()]


def test_a_conversation_survives_reopening_whole(stored, history, answers):
    for answer in answers:
        history.append("ward-7", answer)
    again = open_history(stored)
    assert again.answers("ward-7") == answers
    again._engine.dispose()


def test_a_reopened_conversation_can_be_continued(chat: Chat, history, answers):
    history.append("ward-7", answers[0])
    turns: tuple[Turn, ...] = tuple(chat.turn(answer) for answer in history.answers("ward-7"))
    assert chat.ask("And its side effects?", turns).standalone == answers[1].standalone


def test_two_conversations_do_not_mix(history, answers):
    history.append("one", answers[0])
    history.append("two", answers[2])
    history.append("one", answers[1])
    assert history.answers("one") == (answers[0], answers[1])
    assert history.answers("two") == (answers[2],)
    assert {conversation.id for conversation in history.conversations()} == {"one", "two"}


def test_a_conversation_is_named_by_its_first_question_and_the_latest_comes_first(history, answers):
    history.append("one", answers[0])
    history.append("two", answers[2])
    history.append("one", answers[1])
    assert [(conversation.id, conversation.title) for conversation in history.conversations()] == [
        ("one", "Does ketamine help nerve pain?"),
        ("two", "ketamine dose for cats?"),
    ]


def test_an_unknown_conversation_is_empty(history):
    assert history.answers("nobody") == ()
    assert history.conversations() == ()
    with pytest.raises(HistoryError, match="no conversation 'nobody'"):
        history.conversation("nobody")


def test_a_conversation_is_renamed_and_keeps_its_place(history, answers):
    history.append("one", answers[0])
    before = history.conversation("one")
    history.rename("one", "  Ward 7:\n ketamine ")
    history.append("one", answers[1])
    after = history.conversation("one")
    assert (before.title, before.turns) == ("Does ketamine help nerve pain?", 1)
    assert (after.title, after.turns, after.created) == ("Ward 7: ketamine", 2, before.created)
    assert after.updated >= before.updated
    assert after.created.tzinfo is not None


@pytest.mark.parametrize("title", ["", " \n", "x" * 201, "a\x00b", "a\u202eb"])
def test_an_unusable_name_changes_nothing(history, answers, title):
    history.append("one", answers[0])
    with pytest.raises(HistoryError, match="1 to 200"):
        history.rename("one", title)
    assert history.conversation("one").title == "Does ketamine help nerve pain?"


def test_what_is_not_there_cannot_be_renamed(history):
    with pytest.raises(HistoryError, match="no conversation"):
        history.rename("nobody", "Name")


def test_a_deleted_conversation_is_gone_and_the_others_stay(history, answers):
    history.append("one", answers[0])
    history.append("two", answers[1])
    assert history.delete("one")
    assert not history.delete("one")
    assert history.answers("one") == ()
    assert history.answers("two") == (answers[1],)
    assert [conversation.id for conversation in history.conversations()] == ["two"]


def test_deleting_what_is_not_there_does_nothing(history, answers):
    history.append("one", answers[0])
    history.delete("other")
    assert history.answers("one") == (answers[0],)


def test_nothing_of_a_deleted_conversation_is_left_in_the_files_once_they_are_closed(chat: Chat, sqlite_store):
    history = open_history(sqlite_store)
    history.append(f"about-{CANARY}", chat.ask(f"Does the {CANARY} need ketamine?"))
    history.append("kept", chat.ask("Does ketamine help nerve pain?"))
    assert files_with(sqlite_store, CANARY)
    history.delete(f"about-{CANARY}")
    history._engine.dispose()
    assert files_with(sqlite_store, CANARY) == []
    with sqlite3.connect(file_of(sqlite_store)) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize("identity", ["", "   ", "x" * 101])
def test_an_unusable_id_is_refused_and_nothing_is_stored(history, answers, identity):
    with pytest.raises(HistoryError, match="1 to 100 characters"):
        history.append(identity, answers[0])
    assert history.conversations() == ()


@pytest.mark.parametrize("identity", ["Ward 7; DROP TABLE turns;--", "../../etc/passwd", "🙂", "a'b\"c", "x" * 100])
def test_any_other_id_is_only_a_name(history, answers, identity):
    history.append(identity, answers[0])
    assert history.answers(identity) == (answers[0],)


def test_new_ids_differ():
    assert len({new_conversation_id() for _ in range(100)}) == 100


def test_a_stored_answer_of_another_version_is_an_error_in_one_line(sqlite_store, answers):
    history = open_history(sqlite_store)
    history.append("one", answers[0])
    with sqlite3.connect(file_of(sqlite_store)) as connection:
        connection.execute("UPDATE turns SET answer = '{\"old\": true}'")
    connection.close()
    with pytest.raises(HistoryError, match="cannot be read by this version"):
        history.answers("one")


@pytest.mark.parametrize("url", ["no-url-at-all", "sqlite:////proc/nowhere/history.db", "nosuchdialect://x/y"])
def test_a_database_that_cannot_be_opened_is_named_by_its_setting(settings, url):
    with pytest.raises(HistoryError, match="SEQUITUR_DATABASE_URL"):
        open_history(settings.model_copy(update={"database_url": url}))


def test_a_file_that_is_no_database_is_an_error_that_names_the_setting(sqlite_store):
    file_of(sqlite_store).parent.mkdir()
    file_of(sqlite_store).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(HistoryError, match="SEQUITUR_DATABASE_URL"):
        open_history(sqlite_store)


def test_a_database_in_memory_holds_a_conversation(settings, answers):
    history = open_history(settings.model_copy(update={"database_url": "sqlite:///:memory:"}))
    history.append("one", answers[0])
    assert history.answers("one") == (answers[0],)
    history._engine.dispose()


def test_a_deleted_conversation_is_gone_while_the_store_is_open(chat: Chat, settings: Settings, tmp_path: Path):
    history = open_history(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'h.db'}"}))
    history.append("z", chat.ask("Does the zebrafinch need ketamine?"))
    history.delete("z")
    assert not [path.name for path in tmp_path.iterdir() if b"zebrafinch" in path.read_bytes()]


def test_interleaved_conversations_of_many_writers_stay_whole(stored, answers):
    """Four writers, two conversations, both begun by two at once: no turn is lost, doubled or moved."""
    opened = open_history(stored)
    ready = threading.Barrier(4)
    failed: list[Exception] = []

    def write(identity: str) -> None:
        ready.wait()
        try:
            for _ in range(5):
                opened.append(identity, replace(answers[0], question=f"{identity}?"))
        except HistoryError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(identity,)) for identity in ("one", "two", "one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    for identity in ("one", "two"):
        assert [answer.question for answer in opened.answers(identity)] == [f"{identity}?"] * 10
    opened._engine.dispose()


def test_a_conversation_of_five_hundred_turns_is_kept_and_read_in_order(settings, answers):
    history = open_history(settings.model_copy(update={"database_url": "sqlite:///:memory:"}))
    for number in range(500):
        history.append("long", replace(answers[0], question=f"Question {number}?", citations=()))
    assert [answer.question for answer in history.answers("long")] == [f"Question {number}?" for number in range(500)]
    assert history.conversation("long").turns == 500


def test_each_turn_remembers_the_article_it_was_asked_of(stored, history, answers):
    history.append("one", answers[0])
    with history._engine.connect() as connection:
        assert connection.scalar(text("SELECT article FROM turns")) == "ketamine-neuropathic-pain"


# Failing databases: what was stored before stays, and nothing is half-written.


def test_a_locked_database_is_named_and_nothing_is_half_written(sqlite_store, answers, monkeypatch):
    monkeypatch.setattr(database, "_SECONDS", 0)
    history = open_history(sqlite_store)
    history.append("one", answers[0])
    blocker = sqlite3.connect(file_of(sqlite_store), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryError, match="locked"):
        history.append("two", answers[1])
    assert history.answers("one") == (answers[0],), "reading needs no lock"
    blocker.close()
    assert [conversation.id for conversation in history.conversations()] == ["one"]
    history.append("two", answers[1])
    assert history.answers("two") == (answers[1],)


def test_a_full_disk_is_named_and_nothing_is_half_written(sqlite_store, answers):
    history = open_history(sqlite_store)
    history.append("one", answers[0])

    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite lowers no further than what is there, and then is full

    event.listen(history._engine, "connect", small)
    history._engine.dispose()
    with pytest.raises(HistoryError, match="full"):
        history.append("two", replace(answers[0], answer="x" * 100_000))
    event.remove(history._engine, "connect", small)
    history._engine.dispose()
    assert [conversation.id for conversation in history.conversations()] == ["one"]
    assert history.answers("one") == (answers[0],)


def test_a_file_removed_meanwhile_is_noticed(sqlite_store, answers):
    history = open_history(sqlite_store)
    history.append("one", answers[0])
    file_of(sqlite_store).unlink()
    with pytest.raises(HistoryError, match="the file is gone"):
        history.append("one", answers[1])
    assert not file_of(sqlite_store).exists()


def test_a_server_that_is_gone_is_one_line_without_its_password(settings, answers):
    with pytest.raises(HistoryError, match="SEQUITUR_DATABASE_URL") as failure:
        open_history(settings.model_copy(update={"database_url": "postgresql://tester:s3cret@127.0.0.1:1/none"}))
    assert "s3cret" not in str(failure.value)


# The schema over time.


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(database._SCRIPTS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def test_the_migrations_end_in_the_tables_that_are_used(stored):
    assert scripts().get_current_head() == HEAD
    opened = open_history(stored)
    found = inspect(opened._engine)
    for table in Base.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
    opened._engine.dispose()


OLD = (
    "CREATE TABLE conversations (id VARCHAR(100) NOT NULL PRIMARY KEY, title TEXT NOT NULL, updated TIMESTAMP NOT NULL)",
    (
        "CREATE TABLE turns (conversation_id VARCHAR(100) NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,"
        " number INTEGER NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (conversation_id, number))"
    ),
)


def test_a_database_from_before_the_migrations_is_brought_up_to_date(stored, answers):
    old = record(answers[0])
    old.pop("provenance")
    url = stored.database_url.replace("postgresql://", "postgresql+pg8000://")
    if url.startswith("sqlite"):
        file_of(stored).parent.mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in OLD:
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO conversations VALUES ('old', 'Old one', '2026-01-02 03:04:05')"))
        connection.execute(text("INSERT INTO turns VALUES ('old', 1, :answer)"), {"answer": json.dumps(old)})
    engine.dispose()
    history = open_history(stored)
    found = history.conversation("old")
    assert (found.title, found.created, found.updated) == ("Old one", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), found.created)
    assert history.answers("old") == (replace(answers[0], provenance=Provenance()),)
    history.append("old", answers[1])
    assert len(history.answers("old")) == 2
    history._engine.dispose()
    again = open_history(stored)
    assert again.conversation("old").turns == 2
    again._engine.dispose()


def test_a_database_of_a_newer_version_is_refused_by_name_and_left_alone(stored, history, answers):
    history.append("one", answers[0])
    with history._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HistoryError, match=r"newer version of Sequitur \(schema 9999"):
        open_history(stored)
    with history._engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_opening_at_once_migrates_once(stored):
    opened: list[History] = []
    openers = [threading.Thread(target=lambda: opened.append(open_history(stored))) for _ in range(4)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert len(opened) == 4
    for history in opened:
        assert history.conversations() == ()
        history._engine.dispose()
