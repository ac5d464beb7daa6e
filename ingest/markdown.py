"""Article pages kept as Markdown → the plain layout of a page: emphasis, links and raised numbers give way to their words."""

from __future__ import annotations

import re

from ingest.formats.model import power
from sequitur.text import body_start

_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]{1,500})\]\((?:<[^<>\n]{0,2000}>|[^()\s]{0,2000})(?:\s+\"[^\"\n]{0,500}\")?\)")
_FOOTNOTE = re.compile(r"(?P<before>\S?)\[\^(?P<number>\d{1,3})\](?!:)")
_RAISED = re.compile(r"(?P<before>\S?)(?:<sup>|\^)\[?(?P<numbers>\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]?(?:</sup>|\^)")
_STRONG = re.compile(r"(?<![\w*])(?P<mark>\*{1,3})(?=[^\s*])(?P<text>[^*\n]*[^\s*])(?P=mark)(?![\w*])")
_UNDERLINED = re.compile(r"(?<![\w_])(?P<mark>_{1,3})(?=[^\s_])(?P<text>[^_\n]*[^\s_])(?P=mark)(?![\w_])")
_CODE = re.compile(r"`([^`\n]+)`")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>~|-])")


def plain_page(text: str) -> str:
    """The page without inline marks; headings, bullets and numbers of steps stay. A page without marks stays as it is."""
    start = body_start(text)
    body = _LINK.sub(_words_of_link, text[start:])
    body = _RAISED.sub(_lowered, _FOOTNOTE.sub(_spaced, body))
    for pattern in (_STRONG, _UNDERLINED, _STRONG):
        body = pattern.sub(lambda match: match["text"], body)
    body = _CODE.sub(r"\1", body)
    body = re.sub(r"(?m)^(#{1,6}\s.*?)\s+#+[ \t]*$", r"\1", body)
    body = re.sub(r"(?m)^>[ \t]?", "", body)
    return text[:start] + _ESCAPED.sub(r"\1", re.sub(r"(?m)[ \t]+$|<br\s*/?>", "", body))


def _words_of_link(match: re.Match[str]) -> str:
    """A picture says nothing; a link that is a bare number cites, and stands apart from the word before it."""
    if match[0].startswith("!"):
        return ""
    before = match.string[match.start() - 1 : match.start()]
    numbers = match["text"].strip("[]\\ ")
    cites = re.fullmatch(r"\d{1,3}", numbers)
    return f"{' ' if cites and before.strip() and before not in '[(' else ''}{numbers if cites else match['text']}"


def _spaced(match: re.Match[str]) -> str:
    return f"{match['before']} {match['number']}" if match["before"] else match["number"]


def _lowered(match: re.Match[str]) -> str:
    """Raised numbers: powers behind ten or a unit, citations elsewhere."""
    raised = power(match.string[max(0, match.start() - 6) : match.start()] + match["before"], match["numbers"])
    if raised or not match["before"]:
        return match["before"] + (raised or match["numbers"])
    return f"{match['before']} {match['numbers']}"
