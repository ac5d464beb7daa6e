"""Answers as HTML: the small Markdown an answer is written in, its citation chips, and the words of a passage that carry a claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from sequitur.schema import CheckedClaim, Citation
from ui.markup import Markup, element, join, text
from ui.words import kind_name, source_name

_ITEM = re.compile(r"^\s*(?:[-*•]|(?P<step>\d{1,2})[.)])\s+")
_INLINE = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|\*(?P<soft>[^*\s][^*]*)\*|(?P<gap>(?:(?<!\s)\s+)?)\[(?P<marker>\d{1,3})\]|\\(?P<plain>[!-/:-@\[-`{-~])",
    re.DOTALL,
)
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^\|(?:\s*:?-+:?\s*\|)+\s*$")
_WORD = re.compile(r"[^\W_]+(?:[.,’'-][^\W_]+)*")
_LONGEST_TIP = 420


def prose(markdown: str, citations: Mapping[int, Citation], turn: str) -> Markup:
    """Paragraphs, bullets, steps, bold words and `[n]` markers; everything else is text."""
    blocks: list[Markup] = []
    for kind, lines in groupby(_lines(markdown), key=lambda line: line[0]):
        contents = [content for _, content in lines]
        rows = [] if kind == "table" else [inline(content, citations, turn) for content in contents]
        if kind == "table":
            blocks.append(_table(contents, citations, turn))
        elif kind in {"ul", "ol"}:
            blocks.append(element(kind, *(element("li", row) for row in rows)))
        else:
            blocks.append(element("p", join(rows, " ")))
    return join(blocks)


def _table(lines: Sequence[str], citations: Mapping[int, Citation], turn: str) -> Markup:
    """A table with its first line as heads; each cell names its column, for where a narrow page stacks them."""
    heads, *rows = [[cell.strip() for cell in _BAR.split(line.strip())[1:-1]] for line in lines if not _RULE.match(line)]
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in heads)))
    body = [
        element("tr", *(element("td", inline(cell, citations, turn), data_column=name) for name, cell in zip(heads, row, strict=False)))
        for row in rows
    ]
    return element("div", element("table", head, element("tbody", *body), class_="sq-studies"), class_="sq-scroll")


def _lines(markdown: str) -> Iterator[tuple[str, str]]:
    """Each line with the block it belongs to; paragraphs are told apart by their number."""
    paragraph = 0
    for line in markdown.split("\n"):
        item = _ITEM.match(line)
        if line.startswith("|") and line.rstrip().endswith("|"):
            yield "table", line
        elif item:
            yield ("ol" if item["step"] else "ul"), line[item.end() :]
        elif line.strip():
            yield f"p{paragraph}", re.sub(r"^#{1,6}\s+", "", line.strip())
        else:
            paragraph += 1


def inline(value: str, citations: Mapping[int, Citation], turn: str) -> Markup:
    """One run of text with bold words and chips; a marker without a citation stays what it is, text."""
    parts: list[Markup] = []
    at = 0
    for match in _INLINE.finditer(value):
        parts.append(text(value[at : match.start()]))
        at = match.end()
        if match["bold"]:
            parts.append(element("strong", inline(match["bold"], citations, turn)))
        elif match["soft"]:
            parts.append(element("em", inline(match["soft"], citations, turn)))
        elif match["plain"]:
            parts.append(text(match["plain"]))
        elif int(match["marker"]) in citations:
            parts.append(chip(citations[int(match["marker"])], turn))
        else:
            parts.append(text(match[0]))
    return join([*parts, text(value[at:])])


def chip(citation: Citation, turn: str) -> Markup:
    """A superscript number that shows its passage on hover or focus and leads to it on click."""
    said = citation.passage if len(citation.passage) <= _LONGEST_TIP else citation.passage[:_LONGEST_TIP].rsplit(" ", 1)[0] + " …"
    head = " · ".join(filter(None, (source_name(citation), _kind(citation), str(citation.year or ""))))
    number = element(
        "a",
        str(citation.marker),
        class_="sq-chip",
        href=f"#{turn}-{citation.marker}",
        aria_label=f"Evidence {citation.marker}: {source_name(citation)}",
    )
    tip = element(
        "span",
        element("span", head, class_="sq-tip-head"),
        element("span", f"“{said}”", class_="sq-tip-body"),
        class_="sq-tip",
        role="tooltip",
    )
    return element("span", number, tip, class_="sq-cite")


def _kind(citation: Citation) -> str:
    return "" if citation.kind == "article" else kind_name(citation.kind)


def claims_so_far(claims: Sequence[CheckedClaim]) -> Markup:
    """Claims that have passed the verifier, in the order they arrive, before the answer is whole; chips come with their passages."""
    blocks: list[Markup] = []
    for lead, group in groupby(claims, key=lambda claim: claim.lead):
        rows = [join([claim.text, *(_waiting(number) for number in claim.citations)]) for claim in group]
        if lead:
            blocks += [element("p", lead), element("ul", *(element("li", row) for row in rows))]
        else:
            blocks += [element("p", row) for row in rows]
    return join(blocks)


def _waiting(number: int) -> Markup:
    return element("span", element("span", str(number), class_="sq-chip"), class_="sq-cite")


def carrying(passage: str, claims: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Ranges of a passage that a claim repeats word for word; none when they are nearly the whole passage, for then all of it carries."""
    words = list(_WORD.finditer(passage))
    ranges: set[tuple[int, int]] = set()
    for claim in claims:
        said = [word.group().lower() for word in _WORD.finditer(claim)]
        matcher = SequenceMatcher(None, [word.group().lower() for word in words], said, autojunk=False)
        for block in matcher.get_matching_blocks():
            run = words[block.a : block.a + block.size]
            if len(run) >= 4 or (len(run) >= 2 and any(char.isdigit() for word in run for char in word.group())):
                ranges.add((run[0].start(), _closing(passage, run[-1].end())))
    merged = _merged(sorted(ranges))
    covered = sum(end - start for start, end in merged)
    return () if covered > 0.85 * len(passage) else merged


def _closing(passage: str, end: int) -> int:
    """Past what closes the last word: a percent sign, a bracket."""
    while end < len(passage) and passage[end] in "%)]":
        end += 1
    return end


def _merged(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
