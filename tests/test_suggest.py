"""What an article is about, as a question names it."""

from __future__ import annotations

import pytest

from sequitur.schema import Article, Section, Span
from sequitur.suggest import starters, topic


def article(title: str, *headings: str) -> Article:
    sections = tuple(Section(heading, Span(0, 1), ()) for heading in headings)
    return Article("a", title, "", "", (), "unknown", "", sections, (), "", "")


@pytest.mark.parametrize(
    ("title", "headings", "named"),
    [
        ("What is the role of ketamine in the treatment of neuropathy?", (), "ketamine"),
        ("What is the role of SGLT2 inhibitors in heart failure?", (), "SGLT2 inhibitors"),
        ("What is the role of physical therapy in low back pain?", (), "physical therapy"),
        ("Salbutamol in Asthma", (), "salbutamol"),
        ("How is migraine prevented?", ("Prevention of Migraine",), "treatment of migraine"),
        ("How is Helicobacter pylori infection treated?", (), "treatment of Helicobacter pylori infection"),
        ("How should urate-lowering therapy be started in chronic gout?", (), "urate-lowering therapy"),
        ("Which treatments help adolescents with depression?", (), "treatment of depression"),
        ("What helps in gout?", ("Treatment of Gout",), "treatment of gout"),
        ("Overview", ("Conclusion",), "this treatment"),
    ],
)
def test_the_topic_is_a_treatment_or_the_treatment_of_a_disease(title, headings, named):
    assert topic(article(title, *headings)) == named


def test_starters_agree_with_their_topic_in_number():
    written = starters(article("What is the role of SGLT2 inhibitors in heart failure?", "Administration and Dosing", "Monitoring"))
    assert written == ("How are SGLT2 inhibitors given, and at what dose?", "What monitoring do SGLT2 inhibitors need?")


def test_what_is_recognised_or_prevented_is_the_disease():
    assert starters(article("How is croup treated?", "Symptoms", "Prevention")) == (
        "How is croup recognised?",
        "How can croup be prevented?",
    )
