"""The audit of the seed and of invented articles: what is caught, with which reason, and what proves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sequitur.adapters.embedders import open_embedder
from sequitur.audit import Audit, AuditVerdict, Chain, Standing, article_entry, audit_article, evidence_chain
from sequitur.audit.record import audit_lines, ledger_lines
from sequitur.audit.report import html, markdown
from sequitur.errors import QuestionError
from sequitur.index import Index, open_index
from sequitur.schema import Span
from sequitur.settings import Settings


@pytest.fixture(scope="session")
def index(index_dir: Path) -> Index:
    return open_index(str(index_dir))


@pytest.fixture(scope="session")
def english(settings: Settings) -> dict[str, int]:
    return open_embedder(settings.embedder, settings.models).english()


@pytest.fixture(scope="session")
def audit(index: Index, english) -> Audit:
    return audit_article(index, article_entry(index), english)


def about(audit: Audit, words: str) -> Chain:
    return next(chain for chain in audit.chains if words in chain.text)


@pytest.mark.parametrize(
    ("claim", "verdict", "reason"),
    [
        ("Level I, Grade A", AuditVerdict.CONTRADICTED, "gives B"),
        ("doses ≥75 mg/day", AuditVerdict.CONTRADICTED, "weaker"),
        ("Sub-anesthetic doses (0.5 mg/kg)", AuditVerdict.CONTRADICTED, "no difference"),
        ("combined with baclofen", AuditVerdict.CONTRADICTED, "advises against"),
        ("adjunct to opioids", AuditVerdict.UNSUPPORTED, "adjunct"),
        ("failed all primary", AuditVerdict.UNSUPPORTED, "Gammaitoni 2000"),
        ("salvage option", AuditVerdict.UNSUPPORTED, ""),
        ("1200-3600", AuditVerdict.PARTLY, "2700 mg/day"),
        ("Level II, Grade D", AuditVerdict.PARTLY, "only relays the article"),
        ("memory defects", AuditVerdict.PARTLY, "not how common"),
        ("Discomfort during administration", AuditVerdict.PARTLY, "administration"),
        ("careful side effect monitoring", AuditVerdict.PARTLY, "cancer alone"),
        ("Duloxetine (30 mg/day for 1 week", AuditVerdict.PARTLY, "cancer alone"),
        ("lidocaine, capsaicin", AuditVerdict.PARTLY, "lidocaine"),
        ("increased blood pressure", AuditVerdict.MISSING, "[7]"),
        ("over a 35-day period", AuditVerdict.SUPPORTED, "Pickering 2020"),
        ("Hepatotoxicity in a minority", AuditVerdict.SUPPORTED, "narrative review"),
        ("spinal cord injury patients", AuditVerdict.SUPPORTED, "case series"),
        ("monitoring is mandatory", AuditVerdict.SUPPORTED, "Niesters 2014"),
    ],
)
def test_the_seed_is_held_against_its_references(audit, claim, verdict, reason):
    chain = about(audit, claim)
    assert chain.verdict is verdict, chain.reason
    assert reason in chain.reason


def test_a_dose_that_only_a_candidate_has_is_said_to_rest_on_it(audit):
    assert "only a candidate behind [1]" in about(audit, "then 60 mg/day").reason


def test_an_editors_remark_is_shown_apart_and_is_no_evidence(audit, index):
    for chain in audit.chains:
        for found in (*chain.evidence, *chain.elsewhere):
            assert "editor's remark" not in index.by_id[found.passage_id].flags
            assert "seed article" not in found.text
    assert any("seed article" in remark.text for chain in audit.chains for remark in chain.remarks)


def test_a_line_that_was_not_page_checked_carries_nothing_without_saying_so(audit, index):
    for chain in audit.chains:
        for found in (*chain.evidence, *chain.elsewhere):
            if "not page-checked" in index.by_id[found.passage_id].flags:
                assert "not page-checked" in found.caution


def test_evidence_stands_in_the_documents_behind_the_claims_numbers(audit):
    for chain in audit.chains:
        behind = {identity for link in chain.links for identity in link.document_ids}
        assert {found.document_id for found in chain.evidence} <= behind
        assert chain.verdict is not AuditVerdict.CONTRADICTED or any(found.standing is Standing.CONTRADICTS for found in chain.evidence)


def test_the_source_of_a_figure_is_shown_where_the_article_does_not_cite_it(audit):
    assert "59%, 38% stand in Smith 2013, which the article does not cite here" in about(audit, "59% versus 38%").reason
    assert "smith2013-duloxetine-cipn" in {found.document_id for found in about(audit, "59% versus 38%").elsewhere}


def test_newer_evidence_harms_and_results_that_the_article_leaves_out_are_listed(audit):
    assert {"ferraro2025-cochrane-nmda", "soliman2025-neupsig-update"} <= {found.document_id for found in audit.left_out.newer}
    harms = " ".join(found.said for found in audit.left_out.harms)
    assert all(word in harms for word in ("cystitis", "nausea", "psychosis"))
    assert "liver" not in harms
    assert any("-2.14" in found.said for found in audit.left_out.results)


def test_the_chain_of_a_passage_goes_from_its_claims_to_the_passages_that_carry_them(index, audit, english):
    entry = article_entry(index)
    claim = about(audit, "Discomfort during").claim
    [chain] = evidence_chain(index, entry, claim.span, english)
    assert chain == about(audit, "Discomfort during")
    assert [(link.number, link.status, link.document_ids) for link in chain.links] == [
        ("6", "inferred", ("guimaraespereira2022-ketamine-neuropathic-meta",))
    ]
    assert evidence_chain(index, entry, Span(0, 10)) == ()
    section = next(section for section in entry.article.sections if section.heading.startswith("Risks"))
    assert [chain.claim.section for chain in evidence_chain(index, entry, section.span, english)] == [section.heading] * 5


def test_an_article_must_be_one_that_is_there(index):
    with pytest.raises(QuestionError, match="no article 'gout'"):
        article_entry(index, "gout")


def test_the_commands_print_what_the_contract_names(cli):
    references = json.loads(cli("references", "--json").stdout)["references"]
    assert [line["number"] for line in references] == list("1234567")
    assert all({"number", "status", "document_id", "title", "year", "reason", "claims"} <= line.keys() for line in references)
    claims = json.loads(cli("audit", "--json").stdout)["claims"]
    assert len(claims) == 29
    assert all({"claim", "section", "citations", "verdict", "reason", "evidence"} <= claim.keys() for claim in claims)
    assert {claim["verdict"] for claim in claims} <= {"supported", "partly", "unsupported", "contradicted", "source missing"}
    assert all(found.keys() >= {"document_id", "text"} for claim in claims for found in claim["evidence"])


def test_for_a_reader_the_claims_to_look_at_come_first(audit):
    assert "[7] unresolved" in ledger_lines(audit)
    assert audit_lines(audit).index("CONTRADICTED") < audit_lines(audit).index("SUPPORTED ·")


def test_a_report_is_written_for_editors(cli, tmp_path):
    result = cli("audit", "--report", tmp_path / "audit.html")
    assert result.exit_code == 0
    assert "CONTRADICTED" in result.stdout
    assert "Grade A" in (tmp_path / "audit.html").read_text(encoding="utf-8")


def test_a_report_of_another_form_or_place_is_refused(cli, tmp_path):
    for path in (tmp_path / "audit.pdf", tmp_path / "missing" / "audit.md"):
        result = cli("audit", "--report", path)
        assert result.exit_code == 2
        assert result.stderr.startswith("sequitur: ")


def test_a_report_needs_nothing_beside_it_and_nothing_in_it_acts(audit):
    page = html(audit)
    assert page.startswith("<!doctype html>")
    assert not any(word in page for word in ("<script", "http://", "https://", "<img", "<link"))
    assert markdown(audit).count("\n### ") == len(audit.chains)
