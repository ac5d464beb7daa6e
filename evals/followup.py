"""How well follow-up questions find their passages: conversations in MTRAG's layout, indexed for themselves.

nDCG (Järvelin and Kekäläinen, 2002) and recall at 5 over the conversations that have a relevant passage; the last user turn is judged.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.external.flat import Flat, open_flat
from evals.external.layout import (
    Conversation,
    DataError,
    Qrels,
    json_lines,
    read_conversations,
    read_corpus,
    read_qrels,
    text_of,
)
from evals.external.scores import Scores, score
from evals.units import Unit
from sequitur.settings import Settings

_MEASURES = ("nDCG@5", "R@5")
_TOP = 5


def followup(folder: Path, settings: Settings, unit: Unit = Unit.WHOLE) -> dict[str, Any]:
    """The figures of the whole path; on stderr the same passages found by plain fusion of simpler queries.

    Raises:
        DataError: a file is missing or malformed; file and line are named.
    """
    texts = read_corpus(folder / "corpus.jsonl")
    qrels = read_qrels(folder / "qrels.tsv")
    judged = [conversation for conversation in read_conversations(folder / "conversations.jsonl") if conversation.id in qrels]
    _check(folder, texts, qrels, judged)
    rewrites = _rewrites(folder / "rewrites.jsonl")
    print(f"evals: indexing {len(texts):,} passages, then {len(judged):,} conversations", file=sys.stderr)
    with open_flat(texts, settings, unit) as flat:
        run = {conversation.id: flat.search(conversation.turns) for conversation in judged}
        several = [conversation for conversation in judged if len(conversation.turns) > 1]
        alone = {conversation.id: flat.search(conversation.turns[-1:]) for conversation in several}
        _compare(flat, judged, qrels, run, rewrites)
    return {
        **_figures(qrels, run, [row.id for row in judged]),
        "multi_turn": _multi(qrels, run, [row.id for row in several]),
        "self_contained": self_contained(qrels, run, alone),
    }


def self_contained(qrels: Qrels, run: Scores, alone: Scores) -> dict[str, Any]:
    """Last turns that need no history, for asked alone they find every relevant passage among five: how many, and the share that loses one by it.

    What is found alone by luck counts as well, so the share is an upper bound.
    """
    whole = [query for query in alone if _found(qrels[query], alone[query]) == len(_relevant(qrels[query])) > 0]
    worse = [query for query in whole if _found(qrels[query], run[query]) < _found(qrels[query], alone[query])]
    return {"conversations": len(whole), "worse": round(len(worse) / len(whole), 4) if whole else None}


def _relevant(judged: Mapping[str, int]) -> set[str]:
    return {document for document, grade in judged.items() if grade > 0}


def _found(judged: Mapping[str, int], scores: Mapping[str, float]) -> int:
    """How many relevant passages are among the first five."""
    first = sorted(scores, key=lambda document: (-scores[document], document))[:_TOP]
    return len(_relevant(judged) & set(first))


def _check(folder: Path, texts: dict[str, str], qrels: Qrels, judged: Sequence[Conversation]) -> None:
    if not judged:
        message = f"{folder / 'conversations.jsonl'}: no conversation is judged in qrels.tsv"
        raise DataError(message)
    strange = next((document for documents in qrels.values() for document in documents if document not in texts), None)
    if strange is not None:
        message = f"{folder / 'qrels.tsv'}: the passage {strange!r} is not in corpus.jsonl"
        raise DataError(message)


def _rewrites(file: Path) -> dict[str, str]:
    """Human rewrites by conversation, where the folder has them."""
    if not file.is_file():
        return {}
    return {text_of(value, "id", where): text_of(value, "rewrite", where) for where, value in json_lines(file)}


def _figures(qrels: Qrels, run: Scores, ids: Iterable[str]) -> dict[str, Any]:
    wanted = set(ids)
    found = score({query: qrels[query] for query in qrels if query in wanted}, {query: run[query] for query in wanted}, _MEASURES)
    return {"ndcg@5": found["nDCG@5"], "recall@5": found["R@5"], "conversations": len(wanted)}


def _multi(qrels: Qrels, run: Scores, several: Sequence[str]) -> dict[str, Any]:
    return _figures(qrels, run, several) if several else {"ndcg@5": None, "recall@5": None, "conversations": 0}


def _compare(flat: Flat, judged: Sequence[Conversation], qrels: Qrels, run: Scores, rewrites: dict[str, str]) -> None:
    """What the same index gives for simpler queries, on stderr."""
    queries: dict[str, Callable[[Conversation], str]] = {
        "last turn only": lambda row: row.turns[-1],
        "last two turns": lambda row: " ".join(row.turns[-2:]),
        "all turns": lambda row: " ".join(row.turns),
        "human rewrite": lambda row: rewrites[row.id],
    }
    print(f"{'':24}{'nDCG@5':>8}{'R@5':>8}  conversations", file=sys.stderr)
    _row("the whole path", _figures(qrels, run, [row.id for row in judged]))
    for group in sorted({row.group for row in judged if row.group}):
        _row(f"  {group}", _figures(qrels, run, [row.id for row in judged if row.group == group]))
    for name, query in queries.items():
        rows = [row for row in judged if name != "human rewrite" or row.id in rewrites]
        if rows:
            plain = {row.id: flat.plain(query(row)) for row in rows}
            _row(f"plain RRF, {name}", _figures(qrels, plain, plain))
    if not any(row.id in rewrites for row in judged):
        print("no human rewrite of a judged conversation", file=sys.stderr)


def _row(name: str, figures: dict[str, Any]) -> None:
    print(f"{name:24}{figures['ndcg@5']:8.3f}{figures['recall@5']:8.3f}  {figures['conversations']:13}", file=sys.stderr)
