"""Bibliographies in and out: RIS, BibTeX and CSL-JSON complete what is known of the references, and are written of them; Vancouver by citeproc."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.formats import BIBLIOGRAPHY, read_entries
from ingest.formats.model import short_name
from ingest.readers import read_bytes
from sequitur.errors import CorpusError
from sequitur.schema import Document

FORMATS = ("vancouver", "ris", "bibtex", "csl-json")
Entry = Mapping[str, Any]  # one item of CSL-JSON
_STYLE = Path(__file__).with_name("vancouver.csl")
_TYPES = {
    "article-journal": ("JOUR", "article"),
    "book": ("BOOK", "book"),
    "chapter": ("CHAP", "incollection"),
    "report": ("RPRT", "techreport"),
}
_PRINTED = (
    re.compile(
        r"\A(?P<journal>.{0,300}?\D)\s{1,5}(?P<year>(?:19|20)\d{2})(?: \([A-Z][a-z]+\))?(?:;(?P<volume>[\w ]+?)(?:\((?P<issue>[^()]+)\))?(?::(?P<page>[\w-]+))?)?\.?"
    ),
    re.compile(
        r"\A(?P<journal>.{0,300}?\D)\s{1,5}(?P<year>(?:19|20)\d{2})(?P<volume>),? issue (?P<issue>\w+)(?:, (?:pages? )?(?P<page>[\w-]+))?\.?",
        re.IGNORECASE,
    ),
)
_OTHERS = "et al"


def read_bibliographies(folder: Path) -> tuple[tuple[Entry, ...], tuple[tuple[Path, str], ...]]:
    """The entries of a folder's bibliographies, and the files of which something could not be read, each with the reason."""
    entries: list[Entry] = []
    problems: list[tuple[Path, str]] = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        kind = BIBLIOGRAPHY.get(path.suffix.lower())
        if not kind or path.name.startswith("."):
            continue
        try:
            found, wrong = read_entries(kind, read_bytes(path))
        except CorpusError as error:
            problems.append((path, str(error)))
            continue
        entries.extend(found)
        problems.extend((path, reason) for reason in wrong[:5])
    return tuple(entries), tuple(problems)


def completed(document: Document, entries: Sequence[Entry]) -> Document:
    """The document with what a bibliography knows and its own file does not say. What the file says stands."""
    entry = next((entry for entry in entries if _means(entry, document)), None)
    if entry is None:
        return document
    stem = Path(document.path).stem
    return replace(
        document,
        title=entry.get("title", "") if document.title in {"", stem} else document.title,
        authors=document.authors or tuple(short_name(name) for name in entry.get("author", [])),
        year=document.year or _year(entry),
        journal=document.journal or str(entry.get("container-title", "")),
        doi=document.doi or entry.get("DOI"),
        pmid=document.pmid or entry.get("PMID"),
        url=document.url or entry.get("URL"),
    )


def _means(entry: Entry, document: Document) -> bool:
    """Whether an entry is of this document: the same DOI or PMID; else the same title, or the file's name as its id. A differing DOI or PMID forbids."""
    pairs = [(_plain(document.doi), _plain(entry.get("DOI"))), (_plain(document.pmid), _plain(entry.get("PMID")))]
    known = [one == other for one, other in pairs if one and other]
    if known:
        return known[0]
    same_title = _plain(document.title) == _plain(entry.get("title")) != ""
    return same_title or _plain(entry.get("id")) == _plain(Path(document.path).stem)


def _plain(said: object) -> str:
    text = str(said or "").lower()
    return re.sub(r"^10-", "10/", re.sub(r"[\W_]+", "-", re.sub(r"^https?://(?:dx\.)?doi\.org/", "", text)).strip("-"))


def _year(entry: Entry) -> int | None:
    parts = entry.get("issued", {}).get("date-parts") or [[None]]
    return parts[0][0] if parts[0] else None


def entry_of(document: Document) -> dict[str, Any]:
    """A document as an item of CSL-JSON; a journal line such as "Pain 2010;149(1):3-4" is taken apart."""
    printed = next((match for form in _PRINTED if (match := form.fullmatch(document.journal))), None)
    fields = {
        "id": document.id,
        "type": "article-journal",
        "title": document.title.rstrip("."),
        "author": [_name(author) for author in document.authors],
        "issued": {"date-parts": [[document.year]]} if document.year else None,
        "container-title": printed["journal"].strip() if printed else document.journal,
        "volume": printed["volume"] if printed else None,
        "issue": printed["issue"] if printed else None,
        "page": printed["page"] if printed else None,
        "DOI": document.doi,
        "PMID": document.pmid,
        "URL": document.url,
    }
    return {name: value for name, value in fields.items() if value}


