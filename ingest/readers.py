"""Files → documents. A text file's stored text is its whole content, so every offset can be checked in the file itself."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml

from sequitur.errors import CorpusError
from sequitur.schema import Document
from sequitur.text import FRONT_MATTER, body_start, canonical

READABLE = (".md", ".txt")
_MAX_BYTES = 20_000_000
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def read_text(path: Path) -> str:
    """The canonical text of a file.

    Raises:
        CorpusError: the file is unreadable, too large, empty, binary, or not UTF-8; the message says which.
    """
    try:
        if not path.is_file():
            message = "not a regular file"
            raise CorpusError(message)
        if path.stat().st_size > _MAX_BYTES:
            message = f"larger than {_MAX_BYTES // 1_000_000} MB"
            raise CorpusError(message)
        text = canonical(path.read_bytes())
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start})"
        raise CorpusError(message) from error
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
        raise CorpusError(message) from error
    if "\x00" in text:
        message = "holds NUL bytes: not a text file"
        raise CorpusError(message)
    if not text.strip():
        message = "empty"
        raise CorpusError(message)
    return text


def read_article(path: Path, slug: str) -> Document:
    """The article of a corpus folder; its id is the folder's name."""
    text = read_text(path)
    title = next((line.lstrip("# ").strip() for line in text[body_start(text) :].split("\n") if line.strip()), slug)
    return _document(path, slug, slug, text, {"kind": "article", "title": title})


def read_reference(path: Path, slug: str) -> Document:
    """A reference document with what its front matter states; without front matter its id is the file's name.

    Raises:
        CorpusError: the file or its front matter cannot be read; the message is the reason.
    """
    if path.suffix.lower() not in READABLE:
        message = f"{path.suffix or 'files without an ending'}: not a format that can be read here ({', '.join(READABLE)})"
        raise CorpusError(message)
    text = read_text(path)
    match = FRONT_MATTER.match(text)
    front = _front_matter(match["yaml"]) if match else {}
    if text.startswith("---\n") and not match:
        message = "front matter is opened with --- and never closed"
        raise CorpusError(message)
    identity = str(front.get("id") or path.stem).strip()
    if not _ID.fullmatch(identity):
        message = f"the id {identity!r} may hold only a-z, 0-9, dot, dash and underscore"
        raise CorpusError(message)
    if not text[body_start(text) :].strip():
        message = "nothing below the front matter"
        raise CorpusError(message)
    heading = re.search(r"^#\s+(.+)$", text[body_start(text) :], re.MULTILINE)
    front.setdefault("title", heading[1].strip() if heading else path.stem)
    return _document(path, identity, slug, text, front)


def _front_matter(source: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(source)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        message = f"front matter is not valid YAML{f' (line {where.line + 2})' if where else ''}"
        raise CorpusError(message) from error
    if not isinstance(front, dict):
        message = "front matter is not a list of keys and values"
        raise CorpusError(message)
    return front


def _document(path: Path, identity: str, slug: str, text: str, front: dict[str, Any]) -> Document:
    def said(key: str) -> str:
        value = front.get(key)
        return "" if value is None else str(value).strip()

    year = said("year")
    authors = front.get("authors") or []
    return Document(
        id=identity,
        kind=said("kind") or "reference",
        title=said("title"),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        path=f"{slug}/references/{path.name}" if front.get("kind") != "article" else f"{slug}/{path.name}",
        article=slug,
        authors=tuple(str(author) for author in authors) if isinstance(authors, list) else (str(authors),),
        year=int(year) if year.isdigit() else None,
        journal=said("journal"),
        population=said("population"),
        url=said("url") or None,
        doi=said("doi") or None,
        pmid=said("pmid") or None,
        confidence=said("confidence"),
        cited_as=said("cited_as"),
        cited_as_candidate=said("cited_as_candidate"),
    )
