"""Questions to ask next: about parts of the article that the answer has not shown, so that the corpus answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.analysis import stems
from sequitur.audit.desk import statement
from sequitur.index import Index
from sequitur.lexicon import general
from sequitur.schema import Article, Citation, Query, Section

_MOST = 3
_ASKS: tuple[tuple[str, str], ...] = (
    (r"risk|side effect|adverse|safety|harm", "What are the side effects of {topic}?"),
    (r"dos(?:e|ing)|administration", "How {is_} {topic} given, and at what dose?"),
    (r"benefit|efficacy", "Who may benefit from {topic}?"),
    (r"role of|mechanism", "How {does} {topic} work, and how good is the evidence?"),
    (r"first-line|first line", "What should be tried before {topic}?"),
    (r"approach|when to|clinical", "When should {topic} be considered at all?"),
    (r"monitor", "What monitoring {does} {topic} need?"),
    (r"diagnos|symptom", "How is {subject} recognised?"),
    (r"prevent", "How can {subject} be prevented?"),
)
_ENDS = r"(?=\s+(?:in|for|on|with|to|after|during|before|among|from|by|at|as|and|or|versus|vs|be|is|are|help\w*|work\w*|should|started|stopped|treated|prevented|managed|used|given)\b|[,:;?.!(]|$)"
_WHAT = rf"(?:the )?(?P<what>(?:[\w-]+\s+){{0,3}}?[\w-]+?){_ENDS}"
_NAMED = re.compile(rf"\b(?:role|use|effects?|place|risks?|benefits?|efficacy|effectiveness|safety|value) of {_WHAT}", re.IGNORECASE)
_SUBJECTS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b(?:treatments?|management|prevention|prophylaxis|care|diagnosis|control) (?:of|for) {_WHAT}",
        rf"\bhow (?:is|are|should|can|to treat|do you treat) {_WHAT}",
        rf"\bwith {_WHAT}",
        rf"\b(?:in|for) (?!patients|people|persons|adults|children|infants|women|men|adolescents){_WHAT}",
    )
)
_HEADS = re.compile(
    r"(?P<what>(?!(?:treatment|management|prevention|approach|guide)\b)[\w-]+(?: [\w-]+){0,2}) (?:in|for) [^?]+$", re.IGNORECASE
)
_THERAPY = re.compile(r"(?:therapy|treatment|prophylaxis|surgery|vaccin\w+|anticoagulation|transfusion|ventilation)$", re.IGNORECASE)
_AIM = re.compile(r"\s+(?:prevention|treatment|management|therapy|care)$", re.IGNORECASE)
_GENERA = frozenset(
    ["borrelia", "candida", "chlamydia", "clostridioides", "clostridium", "helicobacter", "legionella", "listeria", "plasmodium"]
)
_MANY = re.compile(r"[^suis]s$")


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
    """What the article is about, as a question names it: the treatment of its title, "treatment of croup" where the title names the disease alone."""
    texts = [article.title, *(section.heading for section in article.sections)]
    drugs = statement(article.title).drugs
    named = next((found for text in texts if (found := _NAMED.search(text))), None)
    if named:
        return _phrase(named["what"])
    if drugs:
        return str(next(word for word in re.findall(r"[\w-]+", article.title.lower()) if word.removesuffix("s") in drugs))
    if heads := _HEADS.match(article.title):
        return heads["what"].lower()
    subject = _subject(texts)
    return subject if _THERAPY.search(subject) else f"treatment of {_AIM.sub('', subject)}" if subject else "this treatment"


def _subject(texts: Sequence[str]) -> str:
    """What a title or its headings treat, prevent or recognise; "" where none says it."""
    found = (match for text in texts for form in _SUBJECTS if (match := form.search(text)))
    return next((_phrase(match["what"]) for match in found), "")


def _phrase(words: str) -> str:
    """Words as they stand within a sentence: names and abbreviations keep their capitals."""
    return " ".join(word.lower() if word.istitle() and word.lower() in general().words - _GENERA else word for word in words.split())


def _questions(article: Article) -> Iterator[tuple[Section, str]]:
    """Sections in the order of what readers ask: harms first, then dose, benefit, evidence."""
    name = topic(article)
    subject = _subject([article.title, *(section.heading for section in article.sections)]) or name
    for pattern, form in _ASKS:
        for section in article.sections:
            if re.search(pattern, section.heading, re.IGNORECASE):
                is_, does = ("are", "do") if _MANY.search(name) else ("is", "does")
                yield section, form.format(topic=name, subject=subject, is_=is_, does=does)
                break
