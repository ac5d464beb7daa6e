"""The comparison with other stacks: its table, its own collection, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import peers
from sequitur.beir import read_collection
from sequitur.chat import Chat

_OURS = peers.Figures(200.0, 5.0, 9.0, 0.5, 300.0, 150.0, 10.0, 0.85, "")
_THEIRS = peers.Figures(50.0, 15.0, 30.0, 7.5, 1400.0, 600.0, 20.0, 0.75, "other 1.0")


def test_the_table_tells_how_many_times_better_ours_is() -> None:
    text = peers.table([("Sequitur", _OURS), ("Other", _THEIRS)], ["Third: no such package"])
    assert "| Other | 4.0× | 3.0× faster | 15.0× faster | 4.0× less | +0.100 |" in text
    assert "Left out, Third: no such package." in text
    assert "Other: other 1.0." in text


def test_alone_there_is_nothing_to_compare() -> None:
    assert "against" not in peers.table([("Sequitur", _OURS)], [])


def test_our_own_collection_is_sound(chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_dir: Path) -> None:
    assert chat.passages
    monkeypatch.setenv("SEQUITUR_INDEX", str(index_dir))
    collection = read_collection(peers.own_collection(tmp_path / "own"))
    assert len(collection.documents) >= len(chat.passages)
    assert collection.qrels.keys() == collection.queries.keys()
    assert set().union(*collection.qrels.values()) <= collection.documents.keys()


def test_a_stack_that_cannot_be_run_is_left_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "STACKS", (peers.Stack("Nobody's", "no_such_module"),))
    found, left_out = peers.compare(tmp_path)
    assert found == []
    assert left_out[0].startswith("Nobody's: ")
