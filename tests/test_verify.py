"""The verifier: a claim is shown only where a passage it names carries it."""

from __future__ import annotations

import pytest

from sequitur.chat import Chat
from sequitur.compose import shown
from sequitur.index import Index, open_index
from sequitur.schema import TITLE, Claim, Document, Passage, Span, Verdict
from sequitur.verify import check_all, objection, source_span, verify

DULOXETINE = "Duloxetine 60 mg/day reduced pain by 30% in 7 days in 12 patients with chemotherapy-induced neuropathy."
KETAMINE = "Ketamine should be used only after failure of first-line treatments in cancer-related pain, at doses of 0.5 mg/kg."
NOTHING = "The trial found no significant difference between ketamine and placebo over 35 days."


def texts(*said: str) -> tuple[dict[str, Passage], dict[str, Document]]:
    """Documents of one paragraph each, with a passage that is the whole of it, called p0, p1, …"""
    documents, passages = {}, {}
    for number, text in enumerate(said):
        documents[f"d{number}"] = Document(f"d{number}", "rct", "T", text, "", "", "a")
        passages[f"p{number}"] = Passage(f"p{number}", f"d{number}", Span(0, len(text)), text, "Findings", None, (), (), (), ())
    return passages, documents


def held(claim: str, *sources: str) -> str:
    """The reason for which a claim that names these sources is withheld; empty when it is shown."""
    passages, documents = texts(*sources)
    checked = verify(Claim(claim, tuple(passages)), passages, documents)
    assert bool(checked.reason) == (checked.verdict is not Verdict.SUPPORTED) == (checked.carried_by == ())
    return checked.reason


@pytest.mark.parametrize("source", [DULOXETINE, KETAMINE, NOTHING])
def test_the_very_words_of_a_passage_pass(source):
    assert held(source, source) == ""
    assert held(source.rstrip("."), source) == ""


def test_every_passage_of_the_corpus_carries_itself(chat: Chat):
    for passage in chat.passages.values():
        if TITLE not in passage.flags:
            checked = verify(Claim(passage.text, (passage.id,)), chat.passages, chat.documents)
            assert checked.verdict is Verdict.SUPPORTED or passage.marks


def test_every_claim_as_the_composer_shows_it_passes(chat: Chat, index_dir):
    index: Index = open_index(str(index_dir))
    for passage in chat.passages.values():
        if TITLE not in passage.flags:
            assert verify(Claim(shown(passage, index), (passage.id,)), chat.passages, chat.documents).verdict is Verdict.SUPPORTED, (
                passage.id
            )


def test_a_claim_that_cites_nothing_is_withheld():
    assert held(NOTHING) == "it names no passage"


def test_a_claim_that_cites_an_unknown_passage_is_withheld():
    passages, documents = texts(NOTHING)
    checked = verify(Claim(NOTHING, ("p0", "made-up:0-9")), passages, documents)
    assert (checked.verdict, checked.reason) == (Verdict.UNSUPPORTED, "it names a passage that does not exist")


def test_a_citation_moved_to_another_passage_is_withheld():
    assert held(DULOXETINE, NOTHING)
    assert held(KETAMINE, DULOXETINE)


def test_a_claim_moved_within_the_real_corpus_is_withheld(chat: Chat):
    claims = [passage for passage in chat.passages.values() if "RR " in passage.text]
    far = next(
        passage
        for passage in chat.passages.values()
        if passage.text == "Monitoring: Close patient monitoring is mandatory during administration"
    )
    assert claims
    for passage in claims:
        assert verify(Claim(passage.text, (far.id,)), chat.passages, chat.documents).verdict is not Verdict.SUPPORTED


OPENED = "Sleep improved. At 4 weeks 31% fared better and nausea was less common."


@pytest.mark.parametrize("opening", ["In sum, ", "Overall, ", "Notably, ", "To summarise, "])
def test_an_opening_that_says_nothing_changes_nothing(opening):
    source = "Pain fell in both arms. Two patients were not followed for more than a week."
    assert held(f"{opening}two patients were not followed for more than a week.", source) == ""
    assert held(f"{opening}three patients were not followed for more than a week.", source)


