"""Late interaction: what is kept, and how a passage meets a question token by token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequitur.index import interaction as module
from sequitur.index.interaction import Interaction
from sequitur.ports import WIDTH, Vectors, packed


def unit(*axes: int) -> Vectors:
    """Unit vectors along the given axes, half as long as kept vectors may be."""
    found = np.zeros((len(axes), WIDTH), dtype=np.float32)
    for row, axis in enumerate(axes):
        found[row, axis] = 0.5
    return found


def test_each_token_of_the_question_counts_by_its_best_match() -> None:
    passages = [packed(unit(0, 1)), packed(unit(2)), packed(unit(1, 2, 3))]
    question = np.concatenate([unit(1) * 1.5, unit(2) * 0.5])
    scores = Interaction.of(passages).met(question, [0, 1, 2]).scores
    assert scores == pytest.approx([0.375, 0.125, 0.5], abs=0.01)


def test_what_is_not_met_by_a_passage_is_known_by_how_much() -> None:
    passages = [packed(unit(0, 1)), packed(unit(2))]
    shortfall = Interaction.of(passages).met(np.concatenate([unit(1) * 1.5, unit(2) * 0.5]), [0, 1]).shortfall
    assert shortfall == pytest.approx([0.075 + 0.15, 0.45 + 0.025], abs=0.01)  # of 0.6 of each token's weight


def test_rows_may_come_in_any_order_and_have_no_tokens() -> None:
    passages = [packed(unit(0)), packed(unit()), packed(unit(1))]
    scores = Interaction.of(passages).met(unit(1), [2, 1, 0]).scores
    assert scores == pytest.approx([0.25, 0.0, 0.0], abs=0.01)


@pytest.mark.parametrize("question", [np.zeros((0, WIDTH), dtype=np.float32), unit(0)])
def test_nothing_is_scored_where_there_are_no_tokens(question: Vectors) -> None:
    assert Interaction.none(3).met(question, [0, 2]).scores.tolist() == [0.0, 0.0]


def test_a_large_index_keeps_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UP_TO", 2)
    kept, left = Interaction.of([packed(unit(0))] * 2), Interaction.of([packed(unit(0))] * 3)
    assert (len(kept), len(kept.tokens(1)), len(left), len(left.tokens(1))) == (2, 1, 3, 0)


def test_written_and_read_it_is_the_same(tmp_path: Path) -> None:
    written = Interaction.of([packed(unit(0, 1)), packed(unit(2))])
    written.write(tmp_path / "late")
    read = Interaction.read(tmp_path / "late")
    assert [read.tokens(row).tolist() for row in range(2)] == [written.tokens(row).tolist() for row in range(2)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.randoms())
def test_some_passages_alone_are_the_same_passages(sizes: list[int], chance: object) -> None:
    rng = np.random.default_rng(len(sizes))
    passages = [packed(rng.normal(0, 0.1, (size, WIDTH)).astype(np.float32)) for size in sizes]
    rows = sorted(chance.sample(range(len(sizes)), len(sizes) // 2))  # type: ignore[attr-defined]
    question = rng.normal(0, 0.1, (3, WIDTH)).astype(np.float32)
    whole = Interaction.of(passages)
    assert whole.of_rows(rows).met(question, range(len(rows))).scores.tolist() == whole.met(question, rows).scores.tolist()
