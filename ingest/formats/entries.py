"""Bibliographies → CSL-JSON entries: RIS by rispy, BibTeX by bibtexparser, CSL-JSON as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.formats.decoding import decode
from ingest.formats.model import doi_in, name_parts, tidy, year_in
from sequitur.errors import CorpusError

Entry = dict[str, Any]
_MOST_ENTRIES = 20_000
_RIS_TYPES = {
    "JOUR": "article-journal",
    "BOOK": "book",
    "CHAP": "chapter",
    "CONF": "paper-conference",
    "THES": "thesis",
    "RPRT": "report",
    "ELEC": "webpage",
}
_BIB_TYPES = {
    "article": "article-journal", "book": "book", "incollection": "chapter", "inbook": "chapter", "inproceedings": "paper-conference",
    "phdthesis": "thesis", "techreport": "report", "online": "webpage",
}  # fmt: skip


def read(kind: str, data: bytes) -> tuple[list[Entry], list[str]]:
    """The entries, and what could not be read of the file.

    Raises:
        CorpusError: nothing of it can be read.
    """
    text = decode(data).text
    readers: dict[str, Callable[[str], tuple[list[Entry], list[str]]]] = {"ris": _ris, "bibtex": _bibtex, "csl-json": _csl}
    entries, problems = readers[kind](text)
    if len(entries) > _MOST_ENTRIES:
        message = f"more than {_MOST_ENTRIES} entries"
        raise CorpusError(message)
    if not entries:
        message = "no entry could be read" + (f" ({problems[0]})" if problems else "")
        raise CorpusError(message)
    return entries, problems


def _kept(**fields: Any) -> Entry:  # noqa: ANN401 - the values of CSL-JSON
    return {name.replace("_", "-"): value for name, value in fields.items() if value}


def _ris(text: str) -> tuple[list[Entry], list[str]]:
    import rispy

    try:
        rows = rispy.loads(text)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        message = f"not valid RIS ({str(error)[:80] or type(error).__name__})"
        raise CorpusError(message) from error
    return [_from_ris(row, number) for number, row in enumerate(rows, 1)], []


def _from_ris(row: Mapping[str, Any], number: int) -> Entry:
    def said(*names: str) -> str:
        return next((tidy(str(row[name])) for name in names if row.get(name)), "")

    year = year_in(said("year", "publication_year", "date"))
    urls = row.get("urls") or ([row["url"]] if row.get("url") else [])
    pages = "-".join(filter(None, (said("start_page"), said("end_page"))))
    return _kept(
        id=said("id", "accession_number") or f"entry-{number}",
        type=_RIS_TYPES.get(said("type_of_reference"), "article-journal"),
        title=said("title", "primary_title"),
        author=[name_parts(name) for name in row.get("authors") or row.get("first_authors") or []],
        issued={"date-parts": [[year]]} if year else None,
        container_title=said("journal_name", "secondary_title", "alternate_title3"),
        volume=said("volume"),
        issue=said("number"),
        page=pages,
        DOI=doi_in(said("doi")),
        PMID=next(filter(None, map(_pmid, [said("accession_number"), *map(str, urls), *map(str, row.get("notes") or [])])), ""),
        URL=tidy(str(urls[0])) if urls else "",
        publisher=said("publisher"),
    )


def _pmid(text: str) -> str:
    match = re.search(r"(?:PMID:?\s*|pubmed\S*?/)(\d{5,8})\b", text, re.IGNORECASE) or re.fullmatch(r"\s*(\d{6,8})\s*", text)
    return match[1] if match else ""


def _bibtex(text: str) -> tuple[list[Entry], list[str]]:
    import bibtexparser
    from bibtexparser.middlewares import LatexDecodingMiddleware, NormalizeFieldKeys

    library = bibtexparser.parse_string(text, append_middleware=[NormalizeFieldKeys(), LatexDecodingMiddleware()])
    problems = [
        f"line {block.start_line + 1 if block.start_line is not None else '?'}: not a BibTeX entry" for block in library.failed_blocks
    ]
    return [
        _from_bibtex(entry.entry_type, entry.key, {field.key: field.value for field in entry.fields}) for entry in library.entries
    ], problems


def _from_bibtex(kind: str, key: str, fields: Mapping[str, Any]) -> Entry:
    def said(*names: str) -> str:
        return next((tidy(re.sub(r"[{}]", "", str(fields[name]))) for name in names if fields.get(name)), "")

    year = year_in(said("year", "date"))
    names = ["et al" if part == "others" else part for part in re.split(r"\s+and\s+", said("author")) if part]
    return _kept(
        id=key,
        type=_BIB_TYPES.get(kind.lower(), "article-journal"),
        title=said("title").rstrip("."),
        author=[name_parts(name) for name in names],
        issued={"date-parts": [[year]]} if year else None,
        container_title=said("journal", "journaltitle", "booktitle"),
        volume=said("volume"),
        issue=said("number", "issue"),
        page=said("pages").replace("--", "-").replace("–", "-"),
        DOI=doi_in(said("doi", "url")),
        PMID=re.sub(r"\D", "", said("pmid")) or (said("eprint") if said("eprinttype") == "pubmed" else ""),
        URL=said("url"),
        publisher=said("publisher"),
    )


def _csl(text: str) -> tuple[list[Entry], list[str]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        message = f"not valid JSON ({str(error)[:60]})"
        raise CorpusError(message) from error
    rows = rows["items"] if isinstance(rows, dict) and isinstance(rows.get("items"), list) else [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        message = "not CSL-JSON: neither an entry nor a list of entries"
        raise CorpusError(message)
    good = [row for row in rows if isinstance(row, dict) and isinstance(row.get("title"), str)]
    problems = [f"{len(rows) - len(good)} entries without a title"] if len(good) < len(rows) else []
    return [_from_csl(row, number) for number, row in enumerate(good, 1)], problems


def _from_csl(row: Mapping[str, Any], number: int) -> Entry:
    """A known shape whatever was written: texts are texts, a year is a number."""

    def said(*names: str) -> str:
        return next((tidy(str(row[name])) for name in names if isinstance(row.get(name), str | int) and str(row[name]).strip()), "")

    issued = row.get("issued")
    year = year_in(json.dumps(issued)) if isinstance(issued, dict | str | int) else None
    authors: Sequence[Any] = row["author"] if isinstance(row.get("author"), list) else []
    return _kept(
        id=said("id", "citation-key") or f"entry-{number}",
        type=said("type") or "article-journal",
        title=said("title"),
        author=[name for author in authors if (name := _csl_name(author))],
        issued={"date-parts": [[year]]} if year else None,
        container_title=said("container-title"),
        volume=said("volume"),
        issue=said("issue"),
        page=said("page"),
        DOI=doi_in(said("DOI")),
        PMID=re.sub(r"\D", "", said("PMID")),
        URL=said("URL"),
        publisher=said("publisher"),
    )


def _csl_name(author: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON value
    if not isinstance(author, dict):
        return {}
    return {
        part: tidy(author[part])
        for part in ("family", "given", "literal", "suffix")
        if isinstance(author.get(part), str) and author[part].strip()
    }
