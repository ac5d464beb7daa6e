"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from evals.report.model import Bar, Split, Told, baseline_labels, went_wrong
from evals.report.text import one_line


def markdown(report: Told) -> str:
    """Figures of each split, baselines, and the cases that went wrong."""
    parts = [f"# Evaluation run {escaped(report.name)}", table(("made with", ""), report.provenance)]
    for split in report.splits:
        parts.extend(_split(split))
    wrong = [(row, prediction) for row, prediction in report.cases if went_wrong(row)]
    parts.append(f"## {len(wrong)} of {len(report.cases)} {report.shown} cases went wrong")
    if wrong:
        rows = [
            (
                row.id,
                escaped(one_line(str(prediction.get("question", "")))),
                f"{row.expected} → {row.outcome}",
                escaped("; ".join(row.missed)),
            )
            for row, prediction in wrong
        ]
        parts.append(table(("case", "question", "expected → got", "vital facts missed"), rows))
    return "\n\n".join(parts) + "\n"


def _split(split: Split) -> list[str]:
    parts = [f"## {split.name}: {split.cases} cases"]
    for group, bars in (*split.groups, *((f"Vital facts told {title}", bars) for title, bars in split.parts)):
        parts.append(f"### {group}\n\n{table(('measure', 'value', '95 % interval', ''), [_row(bar) for bar in bars])}")
    if split.other:
        parts.append(f"### Other\n\n{table(('measure', 'value'), split.other)}")
    if split.baselines:
        rows = [(name, *(_number(value) for value in values)) for name, values in split.baselines]
        parts.append(f"### Beside the baselines\n\n{table(('', *baseline_labels()), rows)}")
    if split.outcomes:
        heads = tuple(name for name, _ in split.outcomes[0][1])
        rows = [(expected, *(str(count) for _, count in counts)) for expected, counts in split.outcomes]
        parts.append(f"### Expected and given\n\n{table(('expected', *heads), rows)}")
    return parts


def _row(bar: Bar) -> tuple[str, str, str, str]:
    ends = f"{bar.low:.3f}–{bar.high:.3f}" if bar.low is not None and bar.high is not None else ""
    return bar.label, f"{bar.value:.3f}", ends, bar.note


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def escaped(text: str) -> str:
    """Text that stays text inside a table."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in text)
