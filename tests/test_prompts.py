"""Prompt templates: strict about their variables."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from string import Template

import pytest

import prompts

FOLDER = Path(prompts.__file__).parent


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of templates in place of ours."""
    (tmp_path / "greet.md").write_text("Dear $person, you owe $$5 for ${what}.\n", encoding="utf-8")
    (tmp_path / "plain.md").write_text("Nothing to fill.\n", encoding="utf-8")
    monkeypatch.setattr(prompts, "_FOLDER", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("templates")
def test_a_template_is_filled_in():
    assert prompts.render("greet", person="Ann", what="tea") == "Dear Ann, you owe $5 for tea.\n"
    assert prompts.render("plain") == "Nothing to fill.\n"


@pytest.mark.usefixtures("templates")
def test_what_is_filled_in_is_never_read_as_a_template():
    assert prompts.render("greet", person="$what", what="${person} $$") == "Dear $what, you owe $5 for ${person} $$.\n"


@pytest.mark.usefixtures("templates")
def test_all_missing_and_unknown_variables_are_named_in_one_message():
    with pytest.raises(LookupError) as caught:
        prompts.render("greet", parson="Ann", wat="tea")
    assert str(caught.value) == "prompt 'greet': missing ['person', 'what'], unknown ['parson', 'wat']"


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("name", ["none", "../greet", "", "greet.md"])
def test_an_unknown_prompt_is_named_with_those_there_are(name):
    with pytest.raises(LookupError, match="greet, plain"):
        prompts.render(name)
    with pytest.raises(LookupError):
        prompts.digest(name)


def test_a_digest_names_the_very_bytes_of_a_prompt(templates):
    before = prompts.digest("greet")
    assert before == hashlib.sha256((templates / "greet.md").read_bytes()).hexdigest()[:12]
    (templates / "greet.md").write_text("Dear $person!\n", encoding="utf-8")
    assert prompts.digest("greet") != before


def test_the_prompts_there_are_can_be_filled_in_and_name_no_source_by_number():
    assert prompts.names() == tuple(sorted(path.stem for path in FOLDER.glob("*.md")))
    for name in prompts.names():
        wanted = Template((FOLDER / f"{name}.md").read_text(encoding="utf-8")).get_identifiers()
        filled = prompts.render(name, **dict.fromkeys(wanted, "text"))
        assert not re.search(r"\$[a-z{]", filled)


def test_no_text_of_the_corpus_looks_like_a_label_of_a_prompt():
    for path in (FOLDER.parent / "corpus").rglob("*.*"):
        assert not re.search(r"\[src-\d+\]", path.read_text(encoding="utf-8"))
