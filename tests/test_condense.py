"""Follow-ups become questions that stand alone; questions that already do are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequitur.assemble import assemble
from sequitur.condense import MAX_CHARACTERS, Vocabulary, condense, question_text
from sequitur.condense.concepts import correct
from sequitur.errors import QuestionError
from sequitur.ports import BOUNDARY
from sequitur.schema import Query, Turn

FIRST = "Does ketamine help nerve pain?"


@pytest.fixture(scope="module")
def known(settings, index_dir) -> Vocabulary:
    return assemble(settings).vocabulary


def after(known: Vocabulary, question: str, *before: str) -> Query:
    """How a question is understood after others, each understood after those before it."""
    turns: list[Turn] = []
    for asked in before:
        turns.append(Turn(asked, condense(asked, turns, known).standalone))
    return condense(question, turns, known)


@pytest.mark.parametrize(
    ("question", "before", "words"),
    [
        ("And its side effects?", [FIRST], ["ketamine", "side effects"]),
        ("What about the liver?", ["What are the risks of ketamine?"], ["ketamine", "liver"]),
        ("How is it given?", [FIRST], ["ketamine", "given"]),
        ("and for cancer pain?", [FIRST], ["ketamine", "cancer"]),
        ("what about pregabalin?", ["What is the dose of gabapentin?"], ["pregabalin", "dose"]),
        ("Is it safe?", ["How well does duloxetine work?"], ["duloxetine", "safe"]),
        ("How long does the effect last?", ["Does intravenous ketamine help?"], ["ketamine", "last"]),
        ("And its side effects?", ["Does ketamine help nerve pain?", "ok thanks"], ["side effects"]),
    ],
)
def test_a_follow_up_carries_what_it_leaves_unsaid(known, question, before, words):
    standalone = after(known, question, *before).standalone.lower()
    assert all(word in standalone for word in words), standalone


def test_a_drug_that_was_replaced_does_not_linger(known):
    standalone = after(known, "what about pregabalin?", "What is the dose of gabapentin?").standalone.lower()
    assert "gabapentin" not in standalone


@pytest.mark.parametrize("question", ["no, I meant oral", "No I meant oral ketamine", "sorry, oral"])
def test_a_correction_replaces_what_was_meant(known, question):
    query = after(known, question, "What is the dose of intravenous ketamine?")
    assert "oral" in query.standalone.lower()
    assert "intravenous" not in query.standalone.lower()
    assert "ketamine" in query.standalone.lower()
    assert "dose" in query.standalone.lower()
    assert "meant" not in query.standalone.lower()


def test_a_correction_of_the_drug_keeps_the_question(known):
    standalone = after(known, "no, I meant duloxetine", "What is the dose of gabapentin?").standalone.lower()
    assert "duloxetine" in standalone
    assert "dose" in standalone
    assert "gabapentin" not in standalone


def test_a_correction_leaves_nothing_of_what_it_corrects(known):
    query = after(known, "I meant phn", "ket dpn")
    assert query.before == query.standalone == "ketamine postherpetic neuralgia?"
    assert not query.shown


@pytest.mark.parametrize(
    ("question", "before", "standalone"),
    [
        ("why not?", "Is ketamine a first choice?", "Why is ketamine not a first choice?"),
        ("how come", "Does the gel help?", "Why does the gel help?"),
        ("why?", "Liver injury after ketamine", "Why: Liver injury after ketamine"),
    ],
)
def test_why_asks_for_the_reason_of_what_was_asked(known, question, before, standalone):
    assert after(known, question, before).standalone == standalone


def test_the_drug_of_the_article_is_not_put_into_a_question_on_treatment_at_large(known):
    assert "ketamine" not in after(known, "which has the best NNT?", "What are the first line treatments?").standalone


def test_what_the_whole_article_is_about_need_not_be_carried(known):
    standalone = after(known, "and the risks?", "Does ketamine help refractory neuropathic pain?").standalone
    assert "ketamine" in standalone
    assert "neuropathic" not in standalone


def test_an_everyday_word_of_a_journal_names_no_source(known):
    assert not known.named("what do the European guidelines say")
    assert not known.named("is it used in complex regional pain")


@pytest.mark.parametrize("said", ["ok thanks", "Thank you!", "great, thanks a lot", "Thanks, very helpful.", "Got it.", "ok"])
def test_thanks_are_acknowledged_and_searched_for_nowhere(known, said):
    query = after(known, said, FIRST)
    assert query.acknowledgement
    assert query.readings == ()


@pytest.mark.parametrize("said", ["ok and the dose?", "thanks, what about the liver?", "Good evidence for ketamine?"])
def test_thanks_with_a_question_are_a_question(known, said):
    assert not after(known, said, FIRST).acknowledgement


@pytest.mark.parametrize(
    "question",
    [
        "What is the recommended dose of gabapentin for neuropathic pain?",
        "How common are psychedelic effects with ketamine?",
        "What did the 2020 randomized controlled trial of ketamine find?",
        "Does topical ketamine gel cause fewer systemic side effects?",
        "Is duloxetine better than placebo in neuropathic pain?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(known, question):
    assert after(known, question, "Is lidocaine any use?", "Does tramadol help?").standalone == question
    assert after(known, question).standalone == question


def test_a_first_question_is_changed_in_spelling_and_wording_alone(known):
    assert after(known, "what is the dose of gabapentn?").standalone == "what is the dose of gabapentin?"
    assert "duloxetine" in after(known, "is Cymbalta any good?").standalone.lower()


def test_a_reader_may_say_himself_what_he_meant(known):
    query = condense("and that?", [Turn(FIRST, FIRST)], known, standalone="What are the risks of ketamine?")
    assert query.standalone == "What are the risks of ketamine?"
    assert query.asked == "and that?"


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("And how many patients were in that trial?", "pickering"),
        ("What does [1] say about safety?", "pickering"),
        ("Tell me about the second source", "kim2013"),
    ],
)
def test_a_question_can_point_back_to_a_source_shown(known, question, document):
    identities = {identity: identity.split("-")[0] for identity in known.documents}
    first = next(identity for identity, short in identities.items() if short.startswith("pickering"))
    second = next(identity for identity, short in identities.items() if short.startswith("kim2013"))
    shown = (f"{first}:0-10", f"{second}:0-10")
    query = condense(question, [Turn(FIRST, FIRST, shown)], known)
    assert any(identity.startswith(document) for identity in query.shown)


def test_a_source_named_by_author_or_year_is_recognised(known):
    assert "pickering2020-ketamine-magnesium" in condense("What did Pickering find?", (), known).named
    assert condense("What did Pickering 2020 find?", (), known).named == ("pickering2020-ketamine-magnesium",)
    assert condense("What is neuropathic pain?", (), known).named == ()


def test_the_typed_words_are_always_searched_for_too(known):
    query = after(known, "and the ses?", FIRST)
    assert any(reading.text == "and the ses?" for reading in query.readings)
    assert query.readings[0].text == query.standalone


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "empty"),
        ("   \n\t ", "empty"),
        ("\u200b", "no letters"),
        ("🙂🙂", "no letters"),
        ("?!…", "no letters"),
        ("a" * (MAX_CHARACTERS + 1), "4,001 characters"),
        ("What\x00is it?", "NUL"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(known, question, reason):
    with pytest.raises(QuestionError, match=reason):
        condense(question, (), known)


def test_control_characters_do_not_survive():
    assert question_text("What \x1b[31mis\x07 it?\r") == "What  [31mis  it?"


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=120), st.booleans())
def test_any_question_is_understood_or_refused(known, question, follows):
    turns = [Turn(FIRST, FIRST)] if follows else []
    try:
        query = condense(question, turns, known)
    except QuestionError:
        return
    assert query.standalone.strip()
    assert query.acknowledgement or query.readings
    assert all(0 <= focus.strength <= 1 for focus in query.focus)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "ketamine",
                "and",
                "its",
                "what about",
                "liver",
                "dose",
                "no, I meant",
                "oral",
                "?",
                "that trial",
                "[2]",
                "why",
                "the second one",
            ]
        ),
        min_size=1,
        max_size=6,
    ).map(" ".join)
)
def test_understanding_is_deterministic(known, question):
    turns = [Turn(FIRST, FIRST)]
    try:
        once = condense(question, turns, known)
    except QuestionError:
        return
    assert condense(question, turns, known) == once


@pytest.mark.parametrize("word", ["commonest", "halving", "swears", "weakest"])
def test_a_word_that_exists_is_no_typing_error(known, word):
    assert word in condense(f"ketamine and the {word} of all", (), known).standalone


def test_medical_words_that_differ_by_what_is_done_are_not_corrected_into_each_other(known):
    assert correct("tonsillotomy", known) == "tonsillotomy"
    assert correct("gabapentim", known) == "gabapentin"


@pytest.mark.parametrize(("typed", "meant"), [("endpt", "endpoint"), ("diff", "difference"), ("dulox", "duloxetine")])
def test_clinical_shorthand_is_written_out(known, typed, meant):
    assert meant in condense(f"what {typed}?", (), known).standalone


def test_clinical_shorthand_is_searched_with_where_the_corpus_has_another_form(known):
    assert "contraindication" in {other for words in known.lexicon.expansions(("contraind",)) for other in words.words}


def test_letters_that_nobody_defines_stand_for_words_the_corpus_uses_more_than_once(known):
    assert known.initials("sci") == ("spinal", "cord", "injury")
    assert known.initials("zzq") == ()


def test_words_that_only_ask_weigh_little(known):
    strength = {focus.wordings[0][0]: focus.strength for focus in condense("how often do people hallucinate on it", (), known).focus}
    assert strength["how often"] < strength["hallucinate"]
    assert strength["people"] < strength["hallucinate"]


def test_a_figure_that_the_corpus_does_not_have_weighs_little(known):
    strength = {focus.wordings[0][0]: focus.strength for focus in condense("is ketamine ok with potassium 5.83", (), known).focus}
    assert strength["5.83"] < strength["ketamine"]


@pytest.mark.parametrize(
    ("question", "before", "standalone"),
    [
        ("when did it wear off", ["has ketamine been tried for CRPS"], "When did ketamine wear off in CRPS?"),
        ("how many times a day do you put it on", ["does the capsaicin patch work"], "How many times a day do you put capsaicin patch on?"),
        ("does it cause nausea, and how often?", [FIRST], "In nerve pain: does ketamine cause nausea, and how often?"),
        ("why isnt it first line then", ["does ketamine work for CRPS"], "Why isnt ketamine first line then in CRPS?"),
        ("and tolerability?", ["tell me about the CRPS trial"], "Tolerability with ketamine in CRPS?"),
        ("source?", ["59 v 38% figure"], "59 v 38% figure: source?"),
        ("what strength", ["the gel for tingling"], "The gel for tingling: what strength?"),
        ("how many on placebo", ["eide 1994 side effects"], "How many on placebo in Eide 1994?"),
        ("and in amr?", ["how many dropped out in Sigtermans 2009"], "how many dropped out in Amr 2010?"),
        ("and Soliman?", ["what was the certainty of the evidence"], "what was the certainty of the evidence in Soliman 2025?"),
        (
            "what if I forget one, do I double up next day",
            ["is duloxetine good for tingling"],
            "Duloxetine: what if I forget one, do I double up next day?",
        ),
    ],
)
def test_a_completed_question_reads_as_one(known, question, before, standalone):
    assert after(known, question, *before).standalone == standalone


def test_a_pronoun_that_means_something_in_its_own_turn_points_nowhere_else(known):
    asked = "Is capsaicin painful at first and how long does it burn?"
    query = after(known, asked, "What is the dose of gabapentin?")
    assert query.standalone == asked
    assert not query.before


@pytest.mark.parametrize(
    "asked", ["Is there evidence that duloxetine helps in one year or less?", "Are there any trials of lidocaine plasters?"]
)
def test_there_is_and_evidence_that_point_at_nothing(known, asked):
    assert after(known, asked, "What is the dose of gabapentin?").standalone == asked


def test_a_disease_of_no_kind_is_not_carried(known):
    assert "disease" not in after(known, "how much?", "Which diseases does gabapentin help in?").standalone.lower().partition("how much")[2]


def test_a_question_points_back_in_words_or_is_only_likely_to_mean_what_was_shown(known):
    shown = ("pickering2020-ketamine-magnesium:0-1",)
    turns = [Turn("what came of giving magnesium too", "what came of giving magnesium too", shown)]
    pointing, leaning = (condense(asked, turns, known) for asked in ("who funded that trial?", "and nausea?"))
    assert pointing.shown == leaning.shown == ("pickering2020-ketamine-magnesium",)
    assert pointing.pointed
    assert not leaning.pointed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("whiel", "while"), ("explants", "explants"), ("ketamien", "ketamine"), ("stoped", "stopped"), ("beter", "better")],
)
def test_the_nearest_word_is_meant_and_a_plural_of_a_word_is_a_word(known, typed, meant):
    assert correct(typed, known) == meant


def test_a_first_question_is_held_against_passages_as_understood_and_as_typed(known):
    assert (
        condense("Does ketamine help nerve pain?", (), known).conversed == condense("Does ketamine help nerve pain?", (), known).standalone
    )
    query = condense("does cymbalta help?", (), known)
    assert [part.strip() for part in query.conversed.split(BOUNDARY)] == [query.standalone, "does cymbalta help?"]


def test_a_later_question_is_held_against_passages_behind_what_was_asked_and_shown_before(known):
    shown = ("hardy2012-sc-ketamine-cancer:0-1",)
    turns = [Turn("was ketamine under the skin tried in cancer", "was subcutaneous ketamine tried in cancer", shown)]
    query = condense("where was that done?", turns, known)
    assert query.conversed.startswith(query.standalone)
    assert query.conversed.endswith(f"{BOUNDARY} was subcutaneous ketamine tried in cancer {BOUNDARY} Hardy 2012")


def test_a_question_that_the_reader_put_right_is_held_against_passages_alone(known):
    turns = [Turn("what of magnesium", "what of magnesium")]
    query = condense("and that?", turns, known, standalone="Does duloxetine cause nausea?")
    assert query.conversed == query.standalone == "Does duloxetine cause nausea?"


def test_a_short_form_is_likened_by_what_it_stands_for(known):
    (focus,) = [own for own in condense("esrd?", (), known).focus if own.wordings[0][0] == "esrd"]
    assert focus.meant == "end stage renal disease"