@pytest.mark.parametrize("sign", ["31 percent", "31 per cent", "31 %"])
def test_a_percentage_may_be_written_out(sign):
    assert held(f"At 4 weeks {sign} fared better and nausea was less common.", OPENED) == ""
    assert held(f"At 4 weeks {sign.replace('31', '41')} fared better and nausea was less common.", OPENED)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Both groups worsened from baseline.", "Both groups improved from baseline."),
        ("Wind-up was raised by ketamine, worsened by morphine.", "Wind-up was reduced by ketamine, worsened by morphine."),
        ("Lower quality of life went along with less severe pain.", "Lower quality of life went along with more severe pain."),
        (
            "The 92 participants had raised pinprick sensation.",
            "Doses were increased weekly. The 92 participants had reduced pinprick sensation.",
        ),
    ],
)
def test_a_direction_turned_round_beside_another_is_withheld(claim, source):
    assert "direction" in held(claim, source)


@pytest.mark.parametrize(
    ("claim", "source", "reason"),
    [
        (DULOXETINE.replace("30%", "50%"), DULOXETINE, "the number 50 %"),
        (DULOXETINE.replace("60", "90"), DULOXETINE, "the number 90 mg/day"),
        (DULOXETINE.replace("12 patients", "13 patients"), DULOXETINE, "the number 13"),
        (DULOXETINE.replace("60 mg/day", "60 mg/kg"), DULOXETINE, "another unit"),
        (KETAMINE.replace("0.5 mg/kg", "0.5 mg each"), KETAMINE, "another unit"),
        (KETAMINE.replace("0.5", "5"), KETAMINE, "the number 5"),
        (KETAMINE.replace("0.5", "1.5"), KETAMINE, "the number 1.5"),
    ],
)
def test_a_changed_number_or_unit_is_withheld(claim, source, reason):
    assert reason in held(claim, source)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (NOTHING.replace("no significant", "a significant"), NOTHING),
        (DULOXETINE.replace("reduced", "did not reduce"), DULOXETINE),
        (DULOXETINE.replace("reduced", "never reduced"), DULOXETINE),
        ("No patient had hallucinations after ketamine.", "Twelve patients had hallucinations after ketamine."),
    ],
)
def test_a_changed_negation_is_withheld_as_contradicted(claim, source):
    assert "negation" in held(claim, source)
    passages, documents = texts(source)
    assert verify(Claim(claim, ("p0",)), passages, documents).verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize(("one", "other"), [("Duloxetine", "Gabapentin"), ("Duloxetine", "Pregabalin"), ("Duloxetine", "Amitriptyline")])
def test_a_changed_drug_is_withheld(one, other):
    assert f"{other.lower()} is not named" in held(DULOXETINE.replace(one, other), DULOXETINE)


@pytest.mark.parametrize(
    "claim",
    [
        KETAMINE.replace("only ", ""),
        KETAMINE.replace("only after failure of first-line treatments ", ""),
        KETAMINE.replace("in cancer-related pain", "in pain"),
    ],
)
def test_a_dropped_qualifier_is_withheld(claim):
    assert "qualifier" in held(claim, KETAMINE) or "negation" in held(claim, KETAMINE)


def test_an_added_qualifier_is_withheld():
    assert "qualifier “chronic”" in held(DULOXETINE.replace("pain", "chronic pain"), DULOXETINE)


def test_a_reversed_direction_is_withheld():
    source = "Ketamine increased blood pressure in patients after the infusion."
    assert "direction" in held(source.replace("increased", "decreased"), source)


def test_words_of_another_matter_are_withheld():
    assert "wording" in held("Bananas grow well beside warm rivers everywhere.", "Duloxetine helps people sleep.")


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (DULOXETINE.replace("7 days", "1 week"), DULOXETINE),
        (DULOXETINE.replace("7 days", "one week"), DULOXETINE),
        (DULOXETINE.replace("12 patients", "twelve patients"), DULOXETINE),
        ("Patients took 1600 mg of gabapentin.", "Patients took 1,600 mg of gabapentin."),
        (NOTHING.replace("35 days", "5 weeks"), NOTHING),
        (DULOXETINE.replace("reduced pain by 30%", "reduced **pain** by 30 per cent"), DULOXETINE),
    ],
)
def test_the_same_quantity_said_otherwise_passes(claim, source):
    assert held(claim, source) == ""


