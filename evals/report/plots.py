"""Plots as inline SVG: no script, no font, no network. Colours come from the page's style."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from evals.report.model import Bar

_WIDTH = 360  # about that of a phone, so that labels are never small
_EDGE = 8  # room for half a dot
_ROW, _BOTTOM = 42, 42
_HIST = 200
_BINS = 16
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def intervals(title: str, bars: Sequence[Bar]) -> str:
    """Values in 0..1 as dots on a common scale, each with its 95 % interval as a line, its name and figure above it."""
    foot = _ROW * len(bars) + 4

    def x(value: float) -> float:
        return round(_EDGE + (_WIDTH - 2 * _EDGE) * value, 1)

    parts = [
        f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="24" y2="{foot}"/>'
        f'<text class="tick" x="{x(tick)}" y="{foot + 16}" text-anchor="middle">{tick:g}</text>'
        for tick in _TICKS
    ]
    for number, bar in enumerate(bars):
        y = _ROW * number + 32
        parts.append(f'<rect class="under" x="0" y="{y - 25}" width="{_WIDTH}" height="17"/>')
        parts.append(f'<text class="label" x="0" y="{y - 12}">{html.escape(bar.label)}</text>')
        parts.append(f'<text class="value" x="{_WIDTH}" y="{y - 12}" text-anchor="end">{bar.value:.3f}</text>')
        parts.append(f"<g><title>{html.escape(said(bar))}</title>")
        if bar.low is not None and bar.high is not None:
            parts.append(f'<line class="interval" x1="{x(bar.low)}" x2="{x(bar.high)}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="dot" cx="{x(bar.value)}" cy="{y}" r="4.5"/></g>')
    ends = "share, with its 95 % interval" if any(bar.low is not None for bar in bars) else "share"
    parts.append(f'<text class="axis" x="{_WIDTH / 2}" y="{foot + 34}" text-anchor="middle">{ends}</text>')
    return _svg(title, "; ".join(said(bar) for bar in bars), foot + _BOTTOM, parts)


def said(bar: Bar) -> str:
    """A value in words."""
    ends = f", 95 % interval {bar.low:.3f} to {bar.high:.3f}" if bar.low is not None and bar.high is not None else ""
    return f"{bar.label}: {bar.value:.3f}{ends}" + (f" ({bar.note})" if bar.note else "")


def histogram(title: str, axis: str, values: Sequence[float]) -> str:
    """How values are spread, over sixteen bins up to the 99th percentile; what lies above is counted in the last bin."""
    ordered = sorted(values)
    step = _step(ordered[int(0.99 * (len(ordered) - 1))] / _BINS)
    counts = [0] * _BINS
    for value in ordered:
        counts[min(_BINS - 1, int(value / step))] += 1
    left, right, foot, top = 46, _WIDTH - 8, _HIST - 46, 12
    width = (right - left) / _BINS
    most = max(counts)
    up = _step(most / 4)
    parts = []
    for mark in range(int(most // up) + 1):
        y = round(foot - (foot - top) * mark * up / most, 1)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{left - 8}" y="{y + 4}" text-anchor="end">{mark * up:g}</text>')
    for number, count in enumerate(counts):
        tall = round((foot - top) * count / most, 1)
        ends = f"{number * step:g} and more" if number == _BINS - 1 else f"{number * step:g} to {(number + 1) * step:g}"
        parts.append(
            f'<g><title>{ends}: {count}</title><rect class="bar" x="{left + width * number + 1:.1f}" y="{foot - tall}" '
            f'width="{width - 2:.1f}" height="{tall}"/></g>'
        )
        if number % 4 == 0:
            parts.append(
                f'<text class="tick" x="{left + width * number:.1f}" y="{foot + 17}" text-anchor="middle">{number * step:g}</text>'
            )
    parts.append(f'<text class="axis" x="{(left + right) / 2}" y="{foot + 38}" text-anchor="middle">{html.escape(axis)}</text>')
    parts.append(f'<text class="axis" transform="translate(13 {(foot + top) / 2}) rotate(-90)" text-anchor="middle">cases</text>')
    middle = ordered[len(ordered) // 2]
    return _svg(title, f"{len(ordered)} cases, median {middle:.0f}, from {ordered[0]:.0f} to {ordered[-1]:.0f}", _HIST, parts)


def _step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten, at least 1."""
    power = 10.0 ** math.floor(math.log10(max(rough, 1.0)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= max(rough, 1.0))


def _svg(title: str, described: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{html.escape(f"{title}. {described}")}">'
        f"{''.join(parts)}</svg>"
    )
