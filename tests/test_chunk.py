"""Cutting: a passage is one claim at its exact place."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.article import parse_article
from ingest.chunk import article_passages, reference_passages
from ingest.readers import body_start
from sequitur.chat import Chat
from sequitur.schema import TITLE, Document, Passage
from sequitur.text import canonical


def document(text: str, **known: str) -> Document:
    return Document("note", "rct", known.get("title", ""), text, hashlib.sha256(text.encode()).hexdigest(), "a/references/note.md", "a",
                    population=known.get("population", ""))  # fmt: skip


def cut(text: str, **known: str) -> list[Passage]:
    return list(reference_passages(document(text, **known)))


def words_of(text: str) -> list[str]:
    return [passage.text for passage in cut(text)]


LINE = st.one_of(
    st.sampled_from(
        ["## Findings", "# Title", "### Sub heading #", "- Pain fell by 1.5 points.", "* It rose. Then it fell.", "1. First: a step.", "12) Twelfth", "  - nested item",
         "Doses were:", "Mean (95% CI 1.2 to 3.4; P = .05). And more e.g. this. \"Quoted.\" (Bracketed.)", "", "", "   ", "\tindented", "#not a heading", "| a | b |", "---", "µg ≥ 75 “so”"]
    ),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=50),
)  # fmt: skip
NOTES = st.lists(LINE, max_size=25).map("\n".join)
FRONT = st.sampled_from(["", '---\nid: x\ntitle: "T"\n---\n', "---\nid: x\n---\n"])


def sound(passages: list[Passage], source: Document) -> None:
    """Passages stand where they say; no two of a document overlap, the title apart, which stands for the whole."""
    for passage in passages:
        assert passage.span.of(source.text) == passage.text != ""
        assert passage.id == f"{source.id}:{passage.span.start}-{passage.span.end}"
        assert passage.text == passage.text.strip()
        assert passage.lead is None or passage.lead.end <= passage.span.start
        assert all(passage.span.start <= mark.start < mark.end <= passage.span.end for mark in passage.marks)
    spans = [passage.span for passage in passages if TITLE not in passage.flags]
    assert spans == sorted(spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


@settings(max_examples=100, deadline=None)
@given(FRONT, NOTES)
def test_passages_of_any_note_stand_where_they_say_and_do_not_overlap(front, body):
    source = document(canonical(f"{front}{body}".encode()))
    sound(list(reference_passages(source)), source)


@settings(max_examples=60, deadline=None)
@given(NOTES)
def test_no_word_of_a_note_is_lost_but_headings_and_bullets(body):
    text = canonical(f"\n{body}".replace(":", ";").encode())  # no front matter, no lead-ins
    found = cut(text)
    covered = {place for passage in found for span in (passage.span, passage.lead) if span for place in range(*span)}
    for start, line in _lines(text):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        left = [text[place] for place in range(start, start + len(line)) if place not in covered and not text[place].isspace()]
        assert len(left) <= 3, (line, left)  # a bullet or "12)" at most


def _lines(text: str) -> list[tuple[int, str]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            LINE,
            st.sampled_from(
                ["\nTreatment\n", "  • Colchicine 1 mg 1, 2", "    • nested 3", "Drugs:", "Pain fell. In the trial 4 it rose. 1"]
            ),
        ),
        max_size=25,
    ).map("\n".join)
)
def test_passages_of_any_article_stand_where_they_say_and_do_not_overlap(body):
    source = document(canonical(f"What helps?\n\n{body}".encode()), title="What helps?")
    sound(list(article_passages(source, parse_article("note", source.text))), source)


def test_every_passage_of_the_corpus_stands_where_it_says(chat: Chat):
    for passage in chat.passages.values():
        assert passage.span.of(chat.documents[passage.document_id].text) == passage.text
    for identity, source in chat.documents.items():
        sound([passage for passage in chat.passages.values() if passage.document_id == identity], source)


def test_every_document_of_the_corpus_bears_the_hash_of_its_text(chat: Chat):
    for source in chat.documents.values():
        assert source.sha256 == hashlib.sha256(source.text.encode()).hexdigest()


def test_a_list_item_keeps_its_lead_in_and_its_numbers(chat: Chat):
    passage = next(passage for passage in chat.passages.values() if passage.text == "Multiple first and second-line treatments have failed")
    assert passage.lead is not None
    assert passage.lead.of(chat.documents[passage.document_id].text) == "Consider ketamine only when:"
    assert passage.section == "Clinical Approach to Refractory Neuropathic Pain"
    assert passage.citations == ("3",)


def test_lead_ins_alone_are_no_passages(chat: Chat):
    article = [passage for passage in chat.passages.values() if passage.document_id == chat.article.document_id]
    assert not [passage for passage in article if passage.text.endswith(":")]


def test_a_number_inside_a_sentence_is_marked_and_cited(chat: Chat):
    passage = next(passage for passage in chat.passages.values() if passage.text.startswith("The 2020 randomized controlled trial 4"))
    assert passage.citations == ("4",)
    assert [mark.of(chat.documents[passage.document_id].text) for mark in passage.marks] == ["4"]


def test_a_note_is_cut_into_sentences_and_items_below_their_headings():
    found = cut("## Findings\nPain fell. It rose again.\n\n## Safety\n- Nausea in 9.\n- None died.\n")
    assert [(passage.section, passage.text) for passage in found] == [
        ("Findings", "Pain fell."),
        ("Findings", "It rose again."),
        ("Safety", "Nausea in 9."),
        ("Safety", "None died."),
    ]


def test_items_below_a_lead_in_carry_it():
    text = "## Findings\nAgainst placebo:\n- pain fell;\n- sleep rose.\n"
    assert [(passage.lead.of(text), passage.text) for passage in cut(text) if passage.lead] == [
        ("Against placebo:", "pain fell;"),
        ("Against placebo:", "sleep rose."),
    ]


def test_the_population_of_the_front_matter_is_a_passage():
    text = '---\ntitle: "T one"\npopulation: "40 adults with gout"\n---\nPain fell.\n'
    found = cut(text, title="T one", population="40 adults with gout")
    assert [(passage.section, passage.text) for passage in found] == [
        ("Title", "T one"),
        ("Population", "40 adults with gout"),
        ("", "Pain fell."),
    ]


def test_front_matter_is_never_cut_into_passages():
    text = '---\nid: secret-key\nverified:\n  - "a page"\n---\nPain fell.\n'
    assert words_of(text) == ["Pain fell."]
    assert text[body_start(text) :] == "Pain fell.\n"


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Dose ceilings, not page-checked, low certainty.", "not page-checked"),
        ("The seed article quotes only its two risk ratios.", "editor's remark"),
    ],
)
def test_remarks_and_unchecked_statements_are_flagged(text, flag):
    [passage] = cut(text)
    assert passage.flags == (flag,)
