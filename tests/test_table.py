"""Studies side by side: verbatim cells with their markers, drawn by every surface."""

from __future__ import annotations

import json

import pytest

from evals import recheck
from sequitur.chat import Chat
from sequitur.render import record, terminal
from sequitur.schema import Answer
from sequitur.settings import Settings
from ui.prose import prose

HEAD = "| Source | In whom | What it found |"


@pytest.fixture(scope="module")
def answer(chat: Chat) -> Answer:
    return chat.ask("which trials tested ketamine in CRPS?")


def test_each_row_is_a_study_with_whom_and_what_in_its_own_words(answer):
    lines = answer.answer.split("\n")
    at = lines.index(HEAD)
    rows = lines[at + 2 :]
    assert len(rows) >= 2
    assert all(row.count(" | ") == 2 for row in rows)
    for claim in answer.claims:
        assert claim.text.rstrip(".;") in answer.answer.replace("\\", "")
        assert "".join(f"[{marker}]" for marker in claim.citations) in answer.answer


@pytest.mark.parametrize(
    "question",
    [
        "ketamine versus morphine",  # one source alone compares them
        "S-ketamine vs racemic",
        "What are the side effects of ketamine?",
        "What did Pickering 2020 find?",
    ],
)
def test_what_is_no_comparison_of_studies_is_no_table(chat: Chat, question):
    assert HEAD not in chat.ask(question).answer


def test_the_checker_proves_a_table(answer, settings: Settings):
    whole = {"answers": [json.loads(json.dumps(record(answer)))]}
    recheck.check(whole, recheck.Proof(settings.corpus, None))
    whole["answers"][0]["answer"] = whole["answers"][0]["answer"].replace("| --- ", "| 77 ")
    with pytest.raises(recheck.LieError):
        recheck.check(whole, recheck.Proof(settings.corpus, None))


def test_a_terminal_draws_columns(answer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = terminal(answer)
    assert "| --- |" not in text
    table = text.split("\nSources")[0].split("\n")
    assert next(line for line in table if "In whom" in line).index("In whom") > 10
    assert max(map(len, table)) <= 80


def test_the_page_draws_a_table_and_each_cell_names_its_column(answer):
    cited = {citation.marker: citation for citation in answer.citations}
    html = prose(answer.answer, cited, "e0")
    assert '<th scope="col">In whom</th>' in html
    assert html.count('data-column="What it found"') == answer.answer.count("\n| ") - 1
    assert "---" not in html


def test_a_bar_within_a_cell_is_text_and_markup_stays_inert():
    html = prose("| A | B |\n| --- | --- |\n| a\\|b | <b>x</b> |", {}, "e0")
    assert "a|b" in html
    assert "<b>" not in html
    assert prose("a | b", {}, "e0") == "<p>a | b</p>"
