"""What a plain-text reference is called, and the id its file's name makes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ingest.readers import read_reference

PUBMED = "1. N Engl J Med. 2021 May 13;384(19):1800-1809. doi: 10.1056/x.\n\nColchicine in acute gout: a\nrandomised trial.\n\nPain fell."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "Oral prednisolone in the treatment of acute gout\nRander T, Cheng C.\n\nPain fell.",
            "Oral prednisolone in the treatment of acute gout",
        ),
        (PUBMED, "Colchicine in acute gout: a randomised trial"),
        ("We randomly assigned 416 patients to prednisolone or indomethacin.", "Some File"),
        ("Abstract\n\nPain fell in both groups.", "Some File"),
        ("12 34 56 | 78 | 90 12 34", "Some File"),
    ],
)
def test_a_plain_text_is_called_by_its_first_line_where_that_is_a_title(tmp_path: Path, text, title):
    path = tmp_path / "Some File.txt"
    path.write_text(text, encoding="utf-8")
    assert read_reference(path, "gout").title == title


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("Smith 2020.md", "smith-2020"),
        ("CON.md", "con"),
        ("-dash.md", "dash"),
        ("Müller.md", "muller"),
        ("痛风.md", f"file-{hashlib.sha256('痛风'.encode()).hexdigest()[:8]}"),
    ],
)
def test_a_file_without_a_stated_id_is_known_by_its_name(tmp_path: Path, name, identity):
    (tmp_path / name).write_text("# Gout\n\nPain fell.", encoding="utf-8")
    assert read_reference(tmp_path / name, "gout").id == identity
