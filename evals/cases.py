"""Gold cases: their form, and the check that they are sound."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sequitur.errors import SequiturError
from sequitur.jsonvalue import from_json
from sequitur.schema import Document, Span

OUTCOMES = ("answer", "abstain", "urgent", "refuse-personal", "acknowledge")
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


def load_cases(path: Path, split: str | None = None) -> tuple[Case, ...]:
    """The cases of a file, or of all `*.jsonl` files of a folder, in file order; only those of `split` when it is given.

    Raises:
        GoldError: nothing there, or a line is malformed; file and line are named.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    cases: list[Case] = []
    seen: dict[str, str] = {}
    for file in files:
        for number, value in _rows(file):
            where = f"{file}, line {number}"
            case = _case(value, where)
            if case.id in seen:
                message = f"{where}: the id {case.id!r} stands in {seen[case.id]} too"
                raise GoldError(message)
            seen[case.id] = where
            cases.append(case)
    if not cases:
        message = f"{path}: no gold cases"
        raise GoldError(message)
    return tuple(case for case in cases if split in {None, case.split})


def _rows(file: Path) -> Iterator[tuple[int, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise GoldError(message) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except ValueError as error:
            message = f"{file}, line {number}: not JSON"
            raise GoldError(message) from error


def _case(value: Any, where: str) -> Case:  # noqa: ANN401 - JSON as read
    wanted = set(Case.__dataclass_fields__)
    if not isinstance(value, dict) or set(value) != wanted:
        odd = sorted(set(value) ^ wanted) if isinstance(value, dict) else ["not an object"]
        message = f"{where}: missing or unknown fields {odd}"
        raise GoldError(message)
    try:
        case: Case = from_json(Case, value)
        for pattern in [*(entry.pattern for entry in case.forbidden), *(found for nugget in case.nuggets for found in nugget.patterns)]:
            re.compile(pattern)
    except (TypeError, ValueError, KeyError, AttributeError, re.error) as error:
        message = f"{where}: {error}"
        raise GoldError(message) from error
    for name, allowed in (("split", SPLITS), ("kind", KINDS), ("role", ROLES), ("outcome", OUTCOMES)):
        if getattr(case, name) not in allowed:
            message = f"{where}: {name} {getattr(case, name)!r} is none of {', '.join(allowed)}"
            raise GoldError(message)
    if not 1 <= len(case.turns) <= 6 or not all(turn.strip() for turn in case.turns):
        message = f"{where}: one to six turns, none empty"
        raise GoldError(message)
    return case


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


def faults(cases: Sequence[Case], documents: Mapping[str, Document]) -> list[str]:
    """What is unsound: quotes that are not in the corpus, nuggets without evidence or whose patterns miss it, forbidden patterns that hit it."""
    found = []
    for case in cases:
        for evidence in case.evidence:
            if evidence.document not in documents or evidence.quote not in documents[evidence.document].text:
                found.append(f"{case.id}: the quote {evidence.quote[:60]!r} is not in {evidence.document}")
            found.extend(
                f"{case.id}: forbidden {entry.text!r} matches the evidence {evidence.quote[:60]!r}"
                for entry in case.forbidden
                if re.search(entry.pattern, evidence.quote, re.IGNORECASE)
            )
        quotes = {nugget.id: [evidence.quote for evidence in case.evidence if evidence.nugget == nugget.id] for nugget in case.nuggets}
        for nugget in case.nuggets:
            if not quotes[nugget.id]:
                found.append(f"{case.id}: nugget {nugget.id} has no evidence")
            found.extend(
                f"{case.id}: no pattern of nugget {nugget.id} matches its evidence {quote[:60]!r}"
                for quote in quotes[nugget.id]
                if not nugget.recalled(quote)
            )
        if case.outcome == "answer" and not any(nugget.vital for nugget in case.nuggets):
            found.append(f"{case.id}: an answerable case without a vital nugget")
    return found
