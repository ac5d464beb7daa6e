"""The article parser, against the seed page word for word and against pages that carry less."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.article import parse_article
from ingest.chunk import article_passages
from ingest.citations import expand_numbers, inline_citations, split_citations
from sequitur.schema import Article, Document, Span
from sequitur.text import canonical

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "corpus" / "ketamine-neuropathic-pain" / "article.txt"
GOLDEN = Path(__file__).parent / "golden" / "article.json"
DISCLAIMER = (
    "This information is intended for healthcare professionals. Any medical decision-making should rely on clinical judgment and independently "
    "verified information. The content provided herein does not replace professional discretion and should be considered supplementary to "
    "established clinical guidelines. Healthcare providers should verify all information against primary literature and current practice "
    "standards before application in patient care. Dr.Oracle assumes no liability for clinical decisions based on this content."
)
HEADINGS = [
    "Ketamine for Treatment of Refractory Neuropathic Pain",
    "First-Line Treatment Options for Neuropathic Pain",
    "Role of Ketamine in Neuropathic Pain",
    "Potential Benefits of Ketamine",
    "Administration and Dosing",
    "Risks and Side Effects",
    "Clinical Approach to Refractory Neuropathic Pain",
    "Conclusion",
]
PAGE = """What helps in gout?

Gout Attacks

Colchicine helps in acute gout. 1

Treatment

Several drugs are used:

  • Colchicine 1 mg, then 0.5 mg an hour later 1, 2
  • Naproxen 500 mg twice daily 2
