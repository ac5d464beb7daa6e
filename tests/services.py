"""A local server that answers as PubMed's E-utilities, Crossref and Europe PMC document it, and misbehaves on request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

DOI, PMID, PMCID = "10.1000/gout.2019.1", "31000001", "PMC7000001"
TITLE = "Colchicine in acute gout: a randomised trial"
NOTICE_DOI = "10.1000/gout.2021.retraction"

CROSSREF: dict[str, Any] = {
    "status": "ok",
    "message-type": "work",
    "message-version": "1.0.0",
    "message": {
        "DOI": DOI,
        "type": "journal-article",
        "title": [TITLE],
        "author": [{"given": "Jane A.", "family": "Doe", "sequence": "first"}, {"name": "Gout Trial Group"}],
        "container-title": ["Journal of Gout &amp; Crystals"],
        "issued": {"date-parts": [[2019, 3, 1]]},
        "URL": f"https://doi.org/{DOI}",
    },
}
UPDATES: dict[str, Any] = {"status": "ok", "message-type": "work-list", "message": {"total-results": 0, "items": []}}
RETRACTING: dict[str, Any] = {
    "status": "ok",
    "message-type": "work-list",
    "message": {
        "total-results": 2,
        "items": [
            {
                "DOI": NOTICE_DOI,
                "title": ["Retraction: Colchicine in acute gout"],
                "update-to": [{"DOI": DOI, "type": "retraction", "label": "Retraction", "updated": {"date-parts": [[2021, 5, 4]]}}],
            },
            {"DOI": "10.1000/other", "update-to": [{"DOI": "10.1000/another", "type": "retraction"}]},
        ],
    },
}
EUROPE_PMC: dict[str, Any] = {
    "version": "6.9",
    "hitCount": 1,
    "resultList": {
        "result": [
            {
                "id": PMID,
                "source": "MED",
                "pmid": PMID,
                "pmcid": PMCID,
                "doi": DOI,
                "title": f"{TITLE}.",
                "authorString": "Doe JA, Roe R.",
                "authorList": {"author": [{"fullName": "Doe JA"}, {"fullName": "Roe R"}]},
                "journalInfo": {"yearOfPublication": 2019, "journal": {"title": "Journal of gout", "isoabbreviation": "J Gout"}},
                "pubYear": "2019",
                "abstractText": "<h4>Results</h4>Pain fell in 12 of 20 patients &lt; 24 h after colchicine.",
                "pubTypeList": {"pubType": ["Randomized Controlled Trial", "Journal Article"]},
                "isOpenAccess": "Y",
                "inEPMC": "Y",
            }
        ]
    },
}
ESEARCH: dict[str, Any] = {"header": {"type": "esearch"}, "esearchresult": {"count": "1", "retmax": "1", "idlist": [PMID]}}
EFETCH = f"""<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{PMID}</PMID>
<Article PubModel="Print"><Journal><JournalIssue><PubDate><Year>2019</Year><Month>Mar</Month></PubDate></JournalIssue><Title>Journal of gout</Title>
</Journal><ArticleTitle>Colchicine in <i>acute</i> gout: a randomised trial.</ArticleTitle>
<Abstract><AbstractText Label="BACKGROUND">Gout hurts.</AbstractText><AbstractText Label="RESULTS">Pain fell in 12 of 20 patients.</AbstractText></Abstract>
<AuthorList><Author><LastName>Doe</LastName><ForeName>Jane A</ForeName><Initials>JA</Initials></Author>
<Author><CollectiveName>Gout Trial Group</CollectiveName></Author></AuthorList>
<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList></Article>
<!--corrections--></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">{PMID}</ArticleId>
<ArticleId IdType="doi">{DOI}</ArticleId><ArticleId IdType="pmc">{PMCID}</ArticleId></ArticleIdList></PubmedData></PubmedArticle></PubmedArticleSet>"""
JATS = f"""<?xml version="1.0"?><article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article"><front><article-meta>
<article-id pub-id-type="doi">{DOI}</article-id><title-group><article-title>{TITLE}</article-title></title-group></article-meta></front>
<body><sec><title>Results</title><p>Swelling fell in 14 of 20 patients on colchicine within 48 hours.</p></sec></body></article>"""


@dataclass(slots=True)
class Behaviour:
    """What the server does. Keys of `bodies` and `faults` are "crossref", "updates", "search", "fulltext", "esearch", "efetch"."""

    bodies: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]] = field(default_factory=dict)  # one a request, then the body
    seen: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""


def documented() -> dict[str, str]:
    """The services' answers about one trial of colchicine."""
    answers = {"crossref": CROSSREF, "updates": UPDATES, "search": EUROPE_PMC, "esearch": ESEARCH}
    return {name: json.dumps(value) for name, value in answers.items()} | {"efetch": EFETCH, "fulltext": JATS}


@contextmanager
def serving() -> Iterator[Behaviour]:
    """The server on a free port of 127.0.0.1, with its behaviour to be changed while it runs."""
    behaviour = Behaviour(bodies=documented())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = which(self.path)
            behaviour.seen[name] += 1
            behaviour.asked.append(unquote(self.path))
            behaviour.agents.add(self.headers.get("User-Agent", ""))
            faults = behaviour.faults.get(name)
            if faults:
                faults.pop(0)(self)
            elif name in behaviour.bodies:
                answer(self, behaviour.bodies[name])
            else:
                answer(self, "Resource not found.", 404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    behaviour.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield behaviour
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def which(path: str) -> str:
    """Which of the answers a path asks for."""
    parts = urlsplit(path)
    if parts.path.endswith("/works"):
        return "updates" if "updates:" in parse_qs(parts.query).get("filter", [""])[0] else "works"
    for name, place in {"crossref": "/works/", "search": "/search", "esearch": "/esearch.fcgi", "efetch": "/efetch.fcgi"}.items():
        if place in parts.path:
            return name
    return "fulltext" if parts.path.endswith("/fullTextXML") else parts.path


def answer(handler: BaseHTTPRequestHandler, body: str, status: int = 200, **headers: str) -> None:
    """Send a whole answer."""
    data = body.encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A fault: that status."""
    return lambda handler: answer(handler, "<html><body>busy</body></html>", code, **headers)


def dropped(handler: BaseHTTPRequestHandler) -> None:
    """A fault: the connection ends in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"status": "ok", ')


def slow(handler: BaseHTTPRequestHandler) -> None:
    """A fault: a byte now and then, and no end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        time.sleep(0.05)
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
