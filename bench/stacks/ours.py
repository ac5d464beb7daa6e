"""Sequitur's own path, as `sequitur beir` runs it; with `PLAIN_RRF=1` plain reciprocal rank fusion over the same vectors and the same stems."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bench.stacks import frame
from sequitur.adapters.embedders import open_embedder
from sequitur.beir import BeirIndex
from sequitur.rank import best

_EXPORTED = Path(".sequitur/models")
_K, _DEPTH = 60, 100


def build(documents: Mapping[str, str], store: Path) -> None:
    """Embed, index, write."""
    BeirIndex.of(documents, open_embedder(frame.model(), _EXPORTED)).write(store)


def opened(store: Path) -> frame.Search:
    """The index as written."""
    index = BeirIndex.read(store, open_embedder(frame.model(), _EXPORTED))
    return (lambda text: plain(index, text)) if os.environ.get("PLAIN_RRF") else lambda text: index.search(text, frame.TOP)[0]


def plain(index: BeirIndex, text: str) -> list[str]:
    """Documents by reciprocal rank fusion of cosine and stemmed BM25 (k = 60; Cormack, Clarke and Büttcher 2009), the first 100 of each."""
    found = index.signals(text)
    total = np.zeros(len(index.ids))
    for channel in (found.dense, found.bm25):
        rows = best(channel, _DEPTH)
        total[rows] += 1.0 / (_K + np.arange(1, len(rows) + 1))
    return [index.ids[row] for row in np.argsort(-total, kind="stable")[: frame.TOP]]


if __name__ == "__main__":
    frame.run(build, opened)
