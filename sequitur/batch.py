"""Many conversations from a file."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sequitur.chat import Chat, open_library
from sequitur.errors import CorpusError, QuestionError
from sequitur.render import record
from sequitur.schema import Role, Turn
from sequitur.settings import Settings
from sequitur.text import canonical

_PROGRESS_EVERY = 25


class Conversation(NamedTuple):
    """One line of the input; an empty `article` means the settings' one, or the only one."""

    id: Any
    turns: list[str]
    article: str


def run_batch(source: Path, target: Path, settings: Settings, role: Role) -> None:
    """Answer every conversation of `source`; `target` appears whole or not at all.

    Raises:
        QuestionError: a line is not a conversation; file and line are named.
        SettingsError: an article is not there, or none is named among several.
    """
    conversations = list(read_conversations(source))
    library = open_library(settings)
    chats = {name: library.chat(name) for name in dict.fromkeys(conversation.article for conversation in conversations)}
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8") as lines:
            for number, asked in enumerate(conversations, 1):
                answer = _answer(chats[asked.article], asked.turns, role)
                lines.write(json.dumps({"id": asked.id, **answer}, ensure_ascii=False) + "\n")
                if number % _PROGRESS_EVERY == 0 or number == len(conversations):
                    print(f"answered {number} of {len(conversations)} conversations", file=sys.stderr)
        aside.replace(target)
    except OSError as error:
        message = f"{target} cannot be written ({error.strerror})"
        raise CorpusError(message) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _answer(chat: Chat, turns: list[str], role: Role) -> dict[str, Any]:
    """The answer to the last turn. A turn that cannot be asked is answered by its error, with the disclaimer."""
    past: list[Turn] = []
    for turn in turns[:-1]:
        try:
            past.append(replace(chat.turn(chat.ask(turn, tuple(past), role)), markers=(), used=0))  # only the last answer is shown
        except QuestionError:
            continue
    try:
        return record(chat.ask(turns[-1], tuple(past), role))
    except QuestionError as error:
        return {**record(chat.refused(turns[-1], str(error), role)), "error": str(error)}


def read_conversations(source: Path) -> Iterator[Conversation]:
    """The conversation of each line of a JSON Lines file.

    Raises:
        QuestionError: the file is missing, empty, or a line is malformed; file and line are named.
    """
    try:
        rows = canonical(source.read_bytes()).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{source} cannot be read: {error}"
        raise QuestionError(message) from error
    if not any(row.strip() for row in rows):
        message = f"{source} is empty"
        raise QuestionError(message)
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            value = json.loads(row)
            identity, turns, article = value["id"], value["turns"], value.get("article", "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f'{source}, line {number}: not a conversation {{"id","turns":[…]}}'
            raise QuestionError(message) from error
        if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
            message = f"{source}, line {number}: `turns` is not a list of one or more strings"
            raise QuestionError(message)
        if not isinstance(article, str):
            message = f"{source}, line {number}: `article` is not the name of an article"
            raise QuestionError(message)
        yield Conversation(identity, turns, article)
