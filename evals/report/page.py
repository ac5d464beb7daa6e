"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.measures import Judged
from evals.report import plots
from evals.report.model import Bar, Split, Told, baseline_labels, went_wrong
from evals.report.text import as_html, one_line

_FOLDER = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(report: Told) -> str:
    """The whole file."""
    wrong = sum(went_wrong(row) for row, _ in report.cases)
    body = [
        '<a class="skip" href="#cases">Skip to the cases</a>',
        f"<header><p class=over>Evaluation run</p><h1>{_text(report.name)}</h1>{_headline(report)}</header><main>",
        *(_split(split) for split in report.splits),
        _cases(report, wrong),
        f"<section><h2>Made with</h2>{_table(('', ''), report.provenance, 'provenance')}</section></main>",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>Evaluation run {_text(report.name)}</title>'
        f"<style>{_asset('report.css')}</style></head><body>{''.join(body)}<script>{_asset('report.js')}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _headline(report: Told) -> str:
    said = [f"{split.cases} cases of the {_text(split.name)} half" for split in report.splits]
    return f"<p>{' and '.join(said)}. Intervals are 95 % bootstrap intervals over cases.</p>"


def _split(split: Split) -> str:
    parts = [f'<section><h2>The {_text(split.name)} half <span class="count">{split.cases} cases</span></h2><div class="grid2">']
    parts += [_figure(group, bars) for group, bars in split.groups]
    parts += [_figure(f"Vital facts told {title}", bars) for title, bars in split.parts]
    if split.words:
        parts.append(_plot("Length of answers", plots.histogram("Length of answers", "words", split.words)))
    if split.milliseconds:
        parts.append(_plot("Time of an answer", plots.histogram("Time of an answer", "milliseconds", split.milliseconds)))
    parts.append("</div>")
    if split.baselines:
        rows = [(name, *("–" if value is None else f"{value:.3f}" for value in values)) for name, values in split.baselines]
        parts.append(f"<h3>Beside the baselines</h3>{_table(('', *baseline_labels()), rows, 'numbers')}")
    if split.outcomes:
        parts.append(f"<h3>Expected and given</h3>{_outcomes(split)}")
    if split.other:
        parts.append(f"<h3>Other figures</h3>{_table(('', ''), split.other, 'numbers')}")
    return f"{''.join(parts)}</section>"


def _figure(title: str, bars: Sequence[Bar]) -> str:
    rows = [
        (bar.label, f"{bar.value:.3f}", f"{bar.low:.3f} – {bar.high:.3f}" if bar.low is not None and bar.high is not None else "", bar.note)
        for bar in bars
    ]
    table = _table(("measure", "value", "95 % interval", "of"), rows, "numbers")
    return _plot(title, f"{plots.intervals(title, bars)}<details><summary>As a table</summary>{table}</details>")


def _plot(title: str, inner: str) -> str:
    return f"<figure><figcaption>{_text(title)}</figcaption>{inner}</figure>"


def _outcomes(split: Split) -> str:
    heads = tuple(name for name, _ in split.outcomes[0][1])
    rows = [(expected, *(str(count) for _, count in counts)) for expected, counts in split.outcomes]
    return _table(("expected ↓ given →", *heads), rows, "numbers")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    named = f"<thead><tr>{''.join(f'<th scope=col>{_text(head)}</th>' for head in heads)}</tr></thead>" if any(heads) else ""
    body = "".join(f"<tr><th scope=row>{_text(row[0])}</th>{''.join(f'<td>{_text(cell)}</td>' for cell in row[1:])}</tr>" for row in rows)
    return f'<div class="wide" tabindex=0 role=group aria-label="Table"><table class="{kind}">{named}<tbody>{body}</tbody></table></div>'


def _cases(report: Told, wrong: int) -> str:
    shown = "".join(_case(number, row, prediction) for number, (row, prediction) in enumerate(report.cases))
    outcomes = sorted({row.expected for row, _ in report.cases})
    options = "".join(f'<option value="{_text(name)}">{_text(name)}</option>' for name in outcomes)
    return (
        f'<section id="cases"><h2>Cases of the {_text(report.shown)} half <span class="count">{wrong} of {len(report.cases)} went wrong</span></h2>'
        '<form class="filter" role=search><label>Search <input id="find" type="search" placeholder="words, or a case&#39;s name"></label>'
        f'<label>Expected <select id="expected"><option value="">any</option>{options}</select></label>'
        '<label class="check"><input id="wrong" type="checkbox"> Only what went wrong</label>'
        f'<output id="left" for="find expected wrong" aria-live="polite">{len(report.cases)} cases</output></form>'
        f'<div id="list">{shown or "<p>No case of this half was asked.</p>"}</div></section>'
    )


def _case(number: int, row: Judged, prediction: Mapping[str, Any]) -> str:
    anchor = f"c{number}"
    bad = went_wrong(row)
    mark = '<span class="bad">went wrong</span>' if bad else '<span class="good">as expected</span>'
    parts = [
        (
            f'<details class="case" data-wrong="{int(bad)}" data-expected="{_text(row.expected)}"><summary><span class="asked">'
            f'{_text(one_line(str(prediction.get("question", ""))))}</span><span class="facts">{mark} <code>{_text(row.id)}</code></span></summary>'
        ),
        f"<dl>{_pairs(_facts(row, prediction))}</dl>",
    ]
    if row.missed:
        parts.append(f'<h4>Vital facts missed</h4><ul class="missed">{"".join(f"<li>{_text(fact)}</li>" for fact in row.missed)}</ul>')
    parts.append(f'<h4>Answer</h4><div class="answer">{as_html(str(prediction.get("answer", "")), anchor)}</div>')
    citations = prediction.get("citations", [])
    if citations:
        parts.append(f'<h4>Citations</h4><ol class="citations">{"".join(_citation(anchor, citation) for citation in citations)}</ol>')
    withheld = prediction.get("withheld", [])
    if withheld:
        said = "".join(f"<li>{_text(held['text'])} <em>({_text(held['reason'])})</em></li>" for held in withheld)
        parts.append(f"<h4>Withheld</h4><ul>{said}</ul>")
    return f"{''.join(parts)}</details>"


def _facts(row: Judged, prediction: Mapping[str, Any]) -> list[tuple[str, str]]:
    measured = {
        "vital facts told": row.vital,
        "evidence cited": row.evidence,
        "citation precision": row.citation_precision,
        "citation recall": row.citation_recall,
        "figures in place": row.numbers,
        "nDCG@10": row.ndcg10,
    }
    standalone = str(prediction.get("standalone", ""))
    found = [("understood as", standalone)] if standalone and standalone != prediction.get("question") else []
    turns = "1 turn" if row.turns == 1 else f"{row.turns} turns"
    found += [("expected", row.expected), ("given", row.outcome), ("asked by", f"{row.role}, {row.kind}, {turns}")]
    found += [(name, f"{value:.2f}") for name, value in measured.items() if value is not None]
    found += [("forbidden statements", str(row.forbidden))] if row.forbidden else []
    return [*found, ("length and time", f"{row.words} words, {row.milliseconds:.0f} ms")]


def _pairs(facts: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts)


def _citation(anchor: str, citation: Mapping[str, Any]) -> str:
    place = " · ".join(str(citation[name]) for name in ("label", "section") if citation.get(name))
    return (
        f'<li id="{anchor}-{int(citation["marker"])}" value="{int(citation["marker"])}"><span class="place">{_text(place)}</span>'
        f"<blockquote>{_text(one_line(str(citation['passage'])))}</blockquote></li>"
    )


def _text(text: str) -> str:
    return html.escape(text)
