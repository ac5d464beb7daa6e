"""Retrieval sets in the layouts of BEIR and TREC."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from evals.external.layout import DataError, read_corpus, read_qrels, read_queries
from evals.external.scores import score
from sequitur.adapters.embedders import open_embedder
from sequitur.beir import BeirIndex
from sequitur.settings import Settings

_MEASURES = {"ndcg@10": "nDCG@10", "recall@10": "R@10", "recall@100": "R@100", "rr": "RR", "p@1": "P@1"}
_DEPTH = 100
_FILES = {
    "beir": (("corpus.jsonl",), ("queries.jsonl",), ("qrels.tsv", "qrels/test.tsv")),
    "trec": (("corpus.jsonl", "collection.tsv"), ("topics.tsv", "queries.tsv"), ("qrels.txt", "qrels.trec")),
}


def retrieval(layout: str, folder: Path, settings: Settings) -> dict[str, Any]:
    """Every judged query through understanding and the general ranking, as `sequitur beir` does.

    Raises:
        DataError: a file is missing or malformed; file and line are named.
    """
    corpus, queries, judgements = (_file(folder, names) for names in _FILES[layout])
    texts, asked, qrels = read_corpus(corpus), read_queries(queries), read_qrels(judgements)
    strange = next((query for query in qrels if query not in asked), None)
    if strange is not None:
        message = f"{judgements}: the query {strange!r} is not in {queries.name}"
        raise DataError(message)
    print(f"evals: indexing {len(texts):,} documents, then {len(qrels):,} queries", file=sys.stderr)
    index = BeirIndex.of(texts, open_embedder(settings.embedder, settings.models))
    run = {query: dict(zip(*index.search(asked[query], _DEPTH), strict=True)) for query in qrels}
    found = score(qrels, run, list(_MEASURES.values()))
    figures = {name: found[measure] for name, measure in _MEASURES.items()}
    return {**figures, "queries": len(qrels), "documents": len(texts)}


def _file(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    message = f"{folder} has no {' or '.join(names)}"
    raise DataError(message)
