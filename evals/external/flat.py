"""A collection of passages without articles or notes, indexed apart from the reader's own index and asked through the same path.

Whole passages are the units: fused over several readings they do better than their sentences, and the ordering model, made for claims of one sentence, stands
back (measured in evals/README.md).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.units import Unit
from sequitur.adapters.embedders import open_embedder
from sequitur.analysis import STOPWORDS, stems
from sequitur.condense import Language, Vocabulary, condense, vocabulary
from sequitur.errors import QuestionError
from sequitur.index import Contents, Index, Interaction, embedded, has_tokens, index_text, open_index, write_generation
from sequitur.lexicon import Lexicon
from sequitur.ports import Embedder
from sequitur.retrieve import WEIGHTS, retrieve
from sequitur.schema import Document, Passage, Query, Span, Turn
from sequitur.settings import Settings
from sequitur.text import sentences, tokens

_LATE = 0.15  # weight of late interaction beside the fused score; on MTRAG 0.05 to 0.5 all do better than none
_ORDER: Mapping[str, float] = {**dict.fromkeys(WEIGHTS, 0.0), "fused": 1.0, "late": _LATE}
_NEAR = 0.72  # cosine from which a word of the collection may stand in for one it never uses
_DEPTH = 120  # units that are folded to their passages
_K = 60  # of plain reciprocal rank fusion


@dataclass(frozen=True)
class Flat:
    """A collection that can be asked."""

    index: Index
    embedder: Embedder
    known: Vocabulary

    def understood(self, turns: Sequence[str]) -> Query | None:
        """The last turn after the turns before it, as the product understands it; None when it cannot be asked."""
        before: list[Turn] = []
        for turn in turns[:-1]:
            try:
                before.append(Turn(turn, condense(turn, before, self.known).standalone))
            except QuestionError:
                continue
        try:
            return condense(turns[-1], before, self.known)
        except QuestionError:
            return None

    def search(self, turns: Sequence[str]) -> dict[str, float]:
        """Scores of the best passages for the last turn."""
        query = self.understood(turns)
        if query is None or not query.readings:
            return {}
        best: dict[str, float] = {}
        for hit in retrieve(query, self.index, self.embedder, _DEPTH, _ORDER).hits:
            best.setdefault(hit.passage.document_id, hit.score)
        return best

    def sentences(self, turns: Sequence[str], k: int) -> tuple[str, ...]:
        """The k best units for the last turn, as they stand."""
        query = self.understood(turns)
        if query is None or not query.readings:
            return ()
        return tuple(hit.passage.text for hit in retrieve(query, self.index, self.embedder, k, _ORDER).hits)

    def plain(self, text: str) -> dict[str, float]:
        """What plain reciprocal rank fusion of one dense and one BM25 search gives: what others do."""
        dense = self.index.dense(self.embedder.embed([text]))[0]
        lexical = self.index.bm25(dict.fromkeys(stems(text), 1.0))
        total = np.zeros(len(dense))
        for scores in (dense, lexical):
            ranks = np.empty(len(scores))
            ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
            total += np.where(scores > 0, 1.0 / (_K + ranks), 0.0)
        best: dict[str, float] = {}
        for row in np.argsort(-total, kind="stable")[:_DEPTH]:
            best.setdefault(self.index.passages[row].document_id, float(total[row]))
        return best


@contextmanager
def open_flat(texts: Mapping[str, str], settings: Settings, unit: Unit = Unit.WHOLE) -> Iterator[Flat]:
    """Index texts by id in a temporary folder that is gone afterwards."""
    embedder = open_embedder(settings.embedder, settings.models)
    with tempfile.TemporaryDirectory(prefix="sequitur-flat-") as folder:
        documents = [_document(identity, text) for identity, text in texts.items() if text.strip()]
        passages = [passage for document in documents for passage in _passages(document, unit)]
        words = sorted({token for passage in passages for token in tokens(passage.text) if _is_content(token)})
        by_id = {document.id: document for document in documents}
        found = embedded(
            embedder,
            [index_text(by_id[passage.document_id], passage) for passage in passages],
            tokens=has_tokens(embedder, len(passages)),
        )
        manifest = {"embedder": {"name": settings.embedder, "fingerprint": embedder.fingerprint}, "sources": {}}
        write_generation(
            Path(folder),
            Contents(manifest, documents, passages, [], words),
            np.stack([one.vector for one in found]),
            embedder.embed(words),
            Interaction.of([one.tokens for one in found]),
        )
        index = open_index(folder)

        def near(words: Sequence[str]) -> tuple[tuple[tuple[str, float], ...], ...]:
            return index.near(embedder.embed(words), _NEAR)

        language = Language(Lexicon({}), embedder.english(), near)
        yield Flat(index, embedder, vocabulary(documents, passages, None, index.frequency, language))


def _document(identity: str, text: str) -> Document:
    return Document(identity, "passage", "", text, hashlib.sha256(text.encode()).hexdigest(), identity, "")


def _passages(document: Document, unit: Unit) -> Iterator[Passage]:
    whole = Span(0, len(document.text))
    for span in [whole] if unit is Unit.WHOLE else sentences(document.text):
        identity = f"{document.id}:{span.start}-{span.end}"
        yield Passage(identity, document.id, span, span.of(document.text), "", None, (), (), (), ())


def _is_content(token: str) -> bool:
    return token.isalpha() and len(token) > 2 and token not in STOPWORDS
