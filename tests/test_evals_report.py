"""The report of a run: figures as they are in the run, nothing of a prediction becomes markup, nothing is fetched."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.__main__ import main
from evals.cases import GoldError
from evals.figures import figures
from evals.measures import Judged
from evals.report import markdown, page, told
from evals.report.model import Bar, went_wrong
from evals.report.plots import histogram, intervals
from evals.report.text import as_html
from evals.store import finish, open_run, write_rows
from evals.systems import OURS

HOSTILE = '<script>alert(1)</script> & "quotes" ![x](http://evil.example/x) [y](javascript:alert(1))'


def judged(identity: str, split: str = "dev", **changes: Any) -> Judged:
    row = Judged(
        id=identity,
        split=split,
        kind="single",
        role="clinician",
        turns=1,
        expected="answer",
        outcome="answered",
        right_outcome=True,
        abstained=False,
        vital=1.0,
        okay=None,
        nugget_precision=0.5,
        evidence=1.0,
        citation_precision=1.0,
        citation_recall=1.0,
        numbers=1.0,
        forbidden=0,
        disclaimer=True,
        words=30,
        grade=11.0,
        milliseconds=20.0,
        missed=(),
        ndcg10=0.5,
    )
    return dataclasses.replace(row, **changes)


ROWS = [
    judged("fine"),
    judged("missed", vital=0.0, missed=("RR 4.94",), kind="follow-up", turns=2, words=400),
    judged("declined", outcome="abstained", right_outcome=False, vital=0.0, words=50, role="patient"),
    judged("kept-back", split="test"),
]


def prediction(identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "question": f"{identity}? {HOSTILE}",
        "standalone": "How common?",
        "answer": f"- **Roe**: Pain fell. [1]\n- {HOSTILE}",
        "citations": [{"marker": 1, "label": "Roe 2020", "section": "Findings", "passage": f"Pain fell. {HOSTILE}"}],
        "withheld": [{"text": "Pain rose.", "reason": "its direction is not that of the cited passage"}],
    }


def write_run(folder: Path, rows: list[Judged], predictions: list[dict[str, Any]]) -> Path:
    write_rows(folder / "judged.jsonl", rows)
    write_rows(folder / "predictions.jsonl", predictions)
    made_with = {"commit": "abc123", "llm": None, "prompts": {"answer": "digest"}}
    baselines = {"bm25": [dataclasses.replace(row, vital=0.25) for row in rows]}
    summary = {"provenance": made_with, **figures({OURS: rows, **baselines})}
    finish(folder, summary, [folder / "judged.jsonl", folder / "predictions.jsonl"])
    return folder


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "a-run", ROWS, [prediction(row.id) for row in ROWS])


def test_both_forms_hold_the_figures_the_baselines_and_what_went_wrong(run_folder: Path):
    report = told(open_run(str(run_folder)))
    assert [row.id for row, _ in report.cases if went_wrong(row)] == ["missed", "declined"]
    for text in (page(report), markdown(report)):
        for words in ("Vital facts told", "0.333", "bm25", "0.250", "abc123", "RR 4.94", "follow-up", "2 of 3", "by reader"):
            assert words in text


def test_cases_of_the_other_half_are_not_shown_unless_asked_for(run_folder: Path):
    run = open_run(str(run_folder))
    assert "kept-back" not in page(told(run)) + markdown(told(run))
    assert "kept-back" in page(told(run, "test"))


def test_the_page_fetches_nothing_and_shows_hostile_text_as_text(run_folder: Path):
    text = page(told(open_run(str(run_folder))))
    assert "<script>alert" not in text
    assert not re.search(r"<(?:img|iframe|link|object)\b", text)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", text)
    assert "default-src 'none'" in text
    assert text.count("<script>") == 1
    assert text.count('class="case"') == 3


def test_every_plot_says_in_words_what_it_shows(run_folder: Path):
    text = page(told(open_run(str(run_folder))))
    plots = re.findall(r"<svg[^>]*>", text)
    assert plots
    for plot in plots:
        assert 'role="img"' in plot
        assert re.search(r'aria-label="[^"]{20,}"', plot)


def test_a_bar_stands_where_its_value_is():
    drawn = intervals("T", [Bar("half", 0.5, 0.25, 1.0, "4 cases")])
    assert 'cx="180.0"' in drawn
    assert 'x1="94.0" x2="352.0"' in drawn
    assert "half: 0.500, 95 % interval 0.250 to 1.000 (4 cases)" in drawn
    assert "share, with its 95 % interval" in drawn


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=200))
def test_a_histogram_counts_every_value_once(values):
    drawn = histogram("T", "words", values)
    counts = [int(found) for found in re.findall(r"<title>[^:]*: (\d+)</title>", drawn)]
    assert sum(counts) == len(values)


@given(st.text(max_size=300))
def test_no_text_of_an_answer_becomes_active_markup(text):
    tags = set(re.findall(r"<\s*(\w+)", as_html(text, "c1")))
    assert tags <= {"p", "ul", "ol", "li", "em", "strong", "a", "br", "hr", "blockquote", "code"}
    assert not re.search(r'href="(?!#c1-)', as_html(text, "c1"))


def test_markers_lead_to_their_citations(run_folder: Path):
    text = page(told(open_run(str(run_folder))))
    assert 'href="#c0-1"' in text
    assert 'id="c0-1"' in text


def test_predictions_of_other_cases_are_refused(tmp_path: Path):
    folder = write_run(tmp_path / "odd", ROWS, [prediction("fine")])
    with pytest.raises(GoldError, match="not of the same cases"):
        told(open_run(str(folder)))


def test_the_command_writes_both_files(run_folder: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evals", "report", str(run_folder), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    for line in capsys.readouterr().out.splitlines():
        assert Path(line).read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium is installed")
def test_cases_can_be_found_and_opened_in_a_browser(run_folder: Path, tmp_path: Path):
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(page(told(open_run(str(run_folder)))), encoding="utf-8")
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        shown = browser.new_page(viewport={"width": 390, "height": 800})
        faults: list[str] = []
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.goto(file.as_uri())
        assert shown.locator("#left").inner_text() == "3 cases"
        shown.check("#wrong")
        assert shown.locator("#left").inner_text() == "2 cases"
        shown.fill("#find", "declined")
        assert shown.locator("#left").inner_text() == "1 case"
        shown.locator(".case:visible summary").click()
        assert "Pain fell." in shown.locator(".case[open] blockquote").inner_text()
        assert shown.evaluate("document.documentElement.scrollWidth") == 390
        assert faults == []
        browser.close()
