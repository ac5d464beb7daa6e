"""References → what PubMed, Crossref and Europe PMC know of them, written beside them: checks.json, open-access full text, or a new note."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from rapidfuzz import fuzz

from ingest.checks import FORMAT, NAME, read_checks
from ingest.corpus import read_corpus
from ingest.fetch.network import POLITE, Fetcher, Limits, PublicOnly, Reply
from ingest.fetch.services import Found, from_crossref, from_crossref_updates, from_europe_pmc, from_pubmed, merged, pmid_of, state_of
from ingest.formats import extract
from sequitur import __version__
from sequitur.errors import CorpusError, FetchError, SettingsError
from sequitur.schema import Document
from sequitur.settings import Settings
from sequitur.text import fold

_SAME_TITLE = 80  # of 100: how alike the words of two titles must be to mean one publication
_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True, slots=True)
class Completed:
    """What was done for one reference. `checked` is empty where no service knew it; `problems` are for the reader."""

    article: str
    id: str
    retraction: str
    checked: str
    services: tuple[str, ...]
    written: str  # a file that was added below the corpus folder
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be fetched: references by id (none: all), an article (empty: all), their full text too, a new reference by DOI or PMID."""

    names: tuple[str, ...] = ()
    article: str = ""
    full_text: bool = False
    add: str = ""
    refresh: bool = False


def complete(
    settings: Settings, wish: Wish, progress: Callable[[str, int, int], None] | None = None, limits: Limits = POLITE
) -> list[Completed]:
    """Ask the services about references and write what they know beside them; each is kept as soon as it is known.

    Raises:
        SettingsError: fetching is off, or a name is not known.
        CorpusError: the corpus cannot be read or written.
    """
    if not settings.fetch:
        message = "fetching is off: SEQUITUR_FETCH=1 lets `sequitur fetch` speak to PubMed, Crossref and Europe PMC"
        raise SettingsError(message)
    corpus = settings.corpus
    documents = [document for document in read_corpus(corpus).documents if document.kind != "article"]
    asked = [_stub(settings, wish)] if wish.add else _chosen(documents, wish)
    agent = f"Sequitur/{__version__}" + (f" (mailto:{settings.fetch_email})" if settings.fetch_email else "")
    transport = PublicOnly(frozenset(filter(None, settings.fetch_allowed.replace(" ", "").split(","))))
    done = []
    with Fetcher(settings.fetch_cache, transport, agent, limits, refresh=wish.refresh) as fetcher:
        for number, document in enumerate(asked, 1):
            try:
                done.append(_complete(document, fetcher, settings, wish))
            except OSError as error:
                message = f"{corpus / document.article} cannot be written ({error.strerror})"
                raise CorpusError(message) from error
            if progress:
                progress("asking about references", number, len(asked))
    return done


def _chosen(documents: Sequence[Document], wish: Wish) -> list[Document]:
    """The references that are asked about, under the ids their own article knows."""
    own = [document for document in documents if wish.article in {"", document.article}]
    local = {f"{document.article}/{document.id.rpartition('/')[2]}": document for document in own}
    if not wish.names:
        return list(local.values())
    found = [document for document in local.values() if {document.id, document.id.rpartition("/")[2]} & set(wish.names)]
    missing = set(wish.names) - {name for document in found for name in (document.id, document.id.rpartition("/")[2])}
    if missing:
        message = f"there is no reference {min(missing)!r}: `sequitur articles` and the references folder show what there is"
        raise SettingsError(message)
    return found


def _stub(settings: Settings, wish: Wish) -> Document:
    """A reference that is known by its DOI or PMID alone."""
    places = sorted(path.name for path in settings.corpus.iterdir() if path.is_dir() and not path.name.startswith("."))
    if wish.article and wish.article not in places:
        message = f"there is no article {wish.article!r}: name one of {', '.join(places)}"
        raise SettingsError(message)
    if not wish.article and len(places) != 1:
        message = f"--add needs --article, the one it belongs to ({', '.join(places)})"
        raise SettingsError(message)
    doi, pmid = _DOI.search(wish.add), wish.add.strip() if wish.add.strip().isdecimal() else None
    if not doi and not pmid:
        message = f"{wish.add!r} is neither a DOI nor a PMID"
        raise SettingsError(message)
    return Document("", "reference", "", "", "", "", wish.article or places[0], doi=doi[0].lower() if doi else None, pmid=pmid)


