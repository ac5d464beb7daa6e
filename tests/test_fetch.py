"""Fetching: what the services document is read exactly, what they do wrong is survived, and nothing inside the machine's own network is reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ingest.build import build_index
from ingest.checks import NAME, read_checks, with_checks
from ingest.fetch import Completed, Wish, complete
from ingest.fetch.network import Fetcher, Limits, PublicOnly, public
from ingest.fetch.services import from_crossref, from_crossref_updates, from_europe_pmc, from_pubmed, pmid_of, state_of
from sequitur.chat import open_chat
from sequitur.cli import app
from sequitur.errors import CorpusError, FetchError, SettingsError
from sequitur.index import open_index
from sequitur.schema import Document, retraction_check
from sequitur.settings import Settings
from tests.services import (
    CROSSREF,
    DOI,
    EFETCH,
    EUROPE_PMC,
    JATS,
    NOTICE_DOI,
    PMCID,
    PMID,
    RETRACTING,
    TITLE,
    Behaviour,
    answer,
    documented,
    dropped,
    serving,
    slow,
    status,
)

QUICK = Limits(pause=0.0, timeout=0.5, deadline=0.4, first_wait=0.0)
TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def services() -> Iterator[Behaviour]:
    with serving() as behaviour:
        yield behaviour


@pytest.fixture
def allowed(gout: Settings, services: Behaviour, tmp_path: Path) -> Settings:
    """The small corpus with one reference that has a DOI, and settings that let it be fetched from the local services."""
    note = gout.corpus / "gout" / "references" / "doe2019.md"
    note.write_text(
        f'---\nid: doe2019\ntitle: "{TITLE}"\ndoi: {DOI}\nkind: rct\n---\n## Findings\nPain fell in 12 of 20 patients.\n', encoding="utf-8"
    )
    return gout.model_copy(
        update={
            "fetch": True,
            "fetch_allowed": "127.0.0.1",
            "fetch_cache": tmp_path / "fetched",
            "fetch_pubmed_url": f"{services.url}/entrez/eutils",
            "fetch_crossref_url": services.url,
            "fetch_europe_pmc_url": f"{services.url}/europepmc/webservices/rest",
        }
    )


def fetched(settings: Settings, **wish: object) -> Completed:
    [done] = complete(settings, Wish(**{"names": ("doe2019",), **wish}), limits=QUICK)  # type: ignore[arg-type]
    return done


def checks(settings: Settings) -> dict[str, dict]:
    return json.loads((settings.corpus / "gout" / NAME).read_text(encoding="utf-8"))["documents"]


def test_what_crossref_documents_is_read():
    found = from_crossref(json.dumps(CROSSREF))
    assert (found.title, found.year, found.doi, found.notices) == (TITLE, 2019, DOI, ())
    assert found.authors == ("Doe JA", "Gout Trial Group")
    assert found.journal == "Journal of Gout & Crystals"
    [notice] = from_crossref_updates(json.dumps(RETRACTING), DOI.upper())
    assert (notice.state, notice.doi, notice.date) == ("retracted", NOTICE_DOI, "2021-05-04")


def test_what_europe_pmc_documents_is_read():
    found = from_europe_pmc(json.dumps(EUROPE_PMC))
    assert found is not None
    assert (found.pmid, found.pmcid, found.doi, found.year, found.open_access) == (PMID, PMCID, DOI, 2019, True)
    assert found.authors == ("Doe JA", "Roe R")
    assert found.abstract == "ResultsPain fell in 12 of 20 patients < 24 h after colchicine."


def test_what_pubmed_documents_is_read():
    found = from_pubmed(EFETCH)
    assert found is not None
    assert (found.pmid, found.pmcid, found.doi, found.year, found.journal) == (PMID, PMCID, DOI, 2019, "Journal of gout")
    assert found.title == "Colchicine in acute gout: a randomised trial."
    assert found.authors == ("Doe JA", "Gout Trial Group")
    assert found.abstract == "Background: Gout hurts.\n\nResults: Pain fell in 12 of 20 patients."
    assert pmid_of(json.dumps({"esearchresult": {"idlist": ["1", "2"]}})) == ""


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("RetractionIn", "retracted"),
        ("PartialRetractionIn", "corrected"),
        ("ExpressionOfConcernIn", "expression of concern"),
        ("ErratumIn", "corrected"),
        ("CorrectedandRepublishedIn", "corrected"),
        ("RetractedandRepublishedIn", "corrected"),
        ("RetractionOf", "none"),
        ("ErratumFor", "none"),
        ("ExpressionOfConcernFor", "none"),
        ("CommentIn", "none"),
        ("UpdateOf", "none"),
    ],
)
def test_pubmeds_notices_mean_what_they_say(kind, state):
    link = f'<CommentsCorrectionsList><CommentsCorrections RefType="{kind}"><PMID>1</PMID></CommentsCorrections></CommentsCorrectionsList>'
    found = from_pubmed(EFETCH.replace("<!--corrections-->", link))
    assert found is not None
    assert state_of(found.notices) == state


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("retraction", "retracted"),
        ("withdrawal", "retracted"),
        ("removal", "retracted"),
        ("partial_retraction", "corrected"),
        ("expression_of_concern", "expression of concern"),
        ("correction", "corrected"),
        ("corrigendum", "corrected"),
        ("erratum", "corrected"),
        ("new_version", "none"),
    ],
)
def test_crossrefs_notices_mean_what_they_say(kind, state):
    work = {**CROSSREF["message"], "updated-by": [{"DOI": NOTICE_DOI, "type": kind, "label": kind}]}
    assert state_of(from_crossref(json.dumps({"message": work})).notices) == state


@pytest.mark.parametrize("title", ["RETRACTED: Colchicine in gout", "[Retracted] Colchicine", "WITHDRAWN: Colchicine"])
def test_a_title_may_say_that_it_was_retracted(title):
    assert state_of(from_crossref(json.dumps({"message": {**CROSSREF["message"], "title": [title]}})).notices) == "retracted"


def test_europe_pmcs_publication_type_and_notices_say_that_it_was_retracted():
    row = EUROPE_PMC["resultList"]["result"][0]
    listed = {**row, "pubTypeList": {"pubType": ["Retracted Publication"]}}
    linked = {**row, "commentCorrectionList": {"commentCorrection": [{"id": "9", "source": "MED", "type": "Retraction in"}]}}
    notice = {**row, "pubTypeList": {"pubType": ["Retraction of Publication"]}}
    states = []
    for one in (listed, linked, notice):
        found = from_europe_pmc(json.dumps({"resultList": {"result": [one]}}))
        assert found is not None
        states.append(state_of(found.notices))
    assert states == ["retracted", "retracted", "none"]


@pytest.mark.parametrize("parse", [from_crossref, lambda body: from_crossref_updates(body, DOI), from_europe_pmc, from_pubmed, pmid_of])
@pytest.mark.parametrize("body", ["", "<html>busy</html>", "[]", "null", "{}", '{"message": 1}', '{"resultList": []}', "<a", "[" * 100_000])
def test_an_answer_of_another_form_is_a_named_error(parse: Callable[[str], object], body):
    with pytest.raises(FetchError, match="not the documented one"):
        parse(body)


def test_entities_in_pubmeds_answer_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&b;&c;</PubmedArticleSet>'
    with pytest.raises(FetchError, match="not the documented one"):
        from_pubmed(bomb)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*CROSSREF["message"], "updated-by", "type", "updated"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_work_is_read_or_refused_by_name(value):
    for read in (from_crossref, lambda body: from_crossref_updates(body, DOI), from_europe_pmc):
        for body in (
            {"message": value},
            {"message": {"DOI": DOI, "items": [value], "author": value}},
            {"resultList": {"result": [value, value]}},
        ):
            try:
                found = read(json.dumps(body))
            except FetchError:
                continue
            assert found is None or hash(found) is not None


def test_a_reference_is_completed_and_its_check_dated(allowed: Settings, services: Behaviour):
    done = fetched(allowed)
    assert (done.retraction, done.checked, done.problems) == ("none", TODAY, ())
    assert done.services == ("Crossref", "Europe PMC", "PubMed")
    assert checks(allowed)["doe2019"]["pmid"] == PMID
    assert all("Sequitur/" in agent for agent in services.agents)
    build_index(allowed)
    index = open_index(allowed.index)
    document = index.documents["doe2019"]
    assert (document.authors, document.year, document.pmid) == (("Doe JA", "Gout Trial Group"), 2019, PMID)
    assert retraction_check(document) == f"retraction check: {TODAY}"
    assert retraction_check(index.documents["roe2020"]) == "retraction check: not run"
    assert retraction_check(index.documents["gout"]) == ""


def test_what_a_reference_states_itself_is_not_overwritten(allowed: Settings):
    note = allowed.corpus / "gout" / "references" / "doe2019.md"
    note.write_text(note.read_text(encoding="utf-8").replace("kind: rct", "kind: rct\nyear: 2018\nauthors: [Own A]"), encoding="utf-8")
    fetched(allowed)
    build_index(allowed)
    document = open_index(allowed.index).documents["doe2019"]
    assert (document.year, document.authors) == (2018, ("Own A",))


def test_a_retracted_reference_is_flagged_wherever_it_is_shown_and_supports_nothing(allowed: Settings, services: Behaviour):
    services.bodies["updates"] = json.dumps(RETRACTING)
    assert fetched(allowed).retraction == "retracted"
    build_index(allowed)
    chat = open_chat(allowed)
    own = [passage for passage in chat.passages.values() if passage.document_id == "doe2019"]
    assert own
    assert all("retracted" in passage.flags for passage in own)
    assert not any(identity.startswith("doe2019:") for passage in chat.passages.values() for identity in passage.supports)
    cited = [c for c in chat.ask("In how many patients did pain fall in Doe 2019?").citations if c.source == "doe2019"]
    assert cited
    assert cited[0].retraction_check == f"retraction check: {TODAY}, retracted"


def test_a_second_run_asks_nothing_and_keeps_the_day_of_the_first(allowed: Settings, services: Behaviour):
    fetched(allowed)
    before = sum(services.seen.values())
    for path in allowed.fetch_cache.iterdir():
        stored = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**stored, "when": "2019-01-01T00:00:00+00:00"}), encoding="utf-8")
    [again] = complete(allowed, Wish(names=("doe2019",)), limits=QUICK._replace(fresh=1e12))
    assert sum(services.seen.values()) == before
    assert again.checked == "2019-01-01"
    assert fetched(allowed, refresh=True).checked == TODAY
    assert sum(services.seen.values()) == 2 * before


@pytest.mark.parametrize(
    "fault",
    [status(429, Retry_After="0"), status(429, Retry_After="Sun, 22 Nov 2020 20:00:00 GMT"), status(500), status(503), dropped, slow],
)
def test_a_passing_failure_is_tried_again(allowed: Settings, services: Behaviour, fault: Callable[[BaseHTTPRequestHandler], None]):
    services.faults["crossref"] = [fault, fault]
    done = fetched(allowed)
    assert done.problems == ()
    assert services.seen["crossref"] == 3


@pytest.mark.parametrize(
    ("fault", "said", "tries"),
    [
        (status(500), "status 500", 4),
        (status(403), "status 403", 1),
        (lambda handler: answer(handler, "<html>"), "documented", 1),
        (dropped, "answer", 4),
    ],
)
def test_a_service_that_keeps_failing_is_named_and_the_others_are_asked(allowed: Settings, services: Behaviour, fault, said, tries):
    services.faults["crossref"] = [fault] * 10
    done = fetched(allowed)
    assert len(done.problems) == 1
    assert "Crossref" in done.problems[0]
    assert said in done.problems[0]
    assert services.seen["crossref"] == tries
    assert done.services == ("Europe PMC", "PubMed")
    assert done.checked == TODAY


def test_where_no_service_answers_no_check_is_claimed_and_an_earlier_one_stays(allowed: Settings, services: Behaviour):
    fetched(allowed)
    earlier = checks(allowed)
    services.bodies.clear()
    unknown = fetched(allowed, refresh=True)
    assert (unknown.checked, unknown.problems) == ("", ("no service knows it",))
    assert checks(allowed) == earlier


def test_another_publication_under_the_identifier_is_not_believed(allowed: Settings, services: Behaviour):
    services.bodies["crossref"] = json.dumps({"message": {**CROSSREF["message"], "title": ["Statins after stroke"]}})
    done = fetched(allowed)
    assert "another title" in done.problems[0]
    assert "Crossref" in done.problems[0]


def test_open_access_full_text_is_taken_and_read(allowed: Settings):
    assert fetched(allowed, full_text=True).written == "gout/references/doe2019-fulltext.xml"
    build_index(allowed)
    assert "Swelling fell in 14 of 20 patients" in open_index(allowed.index).documents["doe2019-fulltext"].text


@pytest.mark.parametrize("text", ["<html><body>Sign in</body></html>", JATS[:200], ""])
def test_full_text_that_our_reader_cannot_read_is_not_taken(allowed: Settings, services: Behaviour, text):
    services.bodies["fulltext"] = text
    done = fetched(allowed, full_text=True)
    assert done.written == ""
    assert "full text was not taken" in done.problems[0]
    assert sorted(path.name for path in (allowed.corpus / "gout" / "references").iterdir()) == ["doe2019.md", "roe2020.md"]


@pytest.mark.parametrize("named", [DOI, PMID, f"https://doi.org/{DOI}"])
def test_a_new_reference_is_added_by_its_identifier(allowed: Settings, services: Behaviour, named):
    (allowed.corpus / "gout" / "references" / "doe2019.md").unlink()
    services.bodies.pop("fulltext")
    [done] = complete(allowed, Wish(add=named), limits=QUICK)
    assert done.written == "gout/references/doe2019.md"
    build_index(allowed)
    document = open_index(allowed.index).documents["doe2019"]
    assert (document.doi, document.year) == (DOI, 2019)
    assert "12 of 20 patients" in document.text


def test_fetching_is_off_by_default(gout: Settings):
    with pytest.raises(SettingsError, match="SEQUITUR_FETCH=1"):
        complete(gout, Wish())


def test_an_unknown_reference_and_a_strange_identifier_are_named(allowed: Settings):
    with pytest.raises(SettingsError, match="no reference 'nobody'"):
        complete(allowed, Wish(names=("nobody",)), limits=QUICK)
    with pytest.raises(SettingsError, match="neither a DOI nor a PMID"):
        complete(allowed, Wish(add="colchicine"), limits=QUICK)


OWN = """127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 ::1 :: fe80::1 fe80::1%eth0
fc00::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001::1 ff02::1 rubbish"""


@pytest.mark.parametrize("address", OWN.split())
def test_an_address_inside_the_own_network_is_refused(address):
    assert not public(address)
    transport = PublicOnly(resolve=lambda _host, _port: ["93.184.215.14", address])
    with httpx.Client(transport=transport) as client, pytest.raises(FetchError, match="inside this machine's own network"):
        client.get("https://example.org/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_not_refused(address):
    assert public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1/",
    ],
)
def test_every_spelling_of_the_own_machine_is_refused(services: Behaviour, tmp_path: Path, url):
    with Fetcher(tmp_path, PublicOnly(), "test", QUICK) as fetcher, pytest.raises(FetchError):
        fetcher.get("Somewhere", url.format(port=services.url.rpartition(":")[2]))
    assert services.asked == []


def test_a_name_is_resolved_once_a_request_and_connected_to_as_resolved(services: Behaviour, tmp_path: Path):
    answers = iter([["127.0.0.1"], ["10.9.9.9"]])
    transport = PublicOnly(frozenset(["127.0.0.1"]), resolve=lambda _host, _port: next(answers))
    url = f"http://rebinding.example:{services.url.rpartition(':')[2]}/works/1"
    with Fetcher(tmp_path, transport, "test", QUICK) as fetcher:
        assert fetcher.get("Somewhere", url) is not None
        with pytest.raises(FetchError, match=r"10\.9\.9\.9"):
            fetcher.get("Somewhere", f"{url}2")
    assert services.seen["crossref"] == 1


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "file:///etc/passwd"])
def test_a_redirect_inwards_is_refused(services: Behaviour, tmp_path: Path, target):
    services.faults["crossref"] = [status(302, Location=target)] * 4
    with Fetcher(tmp_path, PublicOnly(frozenset(["127.0.0.1"])), "test", QUICK) as fetcher, pytest.raises(FetchError):
        fetcher.get("Crossref", f"{services.url}/works/1")


def test_a_redirect_is_followed_and_a_circle_of_them_is_left(services: Behaviour, tmp_path: Path):
    services.faults["crossref"] = [status(301, Location=f"{services.url}/works/2")]
    with Fetcher(tmp_path, PublicOnly(frozenset(["127.0.0.1"])), "test", QUICK) as fetcher:
        reply = fetcher.get("Crossref", f"{services.url}/works/1")
        assert reply is not None
        assert json.loads(reply.body) == CROSSREF
        services.faults["crossref"] = [status(302, Location=f"{services.url}/works/3")] * 20
        with pytest.raises(FetchError, match="does not answer"):
            fetcher.get("Crossref", f"{services.url}/works/3")


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path):
    transport = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "http://example.org/works/1"}))
    with Fetcher(tmp_path, transport, "test", QUICK) as fetcher, pytest.raises(FetchError, match="from https to http"):
        fetcher.get("Crossref", "https://example.org/works/1")


def test_an_answer_that_is_too_long_is_refused(tmp_path: Path):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=(b"x" * 1_000_000 for _ in range(31))))
    with Fetcher(tmp_path, transport, "test", QUICK._replace(deadline=60.0)) as fetcher, pytest.raises(FetchError, match="more than 30 MB"):
        fetcher.get("Crossref", "https://example.org/works/1")


def test_an_endless_answer_is_cut_off(services: Behaviour, tmp_path: Path):
    services.faults["crossref"] = [slow] * 4
    transport = PublicOnly(frozenset(["127.0.0.1"]))
    with Fetcher(tmp_path, transport, "test", QUICK._replace(deadline=0.1)) as fetcher, pytest.raises(FetchError, match="not done after"):
        fetcher.get("Crossref", f"{services.url}/works/1")


def test_a_damaged_cache_is_asked_past(allowed: Settings):
    fetched(allowed)
    for path in allowed.fetch_cache.iterdir():
        path.write_bytes(b"\x00{")
    assert fetched(allowed).checked == TODAY


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 9, "documents": {}}', b'{"format": 1, "documents": []}', b"\xff"])
def test_a_record_of_checks_that_cannot_be_read_is_rejected_by_name(gout: Settings, content):
    (gout.corpus / "gout" / NAME).write_bytes(content)
    report = build_index(gout)
    assert [entry.file for entry in report.rejected] == [f"gout/{NAME}"]
    assert report.documents == 3


@pytest.mark.parametrize(
    "entry", [{}, {"retraction": 1}, {"retraction": {"status": "none", "checked": "soon"}}, {"year": "x", "authors": 3, "doi": 4}]
)
def test_a_check_without_a_day_or_a_state_counts_as_none(entry):
    document = Document("a", "rct", "T", "x", "0", "g/references/a.md", "g")
    assert with_checks(document, {"a": entry}) == document


def test_a_check_is_read_back_by_document(tmp_path: Path):
    (tmp_path / NAME).write_text('{"format": 1, "documents": {"a": {"doi": "10.1/x"}}}', encoding="utf-8")
    assert read_checks(tmp_path, lambda _path, _reason: None) == {"a": {"doi": "10.1/x"}}


def test_the_command_prints_each_check_and_fails_when_nothing_was_answered(allowed: Settings, services: Behaviour, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ingest.fetch.completion.POLITE", QUICK)
    for name, value in allowed.model_dump().items():
        if value:
            monkeypatch.setenv(f"SEQUITUR_{name.upper()}", str(value))
    result = CliRunner().invoke(app, ["fetch", "doe2019"])
    assert (result.exit_code, result.stdout) == (0, f"gout/doe2019: retraction check: {TODAY}, none\n")
    services.bodies.clear()
    result = CliRunner().invoke(app, ["fetch", "doe2019", "--refresh", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["references"][0]["checked"] == ""
    assert "no reference could be checked" in result.stderr
    monkeypatch.setenv("SEQUITUR_FETCH", "0")
    result = CliRunner().invoke(app, ["fetch"])
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_record_that_cannot_be_read_is_not_overwritten(allowed: Settings):
    (allowed.corpus / "gout" / NAME).write_text("{", encoding="utf-8")
    with pytest.raises(CorpusError, match="delete it"):
        fetched(allowed)
    assert (allowed.corpus / "gout" / NAME).read_text(encoding="utf-8") == "{"


def test_the_documented_answers_are_all_used(allowed: Settings, services: Behaviour):
    fetched(allowed, full_text=True)
    assert set(documented()) - set(services.seen) == {"esearch"}  # Europe PMC has named the PMID already
    services.bodies.pop("search")
    (allowed.corpus / "gout" / NAME).unlink()
    fetched(allowed, refresh=True)
    assert services.seen["esearch"] == 1
