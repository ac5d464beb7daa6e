"""What became of saved answers: nothing where nothing changed, and otherwise which claims, because of which document."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.cli import app
from sequitur.diff import Saved, ask_again, changes, read_export, record, terminal
from sequitur.errors import QuestionError
from sequitur.export import as_json
from sequitur.history import Conversation
from sequitur.schema import Role, Turn
from sequitur.settings import Settings
from tests.conftest import write_note

QUESTIONS = ("Does colchicine shorten an attack of gout?", "How common was diarrhoea?", "ok thanks")


def export(chat: Chat, file: Path) -> Path:
    """A conversation about gout, exported."""
    turns: list[Turn] = []
    answers = []
    for question in QUESTIONS:
        answers.append(chat.ask(question, tuple(turns), Role.CLINICIAN))
        turns.append(chat.turn(answers[-1]))
    at = datetime(2026, 11, 22, tzinfo=UTC)
    whole = as_json(Conversation("gout", "Gout", at, at, len(answers)), answers, chat.documents)
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


@pytest.fixture
def before(gout: Settings, tmp_path: Path) -> Saved:
    build_index(gout)
    return read_export(export(open_chat(gout), tmp_path / "old.json"))


def after(gout: Settings, before: Saved) -> Saved:
    build_index(gout)
    return ask_again(before, open_chat(gout))


def test_nothing_has_changed_where_nothing_changed(gout, before):
    assert before.whole
    assert changes(before, after(gout, before)) == ()


def test_a_changed_document_is_named_with_what_went_and_what_came(gout, before):
    write_note(gout.corpus / "gout", "doe2019", 1, "Colchicine shortened the attack by 5 days against placebo. No patient died.")
    found = changes(before, after(gout, before))
    first = next(change for change in found if change.number == 1)
    assert any("by 2 days" in said.text and "doe2019" in said.sources for said in first.gone)
    assert any("by 5 days" in said.text and "doe2019" in said.sources for said in first.appeared)
    assert "doe2019 has changed" in first.because


def test_a_document_that_went_is_named(gout, before):
    (gout.corpus / "gout" / "references" / "doe2019.md").unlink()
    found = changes(before, after(gout, before))
    assert any("doe2019 is no longer in the corpus" in change.because for change in found)
    assert all(said.sources != ("doe2019",) for change in found for said in change.appeared)


def test_a_document_that_came_is_named(gout, before):
    write_note(
        gout.corpus / "gout", "poe2024", 3, "Colchicine shortened the attack of gout by 3 days in 400 patients.", title="Colchicine again"
    )
    found = changes(before, after(gout, before))
    assert any("poe2024 has come into the corpus" in change.because for change in found)


def test_a_mended_question_is_asked_again_as_it_was_mended(gout, before):
    chat = open_chat(gout)
    mended = chat.ask("and that?", (), Role.CLINICIAN, "How common was diarrhoea on colchicine?")
    saved = replace(before, answers=(mended,))
    assert changes(saved, ask_again(saved, chat)) == ()


def test_where_the_corpus_is_the_same_the_model_is_named(before):
    now = replace(before.answers[0], claims=(), provenance=replace(before.answers[0].provenance, model="openai:x"))
    [change] = changes(replace(before, answers=before.answers[:1]), replace(before, answers=(now,)))
    assert change.because == ("the language model is another one",)


def test_exports_of_other_questions_are_refused(before):
    with pytest.raises(QuestionError, match="other questions"):
        changes(before, replace(before, answers=before.answers[:1]))


def test_both_forms_carry_the_disclaimer_and_say_the_same(gout, before):
    write_note(gout.corpus / "gout", "doe2019", 1, "Colchicine shortened the attack by 5 days against placebo. No patient died.")
    new = after(gout, before)
    found = changes(before, new)
    shown, whole = terminal(before, new, found), record(before, new, found)
    assert whole["disclaimer"] == before.answers[0].disclaimer
    assert shown.endswith(f"Disclaimer: {before.answers[0].disclaimer}")
    for change in whole["changed"]:
        assert all(f"   - {said['text']}" in shown for said in change["gone"])
        assert all(f"   + {said['text']}" in shown for said in change["appeared"])


@pytest.fixture
def command(gout: Settings, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"CORPUS": gout.corpus, "INDEX": gout.index, "MODELS": gout.models}.items():
        monkeypatch.setenv(f"SEQUITUR_{name}", str(value))
    return lambda *arguments: CliRunner().invoke(app, ["diff", *(str(argument) for argument in arguments)])


def test_the_command_asks_again_or_compares_two_exports(gout, before, command, tmp_path):
    same: Result = command(tmp_path / "old.json")
    assert same.exit_code == 0
    assert same.stdout.startswith(f"0 of {len(QUESTIONS)} answers changed")
    write_note(gout.corpus / "gout", "doe2019", 1, "Colchicine shortened the attack by 5 days against placebo. No patient died.")
    build_index(gout)
    again = json.loads(command(tmp_path / "old.json", "--json").stdout)
    export(open_chat(gout), tmp_path / "new.json")
    assert json.loads(command(tmp_path / "old.json", tmp_path / "new.json", "--json").stdout) == again
    assert again["changed"]


@pytest.mark.parametrize("content", [None, "nonsense", "[]", '{"answers": [], "corpus": 3}', '{"answers": [{}], "corpus": null}'])
def test_what_is_no_export_is_one_line(command, tmp_path, content):
    if content is not None:
        (tmp_path / "x.json").write_text(content, encoding="utf-8")
    result = command(tmp_path / "x.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("sequitur: ")
    assert result.stderr.count("\n") == 1
