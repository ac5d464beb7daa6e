"""The reference ledger: what an in-text number stands for, and which passage of a reference carries a claim."""

from __future__ import annotations

import pytest

from ingest.article import parse_article
from ingest.build import build_index
from ingest.chunk import article_passages, reference_passages
from ingest.readers import read_article, read_reference
from ingest.references import build_ledger, link_supports
from sequitur.chat import Chat
from sequitur.index import open_index
from sequitur.schema import LedgerEntry
from sequitur.settings import Settings


def ledger_of(settings: Settings) -> dict[str, LedgerEntry]:
    folder = settings.corpus / "gout"
    document = read_article(folder / "article.txt", "gout")
    article = parse_article("gout", document.text)
    notes = [read_reference(path, "gout") for path in sorted((folder / "references").glob("*.md"))]
    return {entry.number: entry for entry in build_ledger(article, notes, article_passages(document, article))}


@pytest.mark.parametrize(
    ("number", "status", "first"),
    [
        ("1", "self-citation", "fallon2018-esmo-cancer-pain"),
        ("2", "listed", "niesters2014-ketamine-risks-benefits"),
        ("3", "candidate", "gammaitoni2000-ketamine-gel"),
        ("4", "inferred", "pickering2020-ketamine-magnesium"),
        ("5", "listed", "kim2013-ketamine-acute-sci"),
        ("6", "inferred", "guimaraespereira2022-ketamine-neuropathic-meta"),
        ("7", "unresolved", None),
    ],
)
def test_each_number_of_the_seed_has_its_status(chat: Chat, number, status, first):
    entry = next(entry for entry in chat.ledger if entry.number == number)
    assert entry.status == status
    assert next(iter(entry.document_ids), None) == first
    assert entry.reason
    assert entry.claims


def test_the_ledger_of_the_seed_has_seven_numbers_in_order(chat: Chat):
    assert [entry.number for entry in chat.ledger] == list("1234567")


def test_an_entry_names_the_claims_that_cite_it(chat: Chat):
    for entry in chat.ledger:
        assert all(entry.number in chat.passages[claim].citations for claim in entry.claims)


def test_the_order_of_the_printed_list_decides_nothing(chat: Chat):
    third_listed = chat.article.references[2].title
    cited = next(entry for entry in chat.ledger if entry.title and third_listed.startswith(entry.title))
    assert cited.number == "5"


def test_a_number_without_any_document_is_unresolved_and_names_none(chat: Chat):
    [entry] = [entry for entry in chat.ledger if entry.status == "unresolved"]
    assert (entry.document_ids, entry.title, entry.year) == ((), "", None)


def test_a_note_whose_title_the_article_lists_is_listed_and_another_is_inferred(gout: Settings):
    ledger = ledger_of(gout)
    assert (ledger["1"].status, ledger["1"].document_ids) == ("listed", ("doe2019",))
    assert (ledger["2"].status, ledger["2"].document_ids) == ("inferred", ("roe2020",))


def test_a_note_that_only_may_be_meant_is_a_candidate(gout: Settings):
    path = gout.corpus / "gout" / "references" / "roe2020.md"
    path.write_text(path.read_text(encoding="utf-8").replace("cited_as: 2", "cited_as_candidate: 2"), encoding="utf-8")
    assert ledger_of(gout)["2"].status == "candidate"


def test_a_number_that_no_note_bears_is_unresolved(gout: Settings):
    (gout.corpus / "gout" / "references" / "roe2020.md").unlink()
    assert ledger_of(gout)["2"].status == "unresolved"


def test_a_claim_is_linked_to_the_passage_of_its_own_reference_that_carries_it(chat: Chat):
    psychedelic = next(passage for passage in chat.passages.values() if passage.text.startswith("Psychedelic effects (hallucinations"))
    [supporting] = psychedelic.supports
    passage = chat.passages[supporting]
    assert passage.document_id == "guimaraespereira2022-ketamine-neuropathic-meta"
    assert "RR 4.94 (95% CI 2.76 to 8.84" in passage.text


def test_a_claim_is_never_linked_to_a_document_it_does_not_cite(chat: Chat):
    behind = {entry.number: set(entry.document_ids) for entry in chat.ledger}
    for passage in chat.passages.values():
        for identity in passage.supports:
            assert any(chat.passages[identity].document_id in behind[number] for number in passage.citations)


def test_a_passage_without_the_words_and_figures_of_a_claim_supports_nothing(gout: Settings):
    folder = gout.corpus / "gout"
    document = read_article(folder / "article.txt", "gout")
    article = parse_article("gout", document.text)
    claims = article_passages(document, article)
    notes = reference_passages(read_reference(folder / "references" / "roe2020.md", "gout"))
    entry = LedgerEntry("1", "inferred", ("roe2020",), "", None, "", ())
    assert link_supports([*claims, *notes], [entry], {}) == {}


def test_an_unresolved_number_supports_nothing_after_indexing(gout: Settings):
    (gout.corpus / "gout" / "references" / "doe2019.md").unlink()
    build_index(gout)
    index = open_index(gout.index)
    [claim] = [passage for passage in index.passages if passage.citations == ("1",)]
    assert claim.supports == ()


# --- other articles with other notes -------------------------------------------------------------------------------------

