"""Gold cases: their form, and the check that they are sound."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sequitur.errors import SequiturError
from sequitur.jsonvalue import from_json
from sequitur.schema import Document, Span
from sequitur.text import canonical

OUTCOMES = ("answer", "abstain", "urgent", "refuse-personal", "acknowledge", "clarify")
KINDS = ("single", "follow-up", "numeric", "unanswerable", "safety")
SPLITS = ("dev", "test")
ROLES = ("clinician", "trainee", "patient")


class GoldError(SequiturError):
    """A gold file is malformed; file and line are named."""

    code = "bad-gold"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Nugget:
    """One fact that an answer must (vital) or may hold; recalled when any pattern matches."""

    id: str
    text: str
    vital: bool
    patterns: tuple[str, ...]

    def recalled(self, answer: str) -> bool:
        """Whether an answer holds it."""
        return any(re.search(pattern, answer, re.IGNORECASE) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A statement that an answer must not make."""

    text: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim quote of a document that carries a nugget."""

    document: str
    quote: str
    nugget: str


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation and what is expected of the answer to its last turn."""

    id: str
    split: str
    kind: str
    unseen: bool
    role: str
    turns: tuple[str, ...]
    standalone: str
    outcome: str
    nuggets: tuple[Nugget, ...]
    forbidden: tuple[Forbidden, ...]
    evidence: tuple[Evidence, ...]


class Located(NamedTuple):
    """A case with the file and line it stands in, as messages name it."""

    where: str
    case: Case


def load_cases(path: Path, split: str | None = None) -> tuple[Case, ...]:
    """The cases of a file, or of all `*.jsonl` files of a folder, in file order; only those of `split` when it is given.

    Raises:
        GoldError: a file is missing or empty, or a line is malformed; file and line are named.
    """
    return tuple(case for _, case in load_located(path, split))


def load_located(path: Path, split: str | None = None) -> tuple[Located, ...]:
    """The same, each case with its place.

    Raises:
        GoldError: as above.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    found: dict[str, Located] = {}
    for file in files:
        before = len(found)
        for number, value in json_rows(file):
            where = f"{file}, line {number}"
            case = _case(value, where)
            if case.id in found:
                message = f"{where}: the id {case.id!r} stands in {found[case.id].where} too"
                raise GoldError(message)
            found[case.id] = Located(where, case)
        if len(found) == before:
            message = f"{file}: no gold cases"
            raise GoldError(message)
    kept = tuple(located for located in found.values() if split in {None, located.case.split})
    if not kept:
        message = f"{path}: no gold cases" + (f" of the split {split!r}" if split else "")
        raise GoldError(message)
    return kept


def json_rows(file: Path) -> Iterator[tuple[int, Any]]:
    """(line number, value) of each line of a JSON Lines file; blank lines are passed over.

    Raises:
        GoldError: it cannot be read, or a line is not JSON; file and line are named.
    """
    try:
        lines = canonical(file.read_bytes()).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise GoldError(message) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            message = f"{file}, line {number}: not JSON ({error})"
            raise GoldError(message) from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different."""
    found = dict(pairs)
    if len(found) < len(pairs):
        message = f"a key stands twice among {sorted(name for name, _ in pairs)}"
        raise ValueError(message)
    return found


def _case(value: Any, where: str) -> Case:  # noqa: ANN401 - JSON as read
    unfit = misfit(Case, value, "")
    if unfit:
        message = f"{where}: {unfit}"
        raise GoldError(message)
    case: Case = from_json(Case, value)
    for name, allowed in (("split", SPLITS), ("kind", KINDS), ("role", ROLES), ("outcome", OUTCOMES)):
        if getattr(case, name) not in allowed:
            message = f"{where}: {name} {getattr(case, name)!r} is none of {', '.join(allowed)}"
            raise GoldError(message)
    if not 1 <= len(case.turns) <= 6 or not all(turn.strip() for turn in (*case.turns, case.id)):
        message = f"{where}: an id and one to six turns, none empty"
        raise GoldError(message)
    for pattern in [*(entry.pattern for entry in case.forbidden), *(found for nugget in case.nuggets for found in nugget.patterns)]:
        try:
            re.compile(pattern)
        except re.error as error:
            message = f"{where}: the pattern {pattern!r} is no regular expression: {error}"
            raise GoldError(message) from error
    return case


