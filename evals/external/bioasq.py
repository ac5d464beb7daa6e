"""BioASQ golden files: how much of the gold snippets and of the ideal answers our extracts hold, asked of all snippets' texts together.

Snippet recall: share of gold snippets of which a shown sentence stands in the snippet, or the snippet in it. Ideal-answer recall: ROUGE-2 recall (Lin, 2004) of the
shown sentences against the nearest ideal answer, on stems.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from evals.external.flat import Flat, open_flat
from evals.external.layout import DataError
from evals.stats import interval
from evals.units import Unit
from sequitur.analysis import stems
from sequitur.settings import Settings
from sequitur.text import fold

_SHOWN = 5  # sentences that an extract holds


class Question(NamedTuple):
    """A question with what experts found and wrote."""

    id: str
    body: str
    type: str
    snippets: tuple[tuple[str, str], ...]  # document, text
    ideal: tuple[str, ...]


def read_golden(file: Path) -> tuple[Question, ...]:
    """The questions of a golden file.

    Raises:
        DataError: it is missing, no JSON (the line is named), or a question lacks a field (the question is named).
    """
    try:
        whole = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise DataError(message) from error
    except json.JSONDecodeError as error:
        message = f"{file}, line {error.lineno}: not JSON"
        raise DataError(message) from error
    rows = whole.get("questions") if isinstance(whole, dict) else None
    if not isinstance(rows, list) or not rows:
        message = f"{file}, line 1: no list 'questions'"
        raise DataError(message)
    found: dict[str, Question] = {}
    for number, row in enumerate(rows, 1):
        question = _question(row, f"{file}, question {number}")
        if question.id in found:
            message = f"{file}, question {number}: the id {question.id!r} stands there twice"
            raise DataError(message)
        found[question.id] = question
    return tuple(found.values())


def _question(row: Any, where: str) -> Question:  # noqa: ANN401 - JSON as read
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name] for name in ("id", "body")):
        message = f"{where}: 'id' and 'body' must be texts"
        raise DataError(message)
    snippets, ideal = row.get("snippets", []), row.get("ideal_answer", [])
    ideal = [ideal] if isinstance(ideal, str) else ideal
    sound = isinstance(snippets, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) and isinstance(part.get("document"), str) for part in snippets
    )
    if not sound or not isinstance(ideal, list) or not all(isinstance(text, str) for text in ideal):
        message = f"{where}: 'snippets' must hold texts with their documents, 'ideal_answer' texts"
        raise DataError(message)
    kind = row.get("type", "")
    return Question(row["id"], row["body"], str(kind), tuple((part["document"], part["text"]) for part in snippets), tuple(ideal))


def bioasq(file: Path, settings: Settings) -> dict[str, Any]:
    """Recall of snippets and ideal answers, with 95 % bootstrap intervals, by type of question.

    Raises:
        DataError: the file is malformed, or no question has a snippet.
    """
    questions = read_golden(file)
    asked = [question for question in questions if question.snippets]
    if not asked:
        message = f"{file}: no question has a snippet to look for"
        raise DataError(message)
    texts: dict[str, list[str]] = {}
    for question in asked:
        for document, text in question.snippets:
            known = texts.setdefault(document, [])
            if text not in known:
                known.append(text)
    print(f"evals: indexing {len(texts):,} documents by sentence, then {len(asked):,} questions", file=sys.stderr)
    with open_flat({document: " ".join(parts) for document, parts in texts.items()}, settings, Unit.SENTENCE) as flat:
        shown = {question.id: extract(flat, question.body) for question in asked}
    return {
        **_figures(asked, shown),
        "types": {kind: _figures([row for row in asked if row.type == kind], shown) for kind in sorted({row.type for row in asked})},
        "without snippets": len(questions) - len(asked),
        "documents": len(texts),
    }


def extract(flat: Flat, question: str) -> tuple[str, ...]:
    """The sentences that would be shown."""
    return flat.sentences([question], _SHOWN)


def _figures(asked: Sequence[Question], shown: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    found = {
        "snippet_recall": interval([snippet_recall([text for _, text in row.snippets], shown[row.id]) for row in asked]),
        "any_snippet": interval([float(snippet_recall([text for _, text in row.snippets], shown[row.id]) > 0) for row in asked]),
        "ideal_rouge2_recall": interval([rouge2(row.ideal, shown[row.id]) for row in asked if row.ideal]),
    }
    means = {
        name: {"mean": round(value.mean, 4), "low": round(value.low, 4), "high": round(value.high, 4)} if value else None
        for name, value in found.items()
    }
    return {"questions": len(asked), **means}


def snippet_recall(snippets: Sequence[str], shown: Sequence[str]) -> float:
    """Share of distinct snippets that one of the shown sentences stands in or holds."""
    wanted = list(dict.fromkeys(_flat(text) for text in snippets))
    said = [_flat(text) for text in shown]
    return sum(any(one in other or other in one for other in said) for one in wanted) / len(wanted)


def rouge2(references: Sequence[str], shown: Sequence[str]) -> float:
    """ROUGE-2 recall of the best reference: share of its pairs of neighbouring stems that the shown sentences have."""
    said = Counter(pair for text in shown for pair in _pairs(text))
    best = 0.0
    for reference in references:
        wanted = Counter(_pairs(reference))
        if wanted:
            best = max(best, sum((wanted & said).values()) / sum(wanted.values()))
    return best


def _pairs(text: str) -> list[tuple[str, str]]:
    terms = stems(text)
    return list(pairwise(terms))


def _flat(text: str) -> str:
    return re.sub(r"\W+", " ", fold(text)).strip()