ASTHMA = """How is severe asthma treated?

Last updated: May 2, 2024

Treatment of Severe Asthma

  • Mepolizumab 100 mg every 4 weeks halved exacerbations (rate ratio 0.47; 95% CI 0.35 to 0.64) 1
  • The 2017 randomized trial of azithromycin found fewer exacerbations (1.07 versus 1.86 per patient-year) 2
  • Bronchial thermoplasty in adults with severe persistent asthma improves quality of life 3
  • Oral corticosteroids cause adrenal insufficiency, fractures and cataracts with repeated short courses 4
  • Inhaler technique should be checked at each visit 5

References

Research

Effect of azithromycin on asthma exacerbations and quality of life in adults with persistent uncontrolled asthma

Lancet, 2017

Research

Bronchial thermoplasty for adults with severe persistent asthma

Chest, 2010

Research

Adverse outcomes from repeated short courses of oral corticosteroids

Journal of Asthma and Allergy, 2018

Disclaimer

For clinicians.
"""
NOTES = {
    "mepo.md": '---\nid: mepo\ntitle: "Mepolizumab treatment in severe eosinophilic asthma"\nauthors: [Lund A]\nyear: 2014\nkind: rct\n---\n'
    "## Findings\nExacerbations fell: rate ratio 0.47 (95% CI 0.35 to 0.64) with 100 mg subcutaneously every 4 weeks.\n",
    "azithro.txt": "Effect of azithromycin on asthma exacerbations and quality of life in adults with persistent uncontrolled asthma\n"
    "Moss B et al. Lancet 2017. DOI 10.1016/S0140-6736(17)31281-3\n\n"
    "In this randomised trial azithromycin 500 mg three times a week lowered exacerbations to 1.07 per patient-year from 1.86 on placebo.\n",
    "steroids.md": "# Adverse outcomes from repeated short courses of oral corticosteroids\n\n"
    "Repeated short courses were followed by osteoporosis, fractures, cataracts and adrenal insufficiency.\n",
    "tiotropium.md": '---\nid: tiotropium\ntitle: "Tiotropium in asthma poorly controlled with standard therapy"\nyear: 2012\nkind: rct\n---\n'
    "## Findings\nTime to the first severe exacerbation was longer with tiotropium (HR 0.79).\n",
}


@pytest.fixture
def asthma(tmp_path, settings: Settings) -> Settings:
    folder = tmp_path / "corpus" / "asthma"
    (folder / "references").mkdir(parents=True)
    (folder / "article.txt").write_text(ASTHMA, encoding="utf-8")
    for name, text in NOTES.items():
        (folder / "references" / name).write_text(text, encoding="utf-8")
    return Settings(corpus=tmp_path / "corpus", index=str(tmp_path / "index"), models=settings.models, database_url=settings.database_url)


def asthma_ledger(asthma: Settings) -> dict[str, LedgerEntry]:
    folder = asthma.corpus / "asthma"
    document = read_article(folder / "article.txt", "asthma")
    article = parse_article("asthma", document.text)
    notes = [read_reference(path, "asthma") for path in sorted((folder / "references").iterdir())]
    return {entry.number: entry for entry in build_ledger(article, notes, article_passages(document, article))}


@pytest.mark.parametrize(
    ("number", "status", "documents"),
    [
        ("1", "inferred", ("mepo",)),
        ("2", "listed", ("azithro",)),
        ("3", "listed", ()),
        ("4", "listed", ("steroids",)),
        ("5", "unresolved", ()),
    ],
)
def test_numbers_without_notes_that_state_them_are_recognised_by_content(asthma: Settings, number, status, documents):
    entry = asthma_ledger(asthma)[number]
    assert (entry.status, entry.document_ids) == (status, documents)


def test_the_reason_names_the_figures_that_match(asthma: Settings):
    reason = asthma_ledger(asthma)["1"].reason
    assert "0.47" in reason
    assert "0.35 to 0.64" in reason


def test_a_listed_title_without_a_file_keeps_its_title_and_says_so(asthma: Settings):
    entry = asthma_ledger(asthma)["3"]
    assert (entry.title, entry.year) == ("Bronchial thermoplasty for adults with severe persistent asthma", 2010)
    assert "no file" in entry.reason


def test_two_documents_that_fit_alike_are_candidates(asthma: Settings):
    folder = asthma.corpus / "asthma" / "references"
    (folder / "twin.md").write_text(NOTES["mepo.md"].replace("id: mepo", "id: twin"), encoding="utf-8")
    entry = asthma_ledger(asthma)["1"]
    assert entry.status in {"candidate", "unresolved"}


def test_two_notes_that_state_one_number_are_told_apart_by_figures_or_not_at_all(gout: Settings):
    path = gout.corpus / "gout" / "references" / "roe2020.md"
    twin = path.with_name("twin.md")
    twin.write_text(path.read_text(encoding="utf-8").replace("id: roe2020", "id: twin").replace("0.5 mg", "0.6 mg"), encoding="utf-8")
    assert ledger_of(gout)["2"].document_ids == ("roe2020",)
    twin.write_text(path.read_text(encoding="utf-8").replace("id: roe2020", "id: twin"), encoding="utf-8")
    assert ledger_of(gout)["2"].status == "candidate"


def test_the_order_of_notes_and_of_the_list_changes_nothing(asthma: Settings):
    before = {number: entry.document_ids for number, entry in asthma_ledger(asthma).items()}
    folder = asthma.corpus / "asthma" / "references"
    for number, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        path.rename(path.with_name(f"{number}-{path.name}"))
    after = {number: tuple(identity.split("-")[-1] for identity in entry.document_ids) for number, entry in asthma_ledger(asthma).items()}
    assert after == before
