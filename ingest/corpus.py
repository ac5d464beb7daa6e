"""Corpus folder → documents, passages, articles and ledgers. A bad file is rejected by name and the rest goes on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.article import parse_article
from ingest.bibliography import completed, read_bibliographies
from ingest.checks import flagged, read_checks, with_checks
from ingest.chunk import article_passages, reference_passages
from ingest.formats import BIBLIOGRAPHY, expected_kind
from ingest.questions import read_questions
from ingest.readers import ARTICLE_NAMES, read_article, read_reference
from ingest.reading import Reader
from ingest.references import build_ledger
from ingest.report import Rejected
from sequitur.errors import CorpusError
from sequitur.index import ArticleEntry
from sequitur.schema import TITLE, Document, Passage


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was read of a corpus folder."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    articles: tuple[ArticleEntry, ...]
    rejected: tuple[Rejected, ...]
    questions: Mapping[str, Sequence[Mapping[str, Any]]]  # that were put to each article and judged, by the article's id


@dataclass(frozen=True, slots=True)
class _Folder:
    """What was read of one article's folder: the article, if it is readable, before its references."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    article: ArticleEntry | None
    questions: tuple[Mapping[str, Any], ...] = ()


def read_corpus(folder: Path, progress: Callable[[int, int], None] | None = None, read: Reader = read_reference) -> Corpus:
    """Everything readable below a corpus folder. `progress(done, total)` counts files; `read` reads a reference.

    Raises:
        CorpusError: the folder is missing, or nothing in it can be read.
    """
    if not folder.is_dir():
        message = f"there is no corpus folder {folder}"
        raise CorpusError(message)
    rejected: list[Rejected] = []
    places = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    total, done = sum(1 for place in places for _ in (place / "references").glob("*")), 0

    def counted(path: Path, slug: str) -> Document:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)
        return read(path, slug)

    folders = _told_apart([_read_folder(place, rejected, folder, counted) for place in places])
    if not any(found.passages for found in folders):
        reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in rejected[:3])
        message = f"nothing in {folder} can be read{f' ({reasons})' if reasons else ': it holds no <article>/article.txt'}"
        raise CorpusError(message)
    return Corpus(
        tuple(document for found in folders for document in found.documents),
        tuple(passage for found in folders for passage in found.passages),
        tuple(found.article for found in folders if found.article),
        tuple(rejected),
        {found.article.article.document_id: found.questions for found in folders if found.article and found.questions},
    )


def _read_folder(place: Path, rejected: list[Rejected], root: Path, read: Reader) -> _Folder:
    """One article folder. Without a readable article its references are indexed all the same, and the gap is named."""

    def reject(path: Path, reason: str) -> None:
        rejected.append(Rejected(str(path.relative_to(root)), reason))

    checks = read_checks(place, reject)
    references = [with_checks(document, checks) for document in _references(place, reject, read)]
    cut = [passage for document in references for passage in flagged(document, reference_passages(document))]
    pages = [place / name for name in ARTICLE_NAMES if (place / name).exists()]
    page = pages[0] if pages else None
    for other in pages[1:]:
        reject(other, f"not read: the article is {pages[0].name}")
    if page is None:
        reject(place, f"no article ({' or '.join(ARTICLE_NAMES)}); its references are indexed alone")
        return _Folder(tuple(references), tuple(cut), None)
    try:
        document = read_article(page, place.name)
    except CorpusError as error:
        reject(page, str(error))
        return _Folder(tuple(references), tuple(cut), None)
    article = parse_article(place.name, document.text)
    claims = list(article_passages(document, article))
    if all(TITLE in claim.flags for claim in claims):
        reject(page, "no section with text was found")
        return _Folder(tuple(references), tuple(cut), None)
    entry = ArticleEntry(article, build_ledger(article, references, claims), tuple(_defined([document, *references])))
    return _Folder((document, *references), (*claims, *cut), entry, tuple(read_questions(place, reject)))


def _references(place: Path, reject: Callable[[Path, str], None], read: Reader) -> list[Document]:
    """The references of an article folder in the order of their ids, completed by its bibliographies; one text stands once."""
    folder = place / "references"
    found: list[Document] = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.name.startswith(".") or path.suffix.lower() in BIBLIOGRAPHY:
            continue
        try:
            document = read(path, place.name)
            twin = next((reference for reference in found if reference.sha256 == document.sha256), None)
            if twin:
                reject(path, f"the same text as {Path(twin.path).name}")
            else:
                found.append(_named(document, path, {place.name, *(reference.id for reference in found)}))
        except CorpusError as error:
            reject(path, str(error))
    entries, problems = read_bibliographies(folder)
    for path, reason in problems:
        reject(path, reason)
    # By id, not by file name: ties are broken by order, and renaming a file must change no answer.
    return sorted((completed(document, entries) for document in found), key=lambda document: document.id)


def _named(document: Document, path: Path, taken: set[str]) -> Document:
    """The document under an id of its own: one known by its file's name alone gives way with its ending ("kim2013-pdf").

    Raises:
        CorpusError: the id that it states, or both, are taken.
    """
    if document.id in taken and expected_kind(path.suffix) != "text":
        document = replace(document, id=f"{document.id}-{path.suffix.lower().lstrip('.')}")
    if document.id in taken:
        message = f"the id {document.id!r} is taken by another document"
        raise CorpusError(message)
    return document


def _told_apart(read: Sequence[_Folder]) -> list[_Folder]:
    """Two articles may each have a reference of the same id: in the library as a whole both then carry their article's name before it."""
    taken = Counter(document.id for found in read for document in found.documents)
    twice = {identity for identity, count in taken.items() if count > 1}
    return [_qualified(found, twice) for found in read] if twice else list(read)


def _qualified(found: _Folder, twice: set[str]) -> _Folder:
    new = {
        document.id: f"{document.article}/{document.id}"
        for document in found.documents
        if document.id in twice and document.id != document.article
    }
    if not new:
        return found
    documents = tuple(replace(document, id=new.get(document.id, document.id)) for document in found.documents)
    passages = tuple(
        replace(passage, id=passage.id.replace(passage.document_id, new[passage.document_id], 1), document_id=new[passage.document_id])
        if passage.document_id in new
        else passage
        for passage in found.passages
    )
    if found.article is None:
        return _Folder(documents, passages, None)
    ledger = tuple(
        replace(line, document_ids=tuple(new.get(identity, identity) for identity in line.document_ids)) for line in found.article.ledger
    )
    return _Folder(documents, passages, replace(found.article, ledger=ledger), found.questions)


def _defined(documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Abbreviations that the texts define as "long form (SHORT)", after Schwartz and Hearst (2003): the letters must stand in order."""
    found: dict[str, str] = {}
    for document in documents:
        for match in re.finditer(r"((?:[\w/-]+,? ){1,8}[\w/-]+) \(([A-Z][A-Za-z]{1,7})\)", document.text):
            before, short = match[1].split(), match[2]
            for size in range(1, min(len(before), len(short) + 3) + 1):
                words = before[-size:]
                initials = "".join(part[0] for word in words for part in re.split(r"[-/]", word) if part).lower()
                wanted = short.lower()
                if words[0][0].lower() == wanted[0] and _in_order(wanted, initials):
                    found.setdefault(short, " ".join(words).strip(",").replace(",", "").lower())
                    break
    yield from sorted(found.items())


def _in_order(wanted: str, letters: str) -> bool:
    remaining = iter(letters)
    return all(letter in remaining for letter in wanted)
