"""`Answer` → JSON, Markdown, terminal text. Only an `Answer` can be rendered, and each form carries its disclaimer."""

from __future__ import annotations

import io
import re
import shutil
from typing import Any

from sequitur.jsonvalue import from_json, to_json
from sequitur.schema import Answer, Citation

_SHARES = (2, 2, 4)  # of a table's width
_WIDEST = 120


def record(answer: Answer) -> dict[str, Any]:
    """The JSON form of an answer; fields as the contract names them, and `answer_from_record`'s inverse."""
    whole: dict[str, Any] = to_json(answer)
    whole["abstained"], whole["urgent"] = answer.abstained, answer.urgent
    whole["milliseconds"] = dict(answer.milliseconds)
    whole["provenance"]["prompts"] = dict(answer.provenance.prompts)
    return whole


def answer_from_record(stored: dict[str, Any]) -> Answer:
    """The answer that a record was made from.

    Raises:
        ValueError, KeyError, TypeError: it is no record of an answer.
    """
    fields = {name: value for name, value in stored.items() if name not in {"abstained", "urgent"}}
    fields["milliseconds"] = list(fields["milliseconds"].items())
    if "provenance" in fields:
        fields["provenance"] = {**fields["provenance"], "prompts": list(fields["provenance"]["prompts"].items())}
    answer: Answer = from_json(Answer, fields)
    return answer


def terminal(answer: Answer) -> str:
    """An answer for a terminal: text, sources, review state, disclaimer."""
    lines = []
    if answer.standalone != answer.question:
        lines.append(f"Understood as: {answer.standalone}\n")
    lines.append(_tables(answer.answer))
    if answer.citations:
        lines.append("\nSources")
        lines.extend(
            f"  [{citation.marker}] {source_line(citation)}\n      “{_one_line(citation.passage)}”" for citation in answer.citations
        )
    if answer.related:
        lines.append("\nRelated reading (does not answer the question)")
        lines.extend(f"  · {source_line(citation)}: “{_one_line(citation.passage)}”" for citation in answer.related)
    if answer.withheld:
        lines.append(f"\n{withheld_line(answer)}")
    if answer.note:
        lines.append(f"\nNote: {answer.note}.")
    if answer.suggestions:
        lines.append("\nYou could ask: " + " · ".join(answer.suggestions))
    lines.append(f"\n{review_line(answer)}")
    lines.append(f"Disclaimer: {answer.disclaimer}")
    return "\n".join(lines)


def markdown(answer: Answer) -> str:
    """An answer as a Markdown document with its sources, review state and disclaimer."""
    parts = [f"## {_escaped(answer.question)}"]
    if answer.standalone != answer.question:
        parts.append(f"*Understood as: {_escaped(answer.standalone)}*")
    parts.append(answer.answer)
    if answer.citations:
        parts.append(
            "\n".join(
                f"- \\[{citation.marker}\\] {_escaped(source_line(citation))}: “{_escaped(_one_line(citation.passage))}”"
                for citation in answer.citations
            )
        )
    if answer.related:
        parts.append(
            "Related reading (does not answer the question):\n"
            + "\n".join(f"- {_escaped(source_line(citation))}" for citation in answer.related)
        )
    if answer.withheld:
        parts.append(f"*{_escaped(withheld_line(answer))}*")
    if answer.note:
        parts.append(f"*Note: {_escaped(answer.note)}.*")
    parts.append(f"*{review_line(answer)}*")
    parts.append(f"> {answer.disclaimer}")
    return "\n\n".join(parts) + "\n"


def source_line(citation: Citation) -> str:
    """A source in one line: name, section, what is to be known of it, and what the article's numbers behind it stand for."""
    notes = [*citation.flags, *([f"{citation.confidence} confidence"] if citation.confidence in {"medium", "low"} else [])]
    chain = [f"article cites {link.number}: {link.status}" + (f", see [{link.marker}]" if link.marker else "") for link in citation.cites]
    details = "; ".join([*notes, *chain])
    place = " · ".join(filter(None, (citation.label, citation.section, f"page {citation.page}" if citation.page else "")))
    return place + (f" ({details})" if details else "")


def withheld_line(answer: Answer) -> str:
    """How many sentences were written and are not shown, and why."""
    return f"{len(answer.withheld)} sentence(s) not shown: {'; '.join(held.reason for held in answer.withheld)}"


def review_line(answer: Answer) -> str:
    """Review status and date as the article's page tells them; unknown is never shown as approved."""
    review = answer.review
    status = {"unknown": "review status unknown"}.get(review.status, f"review status: {review.status}")
    updated = f", last updated {review.last_updated}" if review.last_updated else ", no date of update"
    return f"Article {status}{updated}." + (f" {review.notice}." if review.notice else "")


def _tables(text: str) -> str:
    """An answer's text with its Markdown tables drawn for a terminal."""
    parts = re.split(r"((?:^\|.*\|$\n?)+)", text, flags=re.MULTILINE)
    return "".join(_drawn(part) if part.startswith("|") else part for part in parts)


def _drawn(table: str) -> str:
    """A Markdown table in columns that fit the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heads, _, *rows = (
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.strip().split("\n")
    )
    drawn = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for head, share in zip(heads, _SHARES, strict=True):
        drawn.add_column(head, ratio=share, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    page = io.StringIO()
    Console(file=page, width=min(shutil.get_terminal_size((100, 24)).columns, _WIDEST), color_system=None).print(drawn)
    return "\n".join(line.rstrip() for line in page.getvalue().split("\n"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|~$!" else letter for letter in " ".join(text.split()))
