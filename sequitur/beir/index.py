"""An index of whole documents in memory: vectors of their windows and of the windows' tokens, both postings, and the vocabulary that questions are understood by."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sequitur.analysis import stems
from sequitur.condense import MAX_CHARACTERS, Language, Vocabulary, condense, vocabulary
from sequitur.errors import QuestionError
from sequitur.index import Interaction, embedded, has_tokens, near
from sequitur.lexicon import general
from sequitur.ports import Embedder, Tokens, Vectors
from sequitur.postings import Rows
from sequitur.rank import Lexical, Signals, best, ranked, signals
from sequitur.schema import Passage, Span
from sequitur.text import sentences

if TYPE_CHECKING:
    import faiss

_WINDOW = 1000  # characters, about what the embedder reads; a longer document has several vectors, and the nearest speaks for it
_BATCH = 512
_NEAREST = 400  # of each channel whose cosine is known where there are too many for all
_LEAST = 2e-6  # by which a score falls at least from one document to the next, for readers of runs that break ties by name


class Windows(NamedTuple):
    """The vectors of all documents' windows in order, where each document's begin, what finds the nearest where there are many, and the windows' tokens."""

    vectors: Vectors
    starts: NDArray[np.intp]
    lists: faiss.Index | None
    interaction: Interaction

    def stop(self, row: int) -> int:
        """Where a document's windows end."""
        return int(self.starts[row + 1]) if row + 1 < len(self.starts) else len(self.vectors)


class BeirIndex:
    """Documents by id, ready to be searched."""

    def __init__(self, ids: Sequence[str], places: Windows, lexical: Lexical, embedder: Embedder) -> None:
        """Use `of` or `read` instead."""
        self.ids = ids
        self._windows, self._lexical, self._embedder = places, lexical, embedder
        self._known = _vocabulary(lexical, embedder)

    @classmethod
    def of(cls, documents: Mapping[str, str], embedder: Embedder, progress: Callable[[int, int], None] | None = None) -> BeirIndex:
        """An index of texts by id. `progress` hears how many of how many windows are embedded."""
        cut = [list(windows(text)) for text in documents.values()]
        vectors, interaction = _embed([part for parts in cut for part in parts], embedder, progress)
        starts = np.cumsum([0, *(len(parts) for parts in cut[:-1])]).astype(np.intp)
        lists = near.build(vectors) if len(vectors) > near.FLAT_UP_TO else None
        return cls(list(documents), Windows(vectors, starts, lists, interaction), Lexical.of(list(documents.values())), embedder)

    def write(self, folder: Path) -> None:
        """Write into a folder that is empty or not there."""
        self._lexical.write(folder)
        (folder / "ids.json").write_text(json.dumps(list(self.ids), ensure_ascii=False), encoding="utf-8")
        np.save(folder / "vectors.npy", self._windows.vectors)
        np.save(folder / "starts.npy", self._windows.starts)
        if self._windows.lists is not None:
            near.write(folder / "vectors.faiss", self._windows.lists)
        self._windows.interaction.write(folder / "late")

    @classmethod
    def read(cls, folder: Path, embedder: Embedder) -> BeirIndex:
        """An index as written."""
        vectors, starts = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ("vectors", "starts"))
        lists = near.read(folder / "vectors.faiss") if (folder / "vectors.faiss").is_file() else None
        ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
        return cls(ids, Windows(vectors, starts, lists, Interaction.read(folder / "late")), Lexical.read(folder), embedder)

    def search(self, text: str, k: int, weights: Mapping[str, float] | None = None) -> tuple[list[str], list[float]]:
        """The k best documents for a query, best first, with strictly falling scores. `weights`: of the ranking; default: the trained ones."""
        rows, scores = ranked(self.signals(text), k, lambda rows: self.late(text, rows), weights)
        return [self.ids[row] for row in rows], _falling(scores)

    def signals(self, text: str) -> Signals:
        """What both channels say of every document for a query, of which the first 4,000 characters are read."""
        asked = text[:MAX_CHARACTERS]
        return signals(asked, self._expanded(asked), self._dense(asked), self._lexical)

    def late(self, text: str, rows: Rows) -> Vectors:
        """How well some documents meet a query token by token, each by its best window; zeros without token vectors. Shape (rows,)."""
        held = self._windows
        parts = [range(int(held.starts[row]), held.stop(row)) for row in rows]
        met = held.interaction.met(self._embedder.question_tokens(text[:MAX_CHARACTERS]), [window for part in parts for window in part])
        return np.maximum.reduceat(met.scores, np.cumsum([0, *(len(part) for part in parts[:-1])]))

    def _expanded(self, text: str) -> dict[str, float]:
        """Weighted stems of the question as understood; those typed where it cannot be."""
        try:
            readings = condense(text, (), self._known).readings
        except QuestionError:
            readings = ()
        return dict(readings[0].terms) if readings and readings[0].terms else dict.fromkeys(stems(text), 1.0)

    def _dense(self, text: str) -> Vectors:
        """Cosine of the query to each document's nearest window; of many windows, only for documents that either channel may place first."""
        vector = self._embedder.embed([text])[0]
        held = self._windows
        if held.lists is None:
            return np.asarray(np.maximum.reduceat(held.vectors @ vector, held.starts), dtype=np.float32)
        scores = near.scattered(held.lists, vector[None], _NEAREST)[0]
        for row in best(self._lexical.stemmed.scores(dict.fromkeys(stems(text), 1.0)), _NEAREST):
            part = slice(held.starts[row], held.stop(row))
            scores[part] = held.vectors[part] @ vector
        return np.asarray(np.maximum.reduceat(scores, held.starts), dtype=np.float32)


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


def _embed(texts: Sequence[str], embedder: Embedder, progress: Callable[[int, int], None] | None) -> tuple[Vectors, Interaction]:
    """Vectors of texts and of their tokens. Sorted by length, so that a batch holds texts of like length."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    by_token, tokens = has_tokens(embedder, len(texts)), dict[int, Tokens]()
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        for number, made in zip(batch, embedded(embedder, [texts[number] for number in batch], tokens=by_token), strict=True):
            vectors[number], tokens[number] = made
        if progress:
            progress(min(start + _BATCH, len(order)), len(order))
    return vectors, Interaction.of([tokens[number] for number in range(len(texts))])


def _vocabulary(lexical: Lexical, embedder: Embedder) -> Vocabulary:
    """What questions are understood by: the collection's words and how common they are. It has no article and no authors."""
    words = " ".join(lexical.plain.terms)
    every = Passage("", "", Span(0, len(words)), words, "", None, (), (), (), ())
    known = vocabulary((), (every,), None, lexical.stemmed.frequency, Language(general(), _english(embedder), _nothing))
    return dataclasses.replace(known, passages=lexical.stemmed.size)


def _english(embedder: Embedder) -> Mapping[str, int]:
    """Everyday words by frequency, where the embedder's tokenizer knows them."""
    english = getattr(embedder, "english", None)
    return english() if english else {}


def _nothing(words: Sequence[str]) -> tuple[tuple[()], ...]:
    return ((),) * len(words)


def _falling(scores: Vectors) -> list[float]:
    """Scores that never rise, with equal ones set apart by as little as shows in six decimals."""
    steps = _LEAST * np.arange(len(scores))
    found: list[float] = (np.minimum.accumulate(scores.astype(np.float64) + steps) - steps).tolist() if len(scores) else []
    return found
