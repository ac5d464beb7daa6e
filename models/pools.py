"""Turns question sets into BEIR layout, for `python -m evals ranking` and `sequitur beir`.

    python models/pools.py bioasq bioasq-train.jsonl OUT [--background FOLDER]
    python models/pools.py medquad medquad.jsonl.gz OUT [--held-out]

BioASQ: a document is one record's snippets; documents of `--background`, a BEIR folder, that answer none of its own queries are added unjudged.
MedQuAD: a document is an answer, a query its question as people would type it; 700 focuses, or those held out by models/train.py.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from train import Disguise, held_out

from sequitur.beir import read_collection

_FOCUSES, _QUESTIONS, _SEED = 700, 600, 5


def bioasq(source: Path, background: Path | None) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """Documents, queries and the judged pairs."""
    texts: dict[str, dict[str, None]] = {}
    queries, judged = {}, []
    for row in map(json.loads, source.read_text(encoding="utf-8").splitlines()):
        queries[row["id"]] = row["question"]
        for record, text in row["snippets"]:
            texts.setdefault(record, {})[text] = None
        judged += [(row["id"], record) for record in dict.fromkeys(record for record, _ in row["snippets"])]
    documents = {record: " ".join(parts) for record, parts in texts.items()}
    if background:
        other = read_collection(background)
        answering = set().union(*other.qrels.values())
        documents.update({key: text for key, text in other.documents.items() if key not in answering and key not in documents})
    return documents, queries, judged


def medquad(source: Path, *, kept: bool) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """Documents, queries and the judged pairs; `kept`: of the focuses that nothing is trained on."""
    chance = random.Random(_SEED)
    disguise = Disguise(chance)
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if held_out(row["focus"]) == kept]
    focuses = sorted({row["focus"] for row in rows})
    chance.shuffle(focuses)
    chosen = set(focuses if kept else focuses[:_FOCUSES])
    rows = [row for row in rows if row["focus"] in chosen]
    documents = {f"d{number}": row["answer"] for number, row in enumerate(rows)}
    by_question: dict[str, list[str]] = {}
    for identity, row in zip(documents, rows, strict=True):
        by_question.setdefault(row["question"], []).append(identity)
    asked = list(by_question.items())
    chance.shuffle(asked)
    asked = asked[:_QUESTIONS]
    queries = {f"q{number}": disguise(question) for number, (question, _) in enumerate(asked)}
    return documents, queries, [(query, answer) for query, (_, answers) in zip(queries, asked, strict=True) for answer in answers]


def write(out: Path, documents: Mapping[str, str], queries: Mapping[str, str], judged: Iterable[tuple[str, str]]) -> None:
    """A BEIR folder."""
    out.mkdir(parents=True, exist_ok=True)
    _jsonl(out / "corpus.jsonl", ({"_id": key, "title": "", "text": text} for key, text in documents.items()))
    _jsonl(out / "queries.jsonl", ({"_id": key, "text": text} for key, text in queries.items()))
    pairs = "".join(f"{query}\t{document}\t1\n" for query, document in judged)
    (out / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{pairs}", encoding="utf-8")


def _jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    """One set to one folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("bioasq", "medquad"))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--background", type=Path)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    made = bioasq(options.source, options.background) if options.kind == "bioasq" else medquad(options.source, kept=options.held_out)
    write(options.out, *made)


if __name__ == "__main__":
    main()
