"""Readers of public layouts: BEIR, TREC and MTRAG. What cannot be read is named by file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sequitur.errors import SequiturError

Qrels = dict[str, dict[str, int]]  # query → document → relevance


class DataError(SequiturError):
    """A data set is missing or malformed; file and line are named."""

    code = "bad-data"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Conversation:
    """The user's turns of one conversation, of which the last is judged."""

    id: str
    turns: tuple[str, ...]
    group: str  # its domain, where the file says


def lines(file: Path) -> Iterator[tuple[str, str]]:
    """Each line that is not blank, after where it stands ("corpus.jsonl, line 3").

    Raises:
        DataError: the file is missing, unreadable or empty.
    """
    try:
        found = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise DataError(message) from error
    if not any(line.strip() for line in found):
        message = f"{file} is empty"
        raise DataError(message)
    for number, line in enumerate(found, 1):
        if line.strip():
            yield f"{file}, line {number}", line.rstrip("\r")


def json_lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line as a JSON object, after where it stands."""
    for where, line in lines(file):
        try:
            value = json.loads(line)
        except ValueError as error:
            message = f"{where}: not JSON"
            raise DataError(message) from error
        if not isinstance(value, dict):
            message = f"{where}: not an object"
            raise DataError(message)
        yield where, value


def text_of(value: Mapping[str, Any], name: str, where: str, default: str | None = None) -> str:
    """A field that must be a string.

    Raises:
        DataError: it is missing and has no default, or is no string.
    """
    found = value.get(name, default)
    if not isinstance(found, str):
        message = f"{where}: the field {name!r} is missing or no text"
        raise DataError(message)
    return found


def read_corpus(file: Path) -> dict[str, str]:
    """Texts by id, the title before the text: JSON Lines with `_id`, `title` and `text`, or `id<TAB>text`."""
    found: dict[str, str] = {}
    if file.suffix == ".tsv":
        for where, line in lines(file):
            identity, text = _columns(line, where, (2,))
            _add(found, identity, text, where)
        return found
    for where, value in json_lines(file):
        title, text = text_of(value, "title", where, ""), text_of(value, "text", where)
        _add(found, text_of(value, "_id", where), f"{title}. {text}" if title else text, where)
    return found


def read_queries(file: Path) -> dict[str, str]:
    """Questions by id: JSON Lines with `_id` and `text`, or `id<TAB>text`."""
    found: dict[str, str] = {}
    if file.suffix == ".jsonl":
        for where, value in json_lines(file):
            _add(found, text_of(value, "_id", where), text_of(value, "text", where), where)
        return found
    for where, line in lines(file):
        identity, text = _columns(line, where, (2,))
        _add(found, identity, text, where)
    return found


def read_qrels(file: Path) -> Qrels:
    """Judgements, of three columns (BEIR, with or without a header) or four (TREC). Relevance 0 is a judgement too."""
    found: Qrels = {}
    for number, (where, line) in enumerate(lines(file)):
        columns = line.split("\t") if "\t" in line else line.split()
        if len(columns) not in {3, 4}:
            message = f"{where}: {len(columns)} columns instead of 3 (BEIR) or 4 (TREC)"
            raise DataError(message)
        try:
            relevance = int(columns[-1])
        except ValueError as error:
            if number == 0 and len(columns) == 3:
                continue  # BEIR's header
            message = f"{where}: the relevance {columns[-1]!r} is no whole number"
            raise DataError(message) from error
        judged = found.setdefault(columns[0], {})
        if judged.setdefault(columns[-2], relevance) != relevance:
            message = f"{where}: {columns[0]} and {columns[-2]} are judged twice, differently"
            raise DataError(message)
    if not any(relevance > 0 for judged in found.values() for relevance in judged.values()):
        message = f"{file}: no document is relevant to any query"
        raise DataError(message)
    return found


def read_conversations(file: Path) -> tuple[Conversation, ...]:
    """MTRAG's conversations: `id` and `turns`, a list of `{"speaker", "text"}`; agents' turns are left out."""
    found: dict[str, Conversation] = {}
    for where, value in json_lines(file):
        identity, turns = text_of(value, "id", where), value.get("turns")
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            message = f"{where}: the field 'turns' is no list of turns"
            raise DataError(message)
        said = tuple(text_of(turn, "text", where).strip() for turn in turns if text_of(turn, "speaker", where) == "user")
        if not said or not turns or turns[-1].get("speaker") != "user":
            message = f"{where}: the last turn is not the user's"
            raise DataError(message)
        if identity in found:
            message = f"{where}: the id {identity!r} stands there twice"
            raise DataError(message)
        found[identity] = Conversation(identity, said, text_of(value, "domain", where, ""))
    return tuple(found.values())


def _columns(line: str, where: str, counts: tuple[int, ...]) -> list[str]:
    columns = line.split("\t")
    if len(columns) not in counts:
        message = f"{where}: {len(columns)} columns instead of {' or '.join(map(str, counts))}"
        raise DataError(message)
    return columns


def _add(found: dict[str, str], identity: str, text: str, where: str) -> None:
    if identity in found:
        message = f"{where}: the id {identity!r} stands there twice"
        raise DataError(message)
    found[identity] = text
