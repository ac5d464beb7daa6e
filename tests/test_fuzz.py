"""Damaged files against their readers: a small part of `python -m bench.fuzz`."""

from __future__ import annotations

from bench.fuzz import mutants, run


def test_damaged_files_are_read_or_refused_by_name():
    outcomes, failures, _ = run(32, 2026)
    assert [(failure.kind, failure.number, failure.what) for failure in failures] == []
    assert outcomes.total() == 32
    assert {kind for kind, _, _ in (name.partition(" ") for name in outcomes)} == {"docx", "html", "pdf", "xml"}


def test_the_same_seed_gives_the_same_files():
    assert list(mutants(12, 1)) == list(mutants(12, 1))
    assert list(mutants(12, 1)) != list(mutants(12, 2))
