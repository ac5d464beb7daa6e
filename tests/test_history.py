"""Stored conversations: they survive, stay apart, and are gone when deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sequitur.chat import Chat
from sequitur.errors import HistoryError
from sequitur.history import History, new_conversation_id, open_history
from sequitur.schema import Answer, Turn
from sequitur.settings import Settings

CANARY = "zebrafinch"


@pytest.fixture
def stored(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'below' / 'history.db'}"})


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


def database(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def files_with(settings: Settings, word: str) -> list[str]:
    return [path.name for path in database(settings).parent.iterdir() if word.encode() in path.read_bytes()]


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


def test_a_deleted_conversation_is_gone_and_the_others_stay(history, answers):
    history.append("one", answers[0])
    history.append("two", answers[1])
    history.delete("one")
    assert history.answers("one") == ()
    assert history.answers("two") == (answers[1],)
    assert [conversation.id for conversation in history.conversations()] == ["two"]


def test_deleting_what_is_not_there_does_nothing(history, answers):
    history.append("one", answers[0])
    history.delete("other")
    assert history.answers("one") == (answers[0],)


def test_nothing_of_a_deleted_conversation_is_left_in_the_files_once_they_are_closed(chat: Chat, stored, history):
    history.append(f"about-{CANARY}", chat.ask(f"Does the {CANARY} need ketamine?"))
    history.append("kept", chat.ask("Does ketamine help nerve pain?"))
    assert files_with(stored, CANARY)
    history.delete(f"about-{CANARY}")
    history._engine.dispose()
    assert files_with(stored, CANARY) == []
    with sqlite3.connect(database(stored)) as connection:
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


def test_a_stored_answer_of_another_version_is_an_error_in_one_line(stored, history, answers):
    history.append("one", answers[0])
    with sqlite3.connect(database(stored)) as connection:
        connection.execute("UPDATE turns SET answer = '{\"old\": true}'")
    connection.close()
    with pytest.raises(HistoryError, match="cannot be read by this version"):
        history.answers("one")


@pytest.mark.parametrize("url", ["no-url-at-all", "sqlite:////proc/nowhere/history.db", "nosuchdialect://x/y"])
def test_a_database_that_cannot_be_opened_is_named_by_its_setting(settings, url):
    with pytest.raises(HistoryError, match="SEQUITUR_DATABASE_URL"):
        open_history(settings.model_copy(update={"database_url": url}))


def test_a_file_that_is_no_database_is_an_error_that_names_the_setting(stored):
    database(stored).parent.mkdir()
    database(stored).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(HistoryError, match="SEQUITUR_DATABASE_URL"):
        open_history(stored)


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
