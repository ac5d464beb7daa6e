"""Which passages can be said, and in which words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.analysis import stems
from sequitur.index import Index, unmarked
from sequitur.orders import gives_orders
from sequitur.schema import REMARK, WHOM, Passage, Span
from sequitur.text import quantities, sentences, words

_ASKS = re.compile(r"\?(?=\s|$)")
_FRAGMENT = 4  # words below which a sentence says nothing by itself
_SAME = 0.6  # Jaccard overlap of stems from which two claims say the same
_DANGLING = re.compile(
    r"^(?:It|They|Those|These|This|That|Such|Both|Neither|The (?:former|latter|difference|gap|same|result))\b(?! (?:trial|study|review|guideline|document|series|is (?:the|a) ))"
)


def sayable(passage: Passage, wants: Sequence[str], index: Index) -> bool:
    """Orders to a machine, what asks, fragments, remarks on the article beside the findings, and who was studied (unless that is asked) are not answers."""
    findings = re.search(r"finding|result|safety|design", passage.section, re.IGNORECASE)
    if _ASKS.search(passage.text) or (REMARK in passage.flags and not findings):
        return False
    if words(passage.text) < _FRAGMENT and passage.lead is None and not re.search(r"\d", passage.text):
        return False
    if gives_orders(shown(passage, index)):
        return False
    return passage.section != WHOM or bool({"size", "contraindication"} & set(wants))


def says_same(one: Passage, other: Passage) -> bool:
    """Whether two passages say the same: the same figures, or most of the same words."""
    first, second = set(stems(one.text)), set(stems(other.text))
    if not first or not second:
        return False
    figures = {quantity.value for quantity in quantities(one.text) if len(quantity.value) > 1}
    others = {quantity.value for quantity in quantities(other.text) if len(quantity.value) > 1}
    if figures != others and (figures or others):
        return len(figures & others) >= 3 and figures & others in (figures, others)
    return len(first & second) / len(first | second) >= _SAME


def shown(passage: Passage, index: Index) -> str:
    """The claim's words: the passage without citation numbers; a sentence that starts with "It" or "They" brings the one before it."""
    text = unmarked(passage)
    before = preceding(passage, index) if _DANGLING.match(text) else None
    return f"{before.of(index.documents[passage.document_id].text)} {text}" if before else text


def preceding(passage: Passage, index: Index) -> Span | None:
    """The sentence before a passage in the same paragraph, if there is one."""
    text = index.documents[passage.document_id].text
    paragraph = text.rfind("\n", 0, passage.span.start) + 1
    found = [span for span in sentences(text, paragraph, passage.span.start) if span.end <= passage.span.start]
    return found[-1] if found and not text[paragraph : passage.span.start].lstrip().startswith(("#", "-")) else None