def _name(author: str) -> dict[str, str]:
    family, comma, given = author.partition(",")
    if comma:
        return {"family": family.strip(), "given": given.strip()}
    match = re.fullmatch(r"(?P<family>.+?)\s+(?P<given>[A-Z]{1,4})", author)
    return {"family": match["family"], "given": match["given"]} if match else {"literal": author}


def written(documents: Sequence[Document], form: str) -> str:
    """The references as RIS, BibTeX, CSL-JSON or numbered Vancouver lines."""
    entries = [entry_of(document) for document in documents]
    if form == "csl-json":
        return json.dumps(entries, ensure_ascii=False, indent=1) + "\n"
    if not entries:
        return ""
    if form == "ris":
        return _ris(entries)
    return _bibtex(entries) if form == "bibtex" else "".join(f"{line}\n" for line in _vancouver(entries))


def _ris(entries: Sequence[Entry]) -> str:
    import rispy

    rows = []
    for entry in entries:
        first, _, last = str(entry.get("page", "")).partition("-")
        row = {
            "type_of_reference": _TYPES.get(entry["type"], ("GEN", "misc"))[0],
            "id": entry["id"],
            "title": entry["title"],
            "authors": [_inverted(name) for name in entry.get("author", []) if name.get("literal") != _OTHERS],
            "year": str(_year(entry) or ""),
            "journal_name": entry.get("container-title"),
            "volume": entry.get("volume"),
            "number": entry.get("issue"),
            "start_page": first,
            "end_page": last,
            "doi": entry.get("DOI"),
            "accession_number": entry.get("PMID"),
            "urls": [entry["URL"]] if entry.get("URL") else None,
        }
        rows.append({key: value for key, value in row.items() if value})

    class Plain(rispy.RisWriter):  # type: ignore[misc] # the library has no types
        """Entries without the running number that the library sets before each."""

        def set_header(self, _count: int) -> str:
            return ""

    text: str = rispy.dumps(rows, implementation=Plain)
    return text.strip() + "\n"


def _inverted(name: Mapping[str, str], literal: str = "{}") -> str:
    """A name as "Kim, K"; a name that is not divided is set into `literal`."""
    return ", ".join(filter(None, (name["family"], name.get("given")))) if name.get("family") else literal.format(name.get("literal", ""))


def _bibtex(entries: Sequence[Entry]) -> str:
    import bibtexparser
    from bibtexparser.model import Entry as BibtexEntry
    from bibtexparser.model import Field

    def guarded(value: str) -> str:
        return re.sub(r"(?<!\\)([&%#$])", r"\\\1", value)

    library = bibtexparser.Library()
    for entry in entries:
        names = ["others" if name.get("literal") == _OTHERS else _inverted(name, "{{{}}}") for name in entry.get("author", [])]
        fields = {
            "author": " and ".join(names),
            "title": f"{{{entry['title']}}}",
            "journal": entry.get("container-title"),
            "year": str(_year(entry) or ""),
            "volume": entry.get("volume"),
            "number": entry.get("issue"),
            "pages": str(entry.get("page", "")).replace("-", "--"),
            "doi": entry.get("DOI"),
            "pmid": entry.get("PMID"),
        }
        kept = [Field(name, guarded(value)) for name, value in fields.items() if value]
        url = [Field("url", entry["URL"])] if entry.get("URL") else []
        library.add(BibtexEntry(_TYPES.get(entry["type"], ("GEN", "misc"))[1], entry["id"], [*kept, *url]))
    text: str = bibtexparser.write_string(library)
    return text


def _vancouver(entries: Sequence[Entry]) -> Iterator[str]:
    from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON

    style = CitationStylesStyle(str(_STYLE), validate=False)
    items = [{**entry, "author": [_spaced(name) for name in entry.get("author", [])]} for entry in entries]
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    for entry in entries:
        bibliography.register(Citation([CitationItem(entry["id"])]))
    for item in bibliography.bibliography():
        yield re.sub(r"\s+", " ", str(item)).replace("..", ".").strip()


def _spaced(name: Mapping[str, str]) -> dict[str, str]:
    """The name with its initials apart, as the processor wants them."""
    given = name.get("given", "")
    return {**name, "given": " ".join(given)} if re.fullmatch(r"[A-Z]{2,4}", given) else dict(name)
