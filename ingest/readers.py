"""Files → documents. A plain-text file's stored text is its whole content, so every offset can be checked in the file itself."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml

from ingest.formats import BIBLIOGRAPHY, MAX_BYTES, SUFFIXES, Extract, decode, expected_kind, extract
from ingest.formats.sniff import mismatch
from ingest.markdown import plain_page
from sequitur.errors import CorpusError
from sequitur.schema import Document
from sequitur.text import FRONT_MATTER, body_start

ARTICLE_NAMES = ("article.txt", "article.md", "article.html", "article.htm")
_MAX_TEXT_BYTES = 20_000_000
_OPENING = 3000  # characters of a plain text in which its title stands
_SHORTEST, _LONGEST, _WORDS = 12, 250, 3  # characters and words of a title
_LETTERS = 0.8  # share of its characters that are letters or spaces
_JOURNAL = re.compile(r"\b(?:19|20)\d\d\b.{0,15};\s?\d+|\bdoi:|\bPMID\b", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"[,;:]$|^(?:abstract|background|copyright|©|doi|https?:|page|received|published|volume)\b|\b(?:we|was|were|has been|have been)\b|\|",
    re.IGNORECASE,
)
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def read_bytes(path: Path) -> bytes:
    """The content of a regular file whose ending agrees with it.

    Raises:
        CorpusError: it cannot be read, is too large, or is not what its name says; the message says which.
    """
    most = _MAX_TEXT_BYTES if expected_kind(path.suffix) in {"", "text"} else MAX_BYTES
    try:
        if not path.is_file():
            message = "not a regular file"
            raise CorpusError(message)
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            message = "a link that leads out of its folder"
            raise CorpusError(message)
        if path.stat().st_size > most:
            message = f"larger than {most // 1_000_000} MB"
            raise CorpusError(message)
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
        raise CorpusError(message) from error
    if not data.strip():
        message = "empty"
        raise CorpusError(message)
    wrong = mismatch(path.suffix.lower(), data) if expected_kind(path.suffix) else ""
    if wrong:
        raise CorpusError(wrong)
    return data


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The canonical text of a plain-text file, and what had to be mended for it.

    Raises:
        CorpusError: the file is unreadable, too large, empty, binary, or of no certain encoding; the message says which.
    """
    text, notes = decode(read_bytes(path))
    if "\x00" in text:
        message = "holds NUL bytes: not a text file"
        raise CorpusError(message)
    if not text.strip():
        message = "empty"
        raise CorpusError(message)
    return text, notes


def read_article(path: Path, slug: str) -> Document:
    """The article of a corpus folder; its id is the folder's name.

    Raises:
        CorpusError: the file cannot be read; the message is the reason.
    """
    if expected_kind(path.suffix) == "html":
        found = extract("html", read_bytes(path), article=True)
        text, notes = found.text, found.notes
    else:
        text, notes = read_text(path)
        text = plain_page(text) if path.suffix.lower() == ".md" else text
    title = next((line.lstrip("# ").strip() for line in text[body_start(text) :].split("\n") if line.strip()), slug)
    return _document(path, slug, slug, text, {"kind": "article", "title": title, "notes": notes})


def read_reference(path: Path, slug: str) -> Document:
    """A reference document with what its front matter, or the file itself, states; without a stated id it is known by its file's name.

    Raises:
        CorpusError: the file or its front matter cannot be read; the message is the reason.
    """
    kind = expected_kind(path.suffix)
    if not kind:
        readable = ", ".join([*SUFFIXES, *BIBLIOGRAPHY])
        message = f"{path.suffix or 'files without an ending'}: not a format that can be read here ({readable})"
        raise CorpusError(message)
    if kind != "text":
        return _extracted(path, slug, extract(kind, read_bytes(path)))
    text, notes = read_text(path)
    match = FRONT_MATTER.match(text)
    front = _front_matter(match["yaml"]) if match else {}
    if text.startswith("---\n") and not match:
        message = "front matter is opened with --- and never closed"
        raise CorpusError(message)
    identity = str(front["id"]).strip() if front.get("id") else _id_of(path)
    if not _ID.fullmatch(identity):
        message = f"the id {identity!r} may hold only a-z, 0-9, dot, dash and underscore"
        raise CorpusError(message)
    if not text[body_start(text) :].strip():
        message = "nothing below the front matter"
        raise CorpusError(message)
    heading = re.search(r"^#\s+(.+)$", text[body_start(text) :], re.MULTILINE)
    front.setdefault("title", heading[1].strip() if heading else _first_line(text[body_start(text) :]) or path.stem)
    return _document(path, identity, slug, text, {**front, "notes": notes})


def _id_of(path: Path) -> str:
    """An id made of a file's name: "Smith 2020" is smith-2020; of a name without Latin letters, a digest of it."""
    plain = unicodedata.normalize("NFKD", path.stem.lower()).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:100]
    return found or f"file-{hashlib.sha256(path.stem.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _first_line(text: str) -> str:
    """The title that a plain text begins with, behind a journal's own line as PubMed prints it; "" where its first line is no title."""
    blocks = re.split(r"\n\s*\n", text.strip()[:_OPENING])
    lines = [line.strip() for line in blocks[0].split("\n")]
    if _JOURNAL.search(lines[0]) and len(blocks) > 1:
        lines = [" ".join(blocks[1].split())]
    line = lines[0]
    fits = _SHORTEST <= len(line) <= _LONGEST and len(line.split()) >= _WORDS and not line[0].islower()
    letters = sum(sign.isalpha() or sign.isspace() for sign in line)
    return line.rstrip(".") if fits and letters >= _LETTERS * len(line) and not _NO_TITLE.search(line) else ""


def _extracted(path: Path, slug: str, found: Extract) -> Document:
    """A document of what a file's reader found; its id is made of the file's name."""
    identity = _id_of(path)
    said = {name: getattr(found, name) for name in ("authors", "year", "journal", "doi", "pmid", "url", "kind", "pages", "notes")}
    return _document(path, identity, slug, found.text, {**said, "title": found.title or path.stem, "authors": list(found.authors)})


def _front_matter(source: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(source)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        message = f"front matter is not valid YAML{f' (line {where.line + 2})' if where else ''}"
        raise CorpusError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"front matter holds a value that is none ({type(error).__name__})"
        raise CorpusError(message) from error
    if not isinstance(front, dict):
        message = "front matter is not a list of keys and values"
        raise CorpusError(message)
    return {str(key): value for key, value in front.items() if key not in {"pages", "notes"}}


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
        pages=tuple(front.get("pages", ())),
        notes=tuple(front.get("notes", ())),
    )