def test_a_month_is_not_silently_thirty_days():
    assert held("Pain fell after 1 month of gabapentin.", "Pain fell after 30 days of gabapentin.")


def test_only_passages_that_carry_a_claim_are_cited_for_it():
    passages, documents = texts(DULOXETINE, "Lidocaine patches soothe.")
    checked = verify(Claim(DULOXETINE, ("p0", "p1")), passages, documents)
    assert checked.carried_by == ("p0",)


def test_a_second_passage_with_the_same_figures_stands_beside_the_first():
    passages, documents = texts("Discomfort (RR 4.06; 95% CI 1.18 to 13.95)", "Discomfort: RR 4.06 (95% CI 1.18 to 13.95; p = 0.03).")
    checked = verify(Claim("Discomfort (RR 4.06; 95% CI 1.18 to 13.95)", ("p0", "p1")), passages, documents)
    assert checked.carried_by == ("p0", "p1")


def test_claims_are_kept_in_order_and_the_withheld_keep_their_reasons():
    passages, documents = texts(DULOXETINE, NOTHING)
    claims = [Claim(NOTHING, ("p1",)), Claim(DULOXETINE.replace("30%", "31%"), ("p0",)), Claim(DULOXETINE, ("p0",))]
    kept, withheld = check_all(claims, passages, documents)
    assert [claim.text for claim, _ in kept] == [NOTHING, DULOXETINE]
    assert [(held.text, held.reason) for held in withheld] == [
        (DULOXETINE.replace("30%", "31%"), "the number 31 % stands in no cited passage")
    ]


def test_a_list_item_is_quoted_from_its_lead_in(chat: Chat):
    passage = next(passage for passage in chat.passages.values() if passage.text == "Multiple first and second-line treatments have failed")
    quoted = source_span(passage, chat.documents).of(chat.documents[passage.document_id].text)
    assert quoted.startswith("Consider ketamine only when:")
    assert quoted.endswith(passage.text)


def test_every_quote_of_the_corpus_holds_its_passage_and_starts_no_earlier_than_its_paragraph_or_lead_in(chat: Chat):
    for passage in chat.passages.values():
        text = chat.documents[passage.document_id].text
        span = source_span(passage, chat.documents)
        assert span.of(text).endswith(passage.text)
        assert passage.lead or "\n" not in text[span.start : passage.span.start]


@pytest.mark.parametrize("claim", ["", " ", "...", "**"])
def test_a_claim_without_words_raises_nothing(claim):
    assert isinstance(objection(claim, NOTHING), str)


ONLY_AFTER = "Ketamine should be used only after failure of first-line treatments in cancer-related pain, at doses of 0.5 mg/kg."


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Ketamine was given at 0.5 mg", "Ketamine was given at 0.5 mg/kg over 40 minutes."),
        ("Pain fell by 3", "Pain fell by 30% with duloxetine."),
        ("ketamine works", "There is no evidence that ketamine works in chronic pain."),
        ("Ketamine should be used", ONLY_AFTER),
        (ONLY_AFTER.replace("should be", "should never be"), ONLY_AFTER),
        ("Ketamine had no effect on pain; nausea was frequent.", "Ketamine had an effect on pain; nausea was not frequent."),
        ("Duloxetine is inferior to ketamine in chronic pain.", "Ketamine is inferior to duloxetine in chronic pain."),
        ("Pain fell in 38% with duloxetine and 59% with placebo.", "Pain fell in 59% with duloxetine and 38% with placebo."),
        ("Doses of at least 75 mg/day are used.", "Doses of at most 75 mg/day are used."),
        ("The difference was -1.68 points with ketamine.", "The difference was 1.68 points with ketamine."),
    ],
)
def test_a_fragment_or_a_twist_of_its_source_is_withheld(claim, source):
    assert held(claim, source)


def test_a_figure_of_another_item_of_the_same_list_is_withheld(chat: Chat):
    item = next(passage for passage in chat.passages.values() if passage.text == "Hepatotoxicity in a minority of patients")
    assert verify(Claim("Hepatotoxicity (RR 4.94; 95% CI 2.76 to 8.84)", (item.id,)), chat.passages, chat.documents).reason
