"""Reads a folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv. What is malformed is named by file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sequitur.errors import InputError

_QRELS = ("qrels.tsv", "qrels/test.tsv")


class Collection(NamedTuple):
    """Documents and queries by id, and the grade of each judged document of a query."""

    documents: Mapping[str, str]  # title and text
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def read_collection(folder: Path) -> Collection:
    """The collection in a folder.

    Raises:
        InputError: a file is missing or malformed; the message names the file and the line.
    """
    documents = dict(_texts(folder / "corpus.jsonl", titled=True))
    queries = dict(_texts(folder / "queries.jsonl", titled=False))
    judged = next((folder / name for name in _QRELS if (folder / name).is_file()), folder / _QRELS[0])
    return Collection(documents, queries, _qrels(judged))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): give a folder with corpus.jsonl, queries.jsonl and qrels.tsv"
        raise InputError(message) from error
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode("utf-8").strip("\r")
        except UnicodeDecodeError as error:
            raise _malformed(path, number, "is not UTF-8") from error
        if text.strip():
            yield number, text


def _malformed(path: Path, number: int, what: str) -> InputError:
    return InputError(f"{path}, line {number}: {what}")


def _texts(path: Path, *, titled: bool) -> Iterator[tuple[str, str]]:
    """Ids and texts of a JSON Lines file; a document's title stands before its text."""
    seen: set[str] = set()
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _malformed(path, number, "is not JSON") from error
        if not isinstance(row, dict):
            raise _malformed(path, number, "is not a JSON object")
        identity = row.get("_id")
        if not isinstance(identity, str) or not identity.strip() or identity.split() != [identity]:
            raise _malformed(path, number, 'has no "_id" that is one word')
        if identity in seen:
            raise _malformed(path, number, f"repeats the id {identity!r}")
        seen.add(identity)
        text = _text(row, "text", path, number)
        title = _text(row, "title", path, number) if titled and row.get("title") is not None else ""
        if not titled and not text.strip():
            raise _malformed(path, number, 'has an empty "text"')
        yield identity, f"{title}. {text}" if title.strip() else text
    if not seen:
        message = f"{path} holds nothing"
        raise InputError(message)


def _text(row: Mapping[str, Any], key: str, path: Path, number: int) -> str:
    """A string of a row in which every character can be stored."""
    value = row.get(key)
    if not isinstance(value, str):
        raise _malformed(path, number, f'has no "{key}" that is a string')
    return value.encode("utf-8", "replace").decode("utf-8")


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grades from tab-separated lines (query, document, grade), or TREC's with a column between; a header is passed over."""
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) not in {3, 4}:
            raise _malformed(path, number, f"has {len(cells)} columns; query, document and grade are needed")
        query, document, grade = cells[0].strip(), cells[-2].strip(), cells[-1].strip()
        if not grade.lstrip("-").isdecimal():
            if number == 1:
                continue
            raise _malformed(path, number, f"has the grade {grade!r}, which is no whole number")
        if document in found.setdefault(query, {}):
            raise _malformed(path, number, f"judges {document!r} for {query!r} a second time")
        found[query][document] = int(grade)
    return found
