"""What `sequitur fetch` found out about the references, kept beside them in corpus/<article>/checks.json: metadata and retraction checks with their dates.

    {"format": 1, "documents": {"doe2019": {"doi": …, "pmid": …, "pmcid": …, "authors": […], "journal": …, "year": …, "url": …,
        "retraction": {"checked": "2026-11-22", "status": "none", "notices": [{"kind", "doi", "pmid", "date", "service"}], "services": […]}}}}

The file lies beside `references`, not in it, where a JSON file would be taken for a bibliography.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sequitur.schema import DOUBTED, RETRACTION_STATES, Document, Passage

NAME = "checks.json"
FORMAT = 1
_TEXTS = ("doi", "pmid", "journal", "url")


def read_checks(place: Path, reject: Callable[[Path, str], None]) -> Mapping[str, Mapping[str, Any]]:
    """What was found out, by document id; a file that cannot be used is rejected by name and leaves every reference unchecked."""
    path = place / NAME
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        value = None
    documents = value.get("documents") if isinstance(value, dict) and value.get("format") == FORMAT else None
    if not isinstance(documents, dict) or not all(isinstance(entry, dict) for entry in documents.values()):
        reject(path, "not a record of checks that this version can read: delete it and run `sequitur fetch` again")
        return {}
    return documents


def with_checks(document: Document, checks: Mapping[str, Mapping[str, Any]]) -> Document:
    """A reference with what its file leaves open filled in from its record, and with its retraction check; what the file states stands."""
    entry = checks.get(document.id, {})
    found: dict[str, Any] = _retraction(entry.get("retraction"))
    found |= {key: entry[key] for key in _TEXTS if not getattr(document, key) and isinstance(entry.get(key), str) and entry[key].strip()}
    authors, year = entry.get("authors"), entry.get("year")
    if not document.authors and isinstance(authors, list):
        found["authors"] = tuple(str(author) for author in authors)
    if document.year is None and isinstance(year, int):
        found["year"] = year
    return replace(document, **found)


def flagged(document: Document, passages: Sequence[Passage]) -> list[Passage]:
    """The passages of a document; where it was retracted or doubted each says so, and then supports no claim."""
    if document.retraction not in DOUBTED:
        return list(passages)
    return [replace(passage, flags=(*passage.flags, document.retraction)) for passage in passages]


def _retraction(entry: object) -> dict[str, str]:
    """State and day of a check; a state or a day that is none counts as no check."""
    if not isinstance(entry, dict) or entry.get("status") not in RETRACTION_STATES:
        return {}
    try:
        day = date.fromisoformat(str(entry.get("checked"))).isoformat()
    except ValueError:
        return {}
    return {"retraction": str(entry["status"]), "retraction_checked": day}
