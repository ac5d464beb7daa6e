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
