"""What PubMed (E-utilities), Crossref and Europe PMC answer, in their documented formats, as `Found`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from sequitur.errors import FetchError

_STATES = (  # what a service calls a notice → the state it means, the gravest first
    (re.compile(r"retract|withdraw|removal", re.IGNORECASE), "retracted"),
    (re.compile(r"concern", re.IGNORECASE), "expression of concern"),
    (re.compile(r"correct|corrig|errat|addend|clarif", re.IGNORECASE), "corrected"),
)
_ABOUT_ANOTHER = re.compile(
    r"\b(?:retraction|erratum|corrected|expression of concern) (?:of|for)\b|(?:RetractionOf|ErratumFor|ConcernFor)$", re.IGNORECASE
)
_NOT_RETRACTED = re.compile(r"partial|reinstat|and republi|AndRepubli", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice on a publication: the state it means, the service's own word for it, and where it was published."""

    state: str
    kind: str
    doi: str = ""
    pmid: str = ""
    date: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What one service knows of a publication. Empty: it does not say."""

    service: str
    title: str = ""
    authors: tuple[str, ...] = ()
    journal: str = ""
    year: int | None = None
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    abstract: str = ""
    open_access: bool = False
    notices: tuple[Notice, ...] = ()


def from_crossref(body: str) -> Found:
    """A work of Crossref's REST API (`/works/{doi}`).

    Raises:
        FetchError: it is no such answer.
    """
    work = _json("Crossref", body).get("message")
    if not isinstance(work, dict) or not isinstance(work.get("DOI"), str):
        raise _strange("Crossref")
    authors = (author for author in _dicts(work.get("author")))
    title = _first(work.get("title"))
    notices = [_crossref_notice(update, str(update.get("DOI", ""))) for update in _dicts(work.get("updated-by"))]
    if re.match(r"\W*(?:retracted|withdrawn)\b", title, re.IGNORECASE):
        notices.append(Notice("retracted", "title", service="Crossref"))
    parts = (work.get("issued") or {}).get("date-parts") if isinstance(work.get("issued"), dict) else None
    year = parts[0][0] if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0] else None
    return Found(
        "Crossref",
        title=_plain(title),
        authors=tuple(
            filter(None, (_initialled(str(a.get("family", "")), str(a.get("given", ""))) or str(a.get("name", "")) for a in authors))
        ),
        journal=_plain(_first(work.get("container-title"))),
        year=year if isinstance(year, int) else None,
        doi=work["DOI"].lower(),
        notices=tuple(notice for notice in notices if notice),
    )


def from_crossref_updates(body: str, doi: str) -> tuple[Notice, ...]:
    """The notices among the works that update a DOI (`/works?filter=updates:{doi}`): each says in `update-to` what it is to which work.

    Raises:
        FetchError: it is no such answer.
    """
    message = _json("Crossref", body).get("message")
    if not isinstance(message, dict) or not isinstance(message.get("items"), list):
        raise _strange("Crossref")
    found = [
        _crossref_notice(update, str(work.get("DOI", "")))
        for work in _dicts(message["items"])
        for update in _dicts(work.get("update-to"))
        if str(update.get("DOI", "")).lower() == doi.lower()
    ]
    return tuple(notice for notice in found if notice)


def _crossref_notice(update: Mapping[str, Any], doi: str) -> Notice | None:
    kind = str(update.get("type") or update.get("label") or "")
    state = _state(kind)
    updated = update.get("updated")
    parts = updated.get("date-parts") if isinstance(updated, dict) else None
    day = "-".join(f"{part:02d}" for part in parts[0]) if parts and all(isinstance(part, int) for part in parts[0]) else ""
    return Notice(state, kind, doi=doi.lower(), date=day, service="Crossref") if state else None


def from_europe_pmc(body: str) -> Found | None:
    """The one publication of a Europe PMC search (`resultType=core`, `format=json`); None where it finds none or several.

    Raises:
        FetchError: it is no such answer.
    """
    results = _json("Europe PMC", body).get("resultList")
    if not isinstance(results, dict) or not isinstance(results.get("result"), list):
        raise _strange("Europe PMC")
    rows = _dicts(results["result"])
    if len(rows) != 1:
        return None
    row = rows[0]
    journal = row.get("journalInfo", {}).get("journal", {}) if isinstance(row.get("journalInfo"), dict) else {}
    kinds = _strings(row.get("pubTypeList", {}).get("pubType")) if isinstance(row.get("pubTypeList"), dict) else []
    corrections = row.get("commentCorrectionList")
    listed = _dicts(corrections.get("commentCorrection")) if isinstance(corrections, dict) else []
    notices = [_notice(str(entry.get("type", "")), "Europe PMC", pmid=str(entry.get("id", ""))) for entry in listed]
    people = row.get("authorList")
    year = str(row.get("pubYear", ""))
    return Found(
        "Europe PMC",
        title=_plain(str(row.get("title", ""))),
        authors=tuple(str(a["fullName"]) for a in _dicts(people.get("author") if isinstance(people, dict) else None) if a.get("fullName")),
        journal=_plain(str(journal.get("title", ""))) if isinstance(journal, dict) else "",
        year=int(year) if year.isdecimal() else None,
        doi=str(row.get("doi", "")).lower(),
        pmid=str(row.get("pmid", "")),
        pmcid=str(row.get("pmcid", "")),
        abstract=_plain(str(row.get("abstractText", ""))),
        open_access=row.get("isOpenAccess") == "Y",
        notices=(*_by_kind(kinds, "Europe PMC"), *(notice for notice in notices if notice)),
    )


def from_pubmed(body: str) -> Found | None:
    """The article of an EFetch answer (`db=pubmed`, `retmode=xml`); None where there is none.

    Raises:
        FetchError: it is no such answer.
    """
    try:
        root = ElementTree.fromstring(body, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _strange("PubMed") from error
    if root.tag != "PubmedArticleSet":
        raise _strange("PubMed")
    entry = root.find("PubmedArticle")
    if entry is None:
        return None
    ids = {node.get("IdType", ""): _text(node) for node in entry.findall("PubmedData/ArticleIdList/ArticleId")}
    dated = entry.find("MedlineCitation/Article/Journal/JournalIssue/PubDate")
    year = re.search(r"\b(?:19|20)\d{2}\b", " ".join(dated.itertext())) if dated is not None else None
    links = entry.findall("MedlineCitation/CommentsCorrectionsList/CommentsCorrections")
    notices = [_notice(link.get("RefType", ""), "PubMed", pmid=_text(link.find("PMID"))) for link in links]
    kinds = [_text(node) for node in entry.findall("MedlineCitation/Article/PublicationTypeList/PublicationType")]
    parts = entry.findall("MedlineCitation/Article/Abstract/AbstractText")
    return Found(
        "PubMed",
        title=_text(entry.find("MedlineCitation/Article/ArticleTitle")),
        authors=tuple(filter(None, map(_pubmed_author, entry.findall("MedlineCitation/Article/AuthorList/Author")))),
        journal=_text(entry.find("MedlineCitation/Article/Journal/Title")),
        year=int(year[0]) if year else None,
        doi=ids.get("doi", "").lower(),
        pmid=_text(entry.find("MedlineCitation/PMID")),
        pmcid=ids.get("pmc", ""),
        abstract="\n\n".join(f"{part.get('Label', '').capitalize()}: {_text(part)}".removeprefix(": ") for part in parts),
        notices=(*_by_kind(kinds, "PubMed"), *(notice for notice in notices if notice)),
    )


def pmid_of(body: str) -> str:
    """The only id of an ESearch answer (`retmode=json`); empty where there is none or more than one.

    Raises:
        FetchError: it is no such answer.
    """
    result = _json("PubMed", body).get("esearchresult")
    if not isinstance(result, dict):
        raise _strange("PubMed")
    ids = _strings(result.get("idlist"))
    return ids[0] if len(ids) == 1 and ids[0].isdecimal() else ""


def merged(found: Iterable[Found]) -> Found:
    """What several services know together: the first that says a thing is believed, notices add up."""
    whole = Found("")
    for one in found:
        names = ("title", "authors", "journal", "year", "doi", "pmid", "pmcid", "abstract")
        more = {name: getattr(one, name) for name in names if not getattr(whole, name)}
        whole = replace(whole, **more, open_access=whole.open_access or one.open_access, notices=(*whole.notices, *one.notices))
    return whole


def state_of(notices: Iterable[Notice]) -> str:
    """The gravest state that any notice means."""
    states = {notice.state for notice in notices}
    return next((state for _, state in _STATES if state in states), "none")


def _by_kind(kinds: Iterable[str], service: str) -> list[Notice]:
    """A publication that its index itself calls retracted; "Retraction of Publication" is the notice, not the paper."""
    return [Notice("retracted", kind, service=service) for kind in kinds if kind.strip().lower() == "retracted publication"]


def _notice(kind: str, service: str, pmid: str) -> Notice | None:
    state = "" if _ABOUT_ANOTHER.search(kind) else _state(kind)
    return Notice(state, kind, pmid=pmid, service=service) if state else None


def _state(kind: str) -> str:
    if _NOT_RETRACTED.search(kind):
        return "corrected"
    return next((state for pattern, state in _STATES if pattern.search(kind)), "")


def _pubmed_author(node: Element) -> str:
    return " ".join(filter(None, (_text(node.find("LastName")), _text(node.find("Initials"))))) or _text(node.find("CollectiveName"))


def _initialled(family: str, given: str) -> str:
    """`Finnerup`, `Nanna B.` → `Finnerup NB`."""
    initials = "".join(part[0] for part in re.split(r"[\s.-]+", given) if part)
    return f"{family} {initials}".strip() if family else ""


def _json(service: str, body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _strange(service) from error
    if not isinstance(value, dict):
        raise _strange(service)
    return value


def _strange(service: str) -> FetchError:
    return FetchError(f"{service} answers in a form that is not the documented one")


def _dicts(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _first(value: object) -> str:
    return next(iter(_strings(value)), "")


def _text(node: Element | None) -> str:
    return "" if node is None else " ".join("".join(node.itertext()).split())


def _plain(marked: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", "", marked)).split())