def _complete(document: Document, fetcher: Fetcher, settings: Settings, wish: Wish) -> Completed:
    answers, problems = _ask(document, fetcher, settings)
    known = [found for found, _ in answers]
    whole = merged(known)
    place, identity, written = settings.corpus / document.article, document.id.rpartition("/")[2], ""
    if not answers:
        problems.append("no service knows it" if not problems else "no retraction check was possible")
        return Completed(document.article, identity or wish.add, "", "", (), "", tuple(problems))
    day = min(reply.day for _, reply in answers).isoformat()
    services = tuple(dict.fromkeys(found.service for found in known))
    if wish.full_text or wish.add:
        identity, written = _written(place, identity, whole, fetcher, settings, problems)
    retraction = {
        "checked": day,
        "status": state_of(whole.notices),
        "notices": [asdict(notice) for notice in dict.fromkeys(whole.notices)],
        "services": list(services),
    }
    if identity:
        said = {name: getattr(whole, name) for name in ("title", "journal", "year", "doi", "pmid", "pmcid") if getattr(whole, name)}
        link = {"url": f"https://doi.org/{whole.doi}"} if whole.doi else {}
        _record(place, identity, {**said, **link, "authors": list(whole.authors), "retraction": retraction})
    return Completed(document.article, identity or wish.add, state_of(whole.notices), day, services, written, tuple(problems))


def _ask(document: Document, fetcher: Fetcher, settings: Settings) -> tuple[list[tuple[Found, Reply]], list[str]]:
    """What each service knows, with its reply; a service that fails or means another publication is a problem, and the others are asked all the same."""
    found: list[tuple[Found, Reply]] = []
    problems: list[str] = []
    doi, pmid = (document.doi or "").removeprefix("https://doi.org/").lower(), document.pmid or ""
    for ask in (_crossref, _europe_pmc, _pubmed):
        known = merged(one for one, _ in found)
        try:
            answers = ask(doi or known.doi, pmid or known.pmid, document.title, fetcher, settings)
        except FetchError as error:
            problems.append(str(error))
            continue
        for one, reply in answers:
            if document.title and one.title and fuzz.token_set_ratio(fold(document.title), fold(one.title)) < _SAME_TITLE:
                problems.append(f"{one.service} has another title under its identifier ({one.title!r}): nothing of it was used")
            else:
                found.append((one, reply))
    return found, problems


def _crossref(doi: str, _pmid: str, _title: str, fetcher: Fetcher, settings: Settings) -> list[tuple[Found, Reply]]:
    if not doi:
        return []
    polite = {"mailto": settings.fetch_email} if settings.fetch_email else {}
    base = settings.fetch_crossref_url.rstrip("/")
    reply = fetcher.get("Crossref", f"{base}/works/{quote(doi, safe='')}", polite)
    if reply is None:
        return []
    found = [(from_crossref(reply.body), reply)]
    updates = fetcher.get("Crossref", f"{base}/works", {"filter": f"updates:{doi}", "rows": "20", **polite})
    if updates:
        found.append((Found("Crossref", notices=from_crossref_updates(updates.body, doi)), updates))
    return found


def _europe_pmc(doi: str, pmid: str, title: str, fetcher: Fetcher, settings: Settings) -> list[tuple[Found, Reply]]:
    """Asked by DOI or PMID; a title alone must be met exactly, or the check of titles refuses it."""
    bare = re.sub(r'["\\]', " ", title)
    query = f'DOI:"{doi}"' if doi else f"EXT_ID:{pmid} AND SRC:MED" if pmid else f'TITLE:"{bare}"' if bare.strip() else ""
    if not query:
        return []
    parameters = {"query": query, "resultType": "core", "format": "json", "pageSize": "2"}
    reply = fetcher.get("Europe PMC", f"{settings.fetch_europe_pmc_url.rstrip('/')}/search", parameters)
    found = from_europe_pmc(reply.body) if reply else None
    return [(found, reply)] if found and reply else []


