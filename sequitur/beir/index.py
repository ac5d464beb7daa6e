"""An index of whole documents in memory: vectors of their windows, both postings, and the vocabulary that questions are understood by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from sequitur.analysis import stems
from sequitur.condense import MAX_CHARACTERS, Language, condense, vocabulary
from sequitur.errors import QuestionError
from sequitur.lexicon import general
from sequitur.ports import Embedder, Vectors
from sequitur.rank import Lexical, Signals, ranked, signals
from sequitur.schema import Document, Passage, Span
from sequitur.text import sentences

_WINDOW = 1000  # characters, about what the embedder reads; a longer document has several vectors, and the nearest speaks for it
_BATCH = 512
_LEAST = 1e-6  # by which a score falls at least from one document to the next, for readers of runs that break ties by name


class BeirIndex:
    """Documents by id, ready to be searched."""

    def __init__(
        self,
        documents: Mapping[str, str],
        embedder: Embedder,
        progress: Callable[[int, int], None] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """`documents`: texts by id. `progress` hears how many of how many windows are embedded. `weights`: of the ranking; default: the trained ones."""
        self._weights = weights
        self.ids = list(documents)
        self._embedder = embedder
        texts = list(documents.values())
        cut = [list(windows(text)) for text in texts]
        self._starts = np.cumsum([0, *(len(parts) for parts in cut[:-1])])
        self._vectors = _embed([part for parts in cut for part in parts], embedder, progress)
        self._lexical = Lexical.of(texts)
        self._known = vocabulary(
            *_as_corpus(documents), None, self._lexical.stemmed.frequency, Language(general(), _english(embedder), _nothing)
        )

    def search(self, text: str, k: int) -> tuple[list[str], list[float]]:
        """The k best documents for a query, best first, with strictly falling scores."""
        rows, scores = ranked(self.signals(text), k, self._weights)
        return [self.ids[row] for row in rows], _falling(scores)

    def signals(self, text: str) -> Signals:
        """What both channels say of every document for a query, of which the first 4,000 characters are read."""
        asked = text[:MAX_CHARACTERS]
        return signals(asked, self._expanded(asked), self._dense(asked), self._lexical)

    def _expanded(self, text: str) -> dict[str, float]:
        """Weighted stems of the question as understood; those typed where it cannot be."""
        try:
            readings = condense(text, (), self._known).readings
        except QuestionError:
            readings = ()
        return dict(readings[0].terms) if readings and readings[0].terms else dict.fromkeys(stems(text), 1.0)

    def _dense(self, text: str) -> Vectors:
        """Cosine of the query to each document's nearest window."""
        return np.maximum.reduceat(self._vectors @ self._embedder.embed([text])[0], self._starts)


def windows(text: str, size: int = _WINDOW) -> Iterator[str]:
    """A text in pieces of whole sentences, none longer than `size` unless one sentence is; at least one piece."""
    if len(text) <= size:
        yield text
        return
    begin, stop = 0, 0
    for span in sentences(text):
        if stop > begin and span.end - begin > size:
            yield text[begin:stop]
            begin = span.start
        stop = span.end
    yield text[begin:]


def _embed(texts: Sequence[str], embedder: Embedder, progress: Callable[[int, int], None] | None) -> Vectors:
    """Vectors of texts. Sorted by length, so that a batch holds texts of like length."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        vectors[batch] = embedder.embed([texts[number] for number in batch])
        if progress:
            progress(min(start + _BATCH, len(order)), len(order))
    return vectors


def _as_corpus(documents: Mapping[str, str]) -> tuple[list[Document], list[Passage]]:
    """Documents as the understanding of questions knows them: each one passage, of no article and without authors."""
    sources = [Document(identity, "document", "", text, "", "", "") for identity, text in documents.items()]
    passages = [Passage(source.id, source.id, Span(0, len(source.text)), source.text, "", None, (), (), (), ()) for source in sources]
    return sources, passages


def _english(embedder: Embedder) -> Mapping[str, int]:
    """Everyday words by frequency, where the embedder's tokenizer knows them."""
    english = getattr(embedder, "english", None)
    return english() if english else {}


def _nothing(_word: str) -> tuple[tuple[str, float], ...]:
    return ()


def _falling(scores: Vectors) -> list[float]:
    found: list[float] = []
    for score in scores:
        rounded = round(float(score), 6)
        found.append(min(rounded, round(found[-1] - _LEAST, 6)) if found else rounded)
    return found
