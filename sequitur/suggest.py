"""Questions to ask next: about parts of the article that the answer has not shown, so that the corpus answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.analysis import stems
from sequitur.index import Index
from sequitur.schema import Article, Citation, Query, Section

_MOST = 3
_ASKS: tuple[tuple[str, str], ...] = (
    (r"risk|side effect|adverse|safety|harm", "What are the side effects of {topic}?"),
    (r"dos(?:e|ing)|administration", "How is {topic} given, and at what dose?"),
    (r"benefit|efficacy", "Who may benefit from {topic}?"),
    (r"role of|mechanism", "How does {topic} work, and how good is the evidence?"),
    (r"first-line|first line", "What should be tried before {topic}?"),
    (r"approach|when to|clinical", "When should {topic} be considered at all?"),
    (r"monitor", "What monitoring does {topic} need?"),
    (r"diagnos|symptom", "How is {topic} recognised?"),
    (r"prevent", "How can {topic} be prevented?"),
)


def starters(article: Article) -> tuple[str, ...]:
    """Up to four questions that the article's own sections answer."""
    return tuple(question for _, question in _questions(article))[:4]


def suggestions(article: Article, index: Index, query: Query, citations: Sequence[Citation]) -> tuple[str, ...]:
    """Up to three questions on sections not yet shown and not just asked."""
    shown = {citation.section for citation in citations if citation.kind == "article"}
    asked = set(stems(f"{query.asked} {query.standalone}"))
    fresh = []
    for section, question in _questions(article):
        overlap = set(stems(question)) - set(stems(topic(article)))
        if section.heading not in shown and not overlap <= asked:
            fresh.append(question)
    known = [title for title in fresh if any(term in index.frequency for term in stems(title))]
    return tuple(known[:_MOST])


def topic(article: Article) -> str:
    """What the article is about, in a word or two: the noun its title or its headings repeat most."""
    headings = " ".join([article.title, *(section.heading for section in article.sections)])
    named = re.search(r"(?:role|use|effect|effects|place|risks?|benefits?) of ([\w-]+)", headings, re.IGNORECASE)
    return named[1].lower() if named else "this treatment"


def _questions(article: Article) -> Iterator[tuple[Section, str]]:
    """Sections in the order of what readers ask: harms first, then dose, benefit, evidence."""
    name = topic(article)
    for pattern, form in _ASKS:
        for section in article.sections:
            if re.search(pattern, section.heading, re.IGNORECASE):
                yield section, form.format(topic=name)
                break