def _pubmed(doi: str, pmid: str, _title: str, fetcher: Fetcher, settings: Settings) -> list[tuple[Found, Reply]]:
    base, named = settings.fetch_pubmed_url.rstrip("/"), {"tool": "sequitur"}
    named |= {"email": settings.fetch_email} if settings.fetch_email else {}
    if not pmid and doi:
        reply = fetcher.get("PubMed", f"{base}/esearch.fcgi", {"db": "pubmed", "term": f"{doi}[doi]", "retmode": "json", **named})
        pmid = pmid_of(reply.body) if reply else ""
    if not pmid:
        return []
    reply = fetcher.get("PubMed", f"{base}/efetch.fcgi", {"db": "pubmed", "id": pmid, "retmode": "xml", **named})
    found = from_pubmed(reply.body) if reply else None
    return [(found, reply)] if found and reply else []


def _written(place: Path, identity: str, whole: Found, fetcher: Fetcher, settings: Settings, problems: list[str]) -> tuple[str, str]:
    """Add open-access full text beside a reference, or as a new one; a new one without it becomes a note of its abstract. Returns id and file."""
    name = f"{identity}-fulltext" if identity else _name(whole)
    text = _full_text(whole, fetcher, settings, problems)
    if text:
        path = place / "references" / f"{name}.xml"
        _write(path, text)
    elif not identity and whole.abstract:
        path = place / "references" / f"{name}.md"
        front = {
            "id": name,
            "title": whole.title,
            "authors": list(whole.authors),
            "year": whole.year,
            "journal": whole.journal,
            **{key: getattr(whole, key) for key in ("doi", "pmid") if getattr(whole, key)},
        }
        head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000)
        _write(path, f"---\n{head}---\n\n# {whole.title}\n\n## Abstract\n\n{whole.abstract}\n")
    else:
        if not identity:
            problems.append("neither open-access full text nor an abstract was found: nothing was added")
        return identity, ""
    return identity or name, str(path.relative_to(place.parent))


def _full_text(whole: Found, fetcher: Fetcher, settings: Settings, problems: list[str]) -> str:
    """The JATS XML of an open-access publication, if our own reader can read it."""
    if not whole.open_access or not re.fullmatch(r"PMC\d+", whole.pmcid):
        return ""
    try:
        reply = fetcher.get("Europe PMC", f"{settings.fetch_europe_pmc_url.rstrip('/')}/{whole.pmcid}/fullTextXML")
        if reply is None:
            return ""
        extract("xml", reply.body.encode())
    except (FetchError, CorpusError) as error:
        problems.append(f"its full text was not taken: {error}")
        return ""
    return reply.body


def _name(whole: Found) -> str:
    """An id for a new reference: first author and year, else its PMID or DOI."""
    surname = whole.authors[0].rpartition(" ")[0] or whole.authors[0] if whole.authors else ""
    plain = unicodedata.normalize("NFKD", surname).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "", plain.lower()) + str(whole.year or "")
    return made if re.match(r"[a-z]", made) else re.sub(r"[^a-z0-9.]+", "-", f"ref-{whole.pmid or whole.doi}".lower())


def _record(place: Path, identity: str, entry: dict[str, Any]) -> None:
    """Keep what is known of a reference beside the others'."""
    known = dict(read_checks(place, _unreadable))
    known[identity] = entry
    _write(place / NAME, json.dumps({"format": FORMAT, "documents": dict(sorted(known.items()))}, ensure_ascii=False, indent=1) + "\n")


def _unreadable(path: Path, reason: str) -> None:
    message = f"{path}: {reason}"
    raise CorpusError(message)


def _write(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def failed(done: Iterable[Completed]) -> bool:
    """Whether nothing came of anything that was asked."""
    return all(not one.checked for one in done)
