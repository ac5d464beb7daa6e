"""Ingestion is killed: what readers find is the old generation or the new one, whole, and the next run clears away the rest."""

from __future__ import annotations

from pathlib import Path

from bench.kill import random_kills, small_corpus, stepped_kills
from sequitur.settings import Settings


def test_a_kill_at_a_random_moment_leaves_a_whole_generation(settings: Settings, index_dir: Path, tmp_path: Path):
    assert index_dir.is_dir()
    tally = random_kills(small_corpus(tmp_path, settings.models), rounds=2, seed=3)
    assert tally.wrong == []
    assert tally.old + tally.new == tally.kills == 2


def test_a_kill_at_a_file_operation_leaves_a_whole_generation(settings: Settings, index_dir: Path, tmp_path: Path):
    assert index_dir.is_dir()
    tally = stepped_kills(small_corpus(tmp_path, settings.models), every=30)
    assert tally.wrong == []
    assert tally.old + tally.new == tally.kills > 2