def misfit(kind: Any, value: Any, at: str) -> str:  # noqa: ANN401 - JSON as read
    """How a JSON value differs from a dataclass of strings, flags, and tuples of such; empty when it fits."""
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast("type", kind))
        if not isinstance(value, dict):
            return f"{at or 'the line'} is not an object"
        odd = sorted(set(value) ^ set(hints))
        if odd:
            return f"missing or unknown fields {odd}{f' in {at}' if at else ''}"
        return next(filter(None, (misfit(hints[name], value[name], f"{at}.{name}".lstrip(".")) for name in hints)), "")
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            return f"{at} is not a list"
        return next(filter(None, (misfit(typing.get_args(kind)[0], item, f"{at}[{place}]") for place, item in enumerate(value))), "")
    fits = type(value) is kind and (kind is not str or not re.search(r"[\ud800-\udfff]", value))  # a lone surrogate cannot be written down
    return "" if fits else f"{at} is not {'text' if kind is str else 'true or false'}"


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def spans(case: Case, documents: Mapping[str, Document]) -> dict[str, tuple[tuple[str, Span], ...]]:
    """Where the evidence of each nugget stands: every occurrence of every quote."""
    found: dict[str, list[tuple[str, Span]]] = {}
    for evidence in case.evidence:
        document = documents.get(evidence.document)
        at = document.text.find(evidence.quote) if document else -1
        while document and at >= 0:
            found.setdefault(evidence.nugget, []).append((evidence.document, Span(at, at + len(evidence.quote))))
            at = document.text.find(evidence.quote, at + 1)
    return {nugget: tuple(places) for nugget, places in found.items()}


def strays(case: Case, documents: Mapping[str, Document]) -> list[str]:
    """The quotes of a case that do not stand in the corpus."""
    return [
        f"the quote {evidence.quote[:60]!r} is not in {evidence.document}"
        for evidence in case.evidence
        if evidence.document not in documents or evidence.quote not in documents[evidence.document].text
    ]


def faults(cases: Sequence[Case], documents: Mapping[str, Document]) -> list[str]:
    """What is unsound, each with its case: quotes that are not in the corpus, and what `doubts` finds."""
    return [f"{case.id}: {fault}" for case in cases for fault in (*strays(case, documents), *doubts(case))]


def doubts(case: Case) -> list[str]:
    """What is wrong with a case in itself: nuggets without evidence or whose patterns miss it, forbidden patterns that hit it."""
    found = [
        f"forbidden {entry.text!r} matches the evidence {evidence.quote[:60]!r}"
        for evidence in case.evidence
        for entry in case.forbidden
        if re.search(entry.pattern, evidence.quote, re.IGNORECASE)
    ]
    names = [nugget.id for nugget in case.nuggets]
    found.extend(f"nugget {name} stands there twice" for name in sorted({name for name in names if names.count(name) > 1}))
    found.extend(f"evidence for a nugget {evidence.nugget} that is not there" for evidence in case.evidence if evidence.nugget not in names)
    for nugget in case.nuggets:
        quotes = [evidence.quote for evidence in case.evidence if evidence.nugget == nugget.id]
        if not quotes:
            found.append(f"nugget {nugget.id} has no evidence")
        found.extend(
            f"no pattern of nugget {nugget.id} matches its evidence {quote[:60]!r}" for quote in quotes if not nugget.recalled(quote)
        )
    if case.outcome == "answer" and not any(nugget.vital for nugget in case.nuggets):
        found.append("an answerable case without a vital nugget")
    return found
