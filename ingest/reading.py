"""What was read of a file once is not read again: a PDF or a web page costs a process of its own, its bytes cost a digest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from ingest.formats import expected_kind
from ingest.readers import read_reference
from ingest.state import code_digest
from sequitur.errors import CorpusError
from sequitur.jsonvalue import from_json, to_json
from sequitur.schema import Document

Reader = Callable[[Path, str], Document]


class Readings:
    """References as they were read, in a folder beside the index, by what the file holds and is called and by the code that read it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when there is something to keep."""
        self._folder, self._code = folder, code_digest()
        self._used: set[str] = set()

    def read(self, path: Path, slug: str) -> Document:
        """A reference, as `read_reference` reads it. Plain text is quicker read than kept, and what is refused is refused again.

        Raises:
            CorpusError: the file cannot be read; the message is the reason.
        """
        if expected_kind(path.suffix) in {"", "text"} or not path.is_file():
            return read_reference(path, slug)
        try:
            held = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            message = f"cannot be read ({error.strerror})"
            raise CorpusError(message) from error
        name = hashlib.sha256(f"{held} {slug}/{path.name} {self._code}".encode()).hexdigest()
        self._used.add(name)
        document = self._kept(name)
        if document is None:
            document = read_reference(path, slug)
            self._keep(name, document)
        return document

    def clear(self) -> None:
        """Remove what was not asked for: files that are gone or have changed since."""
        for path in self._folder.glob("*"):
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _kept(self, name: str) -> Document | None:
        try:
            document: Document = from_json(Document, json.loads((self._folder / name).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return document if hashlib.sha256(document.text.encode()).hexdigest() == document.sha256 else None

    def _keep(self, name: str, document: Document) -> None:
        with contextlib.suppress(OSError):  # a full disk costs the next run its time, not this one its result
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f"{name}.{os.getpid()}"
            aside.write_text(json.dumps(to_json(document), ensure_ascii=False), encoding="utf-8")
            aside.replace(self._folder / name)