"""


def seed_text() -> str:
    return canonical(SEED.read_bytes())


@pytest.fixture(scope="module")
def seed() -> Article:
    return parse_article("seed", seed_text())


def claims(text: str) -> list[tuple[str, tuple[str, ...]]]:
    article = parse_article("a", text)
    return [(block.text, block.citations) for section in article.sections for block in section.blocks]


def test_the_seed_article_is_parsed_as_the_golden_file_says(seed):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {
        "title": seed.title,
        "board": seed.board,
        "notice": seed.notice,
        "steps": list(seed.steps),
        "status": seed.status,
        "last_updated": seed.last_updated,
        "disclaimer": seed.disclaimer,
        "invitation": seed.invitation,
    } == golden["page"]
    assert [
        {
            "heading": section.heading,
            "blocks": [[block.kind, block.level, block.label, block.text, " ".join(block.citations)] for block in section.blocks],
        }
        for section in seed.sections
    ] == golden["sections"]
    assert [[entry.kind, entry.title, entry.source, entry.year] for entry in seed.references] == golden["references"]


def test_the_head_of_the_page_is_read(seed):
    assert seed.title == "What is the role of ketamine in the treatment of refractory neuropathy pain?"
    assert "Medical Advisory Board" in seed.board
    assert seed.notice == "Educational purpose only • Exercise caution as content is pending human review"
    assert seed.steps == ("Submitted", "Under Review", "Approved")
    assert seed.status == "under review"
    assert seed.last_updated == "2025-10-10"


def test_the_eight_headings_are_found_in_order(seed):
    assert [section.heading for section in seed.sections] == HEADINGS


def test_the_disclaimer_is_kept_byte_for_byte(seed):
    assert seed.disclaimer == DISCLAIMER
    assert DISCLAIMER.encode() in SEED.read_bytes()


def test_the_invitation_to_ask_on_is_kept(seed):
    assert seed.invitation.startswith("Have a follow-up question?")
    assert seed.invitation.endswith("answers instantly.")


def test_the_three_printed_references_are_read_with_their_kinds(seed):
    assert [(entry.kind, entry.year) for entry in seed.references] == [("Guideline", 2025), ("Research", 2014), ("Research", 2013)]


def test_numbered_steps_hold_their_sub_bullets(seed):
    approach = next(section for section in seed.sections if section.heading.startswith("Clinical Approach"))
    assert [(block.kind, block.label, block.level) for block in approach.blocks][:4] == [
        ("step", "1.", 0), ("bullet", "", 1), ("bullet", "", 1), ("bullet", "", 1),
    ]  # fmt: skip
    assert [block.label for block in approach.blocks if block.kind == "step"] == ["1.", "2.", "3."]


def test_every_block_and_reference_of_the_seed_stands_where_its_span_says(seed):
    text = seed_text()
    for section in seed.sections:
        assert section.span.of(text).startswith(section.heading)
        assert all(block.span.of(text) == block.text for block in section.blocks)
    assert all(entry.span.of(text).startswith(entry.title) for entry in seed.references)


def test_each_block_of_the_seed_is_followed_in_the_text_by_its_numbers(seed):
    text = seed_text()
    for block in (block for section in seed.sections for block in section.blocks):
        after = text[block.span.end : text.find("\n", block.span.end)]
        assert after.strip() == ", ".join(block.citations)


def test_a_page_without_references_status_date_and_disclaimer_is_read_with_these_empty():
    article = parse_article("gout", PAGE)
    assert article.title == "What helps in gout?"
    assert [section.heading for section in article.sections] == ["Gout Attacks", "Treatment"]
    assert (article.board, article.notice, article.steps, article.last_updated) == ("", "", (), "")
    assert (article.references, article.disclaimer, article.invitation) == ((), "", "")
    assert article.status == "unknown"


def test_numbers_of_another_page_are_read_as_citations():
    assert ("Colchicine 1 mg, then 0.5 mg an hour later", ("1", "2")) in claims(PAGE)
    assert ("Naproxen 500 mg twice daily", ("2",)) in claims(PAGE)


def test_markdown_headings_are_headings():
    article = parse_article("a", "# Gout\n\n## Treatment\nColchicine helps. 1\n### Dose\n- 1 mg at once 2\n")
    assert article.title == "Gout"
    assert [section.heading for section in article.sections] == ["Treatment", "Dose"]
    assert [block.text for block in article.sections[1].blocks] == ["1 mg at once"]


def test_a_page_of_one_line_and_an_empty_page_have_no_sections():
    assert parse_article("a", "Only a title\n").sections == ()
    assert parse_article("a", "").title == ""


@pytest.mark.parametrize(
    ("line", "text", "numbers"),
    [
        ("Hepatotoxicity in a minority of patients 2", "Hepatotoxicity in a minority of patients", ("2",)),
        ("Pain fell.1", "Pain fell.", ("1",)),
        ("Pain fell. 1, 3", "Pain fell.", ("1", "3")),
        ("Pain fell [4]", "Pain fell", ("4",)),
        ("Pain fell 3-5", "Pain fell", ("3", "4", "5")),
        ("Pain fell (RR 4.06; 95% CI 1.18 to 13.95) 6", "Pain fell (RR 4.06; 95% CI 1.18 to 13.95)", ("6",)),
        ("Neuropathy of grade 4", "Neuropathy of grade 4", ()),
        ("A small study, n = 40", "A small study, n = 40", ()),
        ("The target dose is 1,600 mg", "The target dose is 1,600 mg", ()),
        ("Data were collected until 2019", "Data were collected until 2019", ()),
        ("Scores fell from 7 to 4", "Scores fell from 7 to 4", ()),
        ("Pain fell 5, 3", "Pain fell 5, 3", ()),
        ("Nothing at all", "Nothing at all", ()),
        ("Pain fell in 2019.4", "Pain fell in 2019.", ("4",)),
        ("Pain fell (P<.05", "Pain fell (P<.05", ()),
        ("Pain fell¹˒²", "Pain fell", ("1", "2")),
        ("a BMI of 30 kg/m²", "a BMI of 30 kg/m²", ()),
        ("Replace vitamin B12", "Replace vitamin B12", ()),
        ("with treatment1,2", "with treatment", ("1", "2")),
        ("in most patients 1, 2.", "in most patients", ("1", "2")),
        ("in most patients [1,2].", "in most patients", ("1", "2")),
        ("Give a dose 10-25", "Give a dose 10-25", ()),
        ("Continue until March 3", "Continue until March 3", ()),
        ("with NYHA class 2", "with NYHA class 2", ()),
        ("(Level II, Grade D) 12, 13", "(Level II, Grade D)", ("12", "13")),
        ("within 2–4 weeks.1", "within 2–4 weeks.", ("1",)),
        ("Keep the pH above 7", "Keep the pH above 7", ()),
    ],
)
def test_citation_numbers_are_told_from_other_numbers(line, text, numbers):
    span, found = split_citations(line, 0, len(line))
    assert (span.of(line), found) == (text, numbers)


LINES = st.one_of(
    st.text(st.characters(blacklist_characters="\n", blacklist_categories=["Cs"]), max_size=60),
    st.lists(st.sampled_from(["Pain ", "fell", ".", " ", "1", "2", "12", ", ", "-", "3;4", "[5]", "grade ", "n = ", "(", ")"]), max_size=12).map("".join),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_splitting_citations_never_changes_a_claim_and_never_reports_numbers_out_of_order(before, line):
    text = f"{before}\n{line}"
    start = len(before) + 1
    span, numbers = split_citations(text, start, len(text))
    assert span.start == start
    assert start <= span.end <= len(text)
    assert text[start : span.end] + text[span.end :] == line
    assert not [letter for letter in text[span.end :] if letter.isalpha()]
    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
    assert bool(numbers) == (span.end < len(text))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=6))
def test_numbers_that_do_not_ascend_are_no_citations(numbers):
    found = expand_numbers(", ".join(map(str, numbers)))
    ascending = numbers == sorted(set(numbers)) and numbers[0] > 0
    assert found == (tuple(map(str, numbers)) if ascending else ())


def test_a_number_inside_a_sentence_cites_only_what_the_article_cites_elsewhere():
    text = "The 2020 randomized controlled trial 4 showed no relief in a trial 9 of its own."
    marks, numbers = inline_citations(text, Span(0, len(text)), frozenset({"1", "4"}))
    assert numbers == ("4",)
    assert [mark.of(text) for mark in marks] == ["4"]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Exercise caution as content is pending human review", "under review"),
        ("This article is awaiting medical review.", "under review"),
        ("This page was approved by our board.", "approved"),
        ("Review status: Approved", "approved"),
        ("Review status: splendid", "unknown"),
        ("Submitted\nUnder Review\nApproved", "unknown"),
        ("", "unknown"),
        ("This article has not been approved by our board.", "under review"),
        ("This page will be shown once it is approved by our board.", "unknown"),
        ("Ketamine is approved by the FDA.", "unknown"),
        ("This article was approved by our board. Its update is pending human review.", "under review"),
        ("Review status: Not approved", "unknown"),
        ("This content is no longer pending review.", "unknown"),
    ],
)
def test_a_status_is_only_what_the_text_reveals(head, status):
    text = f"What helps in gout?\n\n{head}\n\nLast updated: May 2, 2024\n\n{PAGE.partition('?')[2].strip()}\n"
    assert parse_article("gout", text).status == status


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("Last updated: October 10, 2025View editorial policy", "2025-10-10"),
        ("Last updated: 3 May 2024", "2024-05-03"),
        ("Last updated 2024-05-03", "2024-05-03"),
        ("Last updated: Feb 30, 2024", ""),
        ("Last updated: recently", ""),
    ],
)
def test_a_date_is_read_in_several_forms_and_never_guessed(written, iso):
    text = f"What helps in gout?\n\n{written}\n\n{PAGE.partition('?')[2].strip()}\n"
    assert parse_article("gout", text).last_updated == iso


def test_a_reference_list_of_one_line_entries_is_read():
    text = f"{PAGE}\nReferences\n\n1. Smith J, Jones K. Colchicine for acute gout: a randomised trial of two doses. Lancet, 2011\n"
    [entry] = parse_article("gout", text).references
    assert entry.year == 2011
    assert entry.title.startswith("Smith J, Jones K. Colchicine")


HEADING = st.sampled_from(
    ["\nTreatment\n", "\n## Dose\n", "\nRisks and Side Effects\n", "\nReferences\n", "\nProfessional Medical Disclaimer\n"]
)
BODY = st.sampled_from(
    ["Pain fell. It rose again. 1", "Drugs are used:", "  • Colchicine 1 mg 1, 2", "    • nested 3", "1. First do this:", "2) Then that", "", "- dash 4",
     "Research", "Lancet, 2011", "Under Review", "µg ≥75 mg/day “quoted” 5", "\t• tab", "Have a follow-up question?"]
)  # fmt: skip
HEAD = st.sampled_from(["", "What helps?\n\nLast updated: May 2, 2024\n", "Content is pending review\nSubmitted\nApproved\n"])
PAGES = st.tuples(HEAD, st.lists(st.one_of(HEADING, BODY, st.text(max_size=40)), max_size=25).map("\n".join)).map("\n".join)


@settings(max_examples=100, deadline=None)
@given(PAGES)
def test_any_page_is_parsed_with_exact_spans(page):
    text = canonical(page.encode("utf-8", "replace"))
    article = parse_article("any", text)
    blocks = [block for section in article.sections for block in section.blocks]
    assert all(block.span.of(text) == block.text for block in blocks)
    assert all(one.span.end <= other.span.start for one, other in itertools.pairwise(blocks))
    assert article.disclaimer in text
    assert article.invitation in text


@pytest.mark.parametrize("line", ["The hazard ratio was 0.5", "P = 0.03", "RR 1.2–3", "It took about 30", "The median was 12"])
def test_a_figure_at_the_end_of_a_line_cites_nothing(line):
    assert split_citations(line, 0, len(line)) == (Span(0, len(line)), ())


def test_a_date_in_the_footer_is_read_and_cuts_nothing_off():
    text = (
        "What helps?\n\nTreatment\n\nColchicine helps in gout. 1\n\nReferences\n\nResearch\n\nT\n\nLancet, 2011\n\n"
        "Disclaimer\n\nVerify.\n\nHave a follow-up question?\n\nAsk.\n\nLast updated: May 2, 2024\n"
    )
    article = parse_article("x", text)
    assert [section.heading for section in article.sections] == ["Treatment"]
    assert article.last_updated == "2024-05-02"


def test_front_matter_is_no_part_of_the_page():
    assert parse_article("x", "---\ntitle: A\n---\n# Gout\n\n## T\nPain fell in gout. 1\n").title == "Gout"


def test_a_title_that_speaks_of_approval_reveals_no_status():
    text = "Which content is approved by the FDA?\n\nSubmitted\nUnder Review\nApproved\n\nLast updated: May 2, 2024\n\nDrugs\n\n  • Colchicine 1\n"
    assert parse_article("x", text).status == "unknown"


def test_citation_numbers_between_sentences_belong_to_the_sentence_before_them():
    text = "What helps?\n\nTreatment\n\nPain fell in 12 of 20. 1 However, harm was seen.2,3 In a trial [4] it rose. 12 Patients left. It ended 1, 2\n"
    document = Document("x", "article", "What helps?", text, "", "", "")
    found = {passage.text: passage.citations for passage in article_passages(document, parse_article("x", text))}
    assert found == {
        "What helps?": (),
        "Pain fell in 12 of 20. 1": ("1",),
        "However, harm was seen.2,3": ("2", "3"),
        "In a trial [4] it rose.": ("4",),
        "12 Patients left.": (),
        "It ended": ("1", "2"),
    }


@pytest.mark.parametrize(("line", "is_heading"), [("Vitamin D3", True), ("Management of COVID-19", True), ("How to taper", True), ("Dose in elderly people", True),
                                               ("Ketamine is not a first-line drug in any guideline", False), ("Ketamine helps some 1", False)])  # fmt: skip
def test_headings_are_told_from_short_paragraphs(line, is_heading):
    article = parse_article("x", f"What helps?\n\nTreatment\n\n{line}\n\n  • Colchicine 1 mg 1\n")
    assert (line in [section.heading for section in article.sections]) == is_heading


def test_a_number_far_above_the_others_is_no_citation():
    article = parse_article("x", "What helps?\n\nTreatment\n\n  • Rest 1\n  • Colchicine 2, 3\n  • Aim for a pressure 65\n")
    assert [block.citations for block in article.sections[0].blocks] == [("1",), ("2", "3"), ()]


@pytest.mark.parametrize(
    ("rows", "entries"),
    [
        (["Guideline", "Management of gout in primary care: a guideline of the college, 2024", "BMJ, 2024"], [("Guideline", "Management of gout in primary care: a guideline of the college, 2024", "BMJ", 2024, "")]),
        (["Drug Label", "Febuxostat", "FDA"], [("Drug Label", "Febuxostat", "FDA", None, "")]),
        (["Research", "Only a title", "Research", "Another", "Lancet, 2011"], [("Research", "Only a title", "", None, ""), ("Research", "Another", "Lancet", 2011, "")]),
        (["2. Smith J. A trial of colchicine in acute gout attacks of the foot. Lancet 2011;1:2-9."], [("", "Smith J. A trial of colchicine in acute gout attacks of the foot. Lancet 2011;1:2-9.", "", 2011, "2")]),
    ],
)  # fmt: skip
def test_reference_lists_of_several_layouts_are_read(rows, entries):
    listed = "\n\n".join(rows)
    found = parse_article("x", f"{PAGE}\nReferences\n\n{listed}\n\nRelated Questions\n\nWhat is gout?\n").references
    assert [(entry.kind, entry.title, entry.source, entry.year, entry.label) for entry in found] == entries


def test_a_disclaimer_ends_where_the_footer_of_the_site_begins():
    text = f"{PAGE}\nDisclaimer: verify everything.\n\nRelated Questions\n\nWhat is gout?\n"
    assert parse_article("x", text).disclaimer == "verify everything."


@pytest.mark.parametrize(
    "shape",
    [
        " ",
        "1, ",
        "a 1 ",
        "trial 1 ",
        "Pain fell. 1 ",
        "pending human ",
        "disclaimer ",
        "a\n\n",
        "  - a 1\n",
        "# ",
        "[",
        "Last updated: Oct ",
    ],
)
def test_a_page_made_to_keep_the_parser_busy_ends(shape):
    text = f"What helps?\n\nTreatment\n\n{shape * (60_000 // len(shape))}\n\nMore\n\n  - Colchicine 1\n"
    document = Document("x", "article", "What helps?", text, "", "", "")
    found = list(article_passages(document, parse_article("x", text)))
    assert found[-1].text == "Colchicine"
    assert all(passage.span.of(text) == passage.text for passage in found)
