"""Questions that were put to an article before and judged, kept beside it in corpus/<article>/questions.jsonl.

One a line:

    {"turns": ["…"], "question": "…", "clean": "…", "answers": ["0a1b…"], "partly": [], "misleading": ["…"]}

`turns`: what was asked before it, where it leans on that. `question`: as it was typed; `clean`: the same as a complete question. `answers`: the passages that answer it,
each by the first twelve digits of the sha256 of the text that is indexed for it; none where nothing in the article and its references answers it. `partly` and `misleading`: passages that answer
a part of it, or only seem to. What the text no longer holds is left out with the question.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers import read_bytes
from sequitur.errors import CorpusError
from sequitur.index import Judged, Question, text_key
from sequitur.index.judged import KEY_BYTES
from sequitur.ports import BOUNDARY, Embedder, Vectors

NAME = "questions.jsonl"
_DIGITS = 12  # of a passage's digest
_MOST = 50_000  # vectors that are kept beside those in use
_LISTS = ("answers", "partly", "misleading")


def passage_digest(text: str) -> str:
    """By what a question names a passage, of the text that is indexed for it."""
    return text_key(text.strip()).hex()[:_DIGITS]


def read_questions(place: Path, reject: Callable[[Path, str], None]) -> list[dict[str, Any]]:
    """The judged questions of an article's folder; a file that cannot be used is rejected by name and is as good as none."""
    path = place / NAME
    if not path.exists():
        return []
    try:
        lines = read_bytes(path).decode("utf-8").splitlines()
        return [_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    except UnicodeDecodeError:
        reject(path, "not UTF-8")
    except CorpusError as error:
        reject(path, str(error))
    return []


def _row(number: int, line: str) -> dict[str, Any]:
    """A line as it should be.

    Raises:
        CorpusError: it is not.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    texts = [row.get("question"), row.get("clean"), *_strings(row.get("turns", []))] if isinstance(row, dict) else [None]
    if not all(isinstance(text, str) and text.strip() for text in texts) or any(_strings(row.get(name)) == [None] for name in _LISTS):
        message = f"line {number} is no judged question"
        raise CorpusError(message)
    return dict(row)


def _strings(value: object) -> list[Any]:
    """A list of strings as it is; [None] for anything else."""
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else [None]


def on_passages(rows: Sequence[Mapping[str, Any]], digests: Mapping[str, Sequence[int]], home: int) -> Iterator[Question]:
    """Judged questions over the passages that there are; `digests` gives the rows of each text, which may stand twice.

    One of whose answers is no longer there is left out, and so is one judged on nothing that is.
    """
    for row in rows:
        answers, looked = (
            tuple(place for name in names for digest in row[name] for place in digests.get(digest, ())) for names in (("answers",), _LISTS)
        )
        if looked and all(digest in digests for digest in row["answers"]):
            yield Question(typed(row), row["clean"], answers, home, looked)


def typed(row: Mapping[str, Any]) -> str:
    """A judged question as it is told from others: as it was typed, with what was asked right before it."""
    turns = [*row.get("turns", ()), row["question"]]
    return f" {BOUNDARY} ".join(turns[-1:-3:-1])


class Vectorized:
    """The vectors of judged questions, kept in a file so that none is made twice; a damaged file is as good as none."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        """`folder`: where exported models lie."""
        self._embedder = embedder
        name = hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:16]
        self._path = folder / f"questions-{name}.npz"

    def judged(self, questions: Sequence[Question], size: int) -> Judged:
        """Judged questions over that many passages; none where the embedder has no late-interaction head."""
        if not questions or not self._embedder.late:
            return Judged.none(size)
        known, keys = self._known(), [question.key for question in questions]
        missing = {key: question for key, question in zip(keys, questions, strict=True) if key not in known}
        if missing:
            wordings = [text for question in missing.values() for text in (question.typed, question.clean)]
            made = self._embedder.question_vectors(wordings)
            both = made[0::2] + made[1::2]
            known |= zip(missing, (both / np.linalg.norm(both, axis=1, keepdims=True)).astype(np.float16), strict=True)
            self._keep(known if len(known) <= _MOST else {key: known[key] for key in keys})
        return Judged.of(questions, np.stack([known[key] for key in keys]).astype(np.float32), size)

    def _known(self) -> dict[bytes, Vectors]:
        try:
            with np.load(self._path) as stored:
                return dict(zip((key.tobytes() for key in stored["keys"]), stored["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return {}

    def _keep(self, known: Mapping[bytes, Vectors]) -> None:
        """Put them by; where the folder cannot be written they are made again next time. An archive, for its checksums."""
        aside = self._path.with_name(f"{self._path.stem}-{os.getpid()}.npz")
        keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, KEY_BYTES)
        try:
            np.savez(aside, keys=keys, vectors=np.stack(list(known.values())))
            aside.replace(self._path)
        except OSError:
            aside.unlink(missing_ok=True)
