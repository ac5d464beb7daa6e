"""What a question takes for granted is corrected by a passage that says otherwise, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.premise import premises
from sequitur.settings import Settings
from sequitur.stance import stances
from sequitur.write import OTHERWISE


def corrected(chat: Chat, question: str) -> str:
    """The claim that contradicts the question; empty where none does."""
    return next((claim.text for claim in chat.ask(question).claims if claim.against), "")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Since ketamine is first-line, how is it started?", "not recommended as a first-line treatment"),
        ("Why is ketamine recommended first-line for neuropathic pain?", "not recommended as a first-line treatment"),
        ("why does oral ketamine work better than placebo?", "effect on pain unclear"),
        ("so there's no evidence of liver harm, right?", "liver injury"),
        ("As ketamine is recommended for cancer neuropathic pain, what dose is used?", "lack of support for routine use"),
        ("Which trial showed that ketamine beats placebo in cancer pain?", "31%"),
        ("Given that there is strong evidence for ketamine, which grade does it have?", "lack of evidence"),
        ("Why did the 2020 trial find that ketamine beats placebo?", "no significant difference"),
    ],
)
def test_a_false_premise_is_contradicted_first(chat: Chat, question, said):
    answer = chat.ask(question)
    assert said in corrected(chat, question)
    assert answer.claims[0].against
    assert answer.answer.startswith(OTHERWISE)
    assert answer.claims[0].against in question.lower()


@pytest.mark.parametrize(
    "question",
    [
        "Is ketamine first-line?",
        "Does ketamine work better than placebo?",
        "Why is ketamine not first-line?",
        "Since duloxetine is first-line, what dose is used?",
        "Since ketamine is a last resort, what should be tried first?",
        "Given that ketamine helps in CRPS, how long does it last?",
        "Because ketamine causes hallucinations, how are patients monitored?",
        "A single low dose of ketamine doesn't harm the liver, right?",
        "So Hardy found no benefit in cancer pain, right?",
        "I was told ketamine is first-line, what do the guidelines say?",
    ],
)
def test_a_question_that_asks_or_is_right_is_not_accused(chat: Chat, question):
    assert not corrected(chat, question)


ARTICLE = """How is gout treated?

Content is pending human review

Treatment of Gout

  • Colchicine is recommended as first-line treatment of an acute attack 1
  • Febuxostat is not recommended as first-line treatment 2
  • Allopurinol did not shorten the acute attack 2
  • Diarrhoea was more frequent with colchicine than with placebo 1

Disclaimer

Only for health professionals.
"""


@pytest.fixture(scope="module")
def other(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Chat:
    """A chat over another subject."""
    place = tmp_path_factory.mktemp("premise")
    folder: Path = place / "corpus" / "gout"
    folder.mkdir(parents=True)
    (folder / "article.txt").write_text(ARTICLE, encoding="utf-8")
    own = Settings(corpus=place / "corpus", index=str(place / "index"), models=settings.models, database_url=f"sqlite:///{place / 'g.db'}")
    build_index(own)
    return open_chat(own)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Since febuxostat is first-line, what is the dose?", "Febuxostat is not recommended"),
        ("Why does allopurinol shorten the acute attack?", "did not shorten"),
        ("So colchicine causes no diarrhoea, right?", "more frequent with colchicine"),
        ("Since colchicine is first-line, what is the dose?", ""),
        ("Why does allopurinol not shorten the acute attack?", ""),
        ("So colchicine causes diarrhoea, right?", ""),
    ],
)
def test_any_subject_is_held_to_its_own_sources(other: Chat, question, said):
    found = corrected(other, question)
    assert said in found
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("question", "axes"),
    [
        ("Since A is first-line, how do I start it?", {"line"}),
        ("Why does the drug work?", {"effect"}),
        ("The drug has no side effects, right?", {"harm", "rate"}),
        ("Is the drug first-line?", set()),
        ("Does the drug work, since my mum heard it might?", set()),
        ("What is the dose?", set()),
    ],
)
def test_what_is_taken_for_granted_is_read_off_the_wording(question, axes):
    assert {premise.stance.axis for premise in premises(question)} == axes


def test_a_first_line_that_failed_is_another_treatments():
    assert [stance.value for stance in stances("Use it after failure of first-line drugs.") if stance.axis == "line"] == ["no"]
    assert not [stance for stance in stances("Before first-line drugs, exercise was tried.") if stance.axis == "line"]


def test_alike_in_two_sorts_of_patients_is_no_lack_of_effect():
    assert not [stance for stance in stances("Results were alike in patients with and without diabetes.") if stance.axis == "effect"]
