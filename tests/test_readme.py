"""The README: every command, setting, file and link it shows exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from sequitur.cli import app
from sequitur.schema import Role
from sequitur.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```[a-z]*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [
    line.strip().removeprefix("$ ") for fence in FENCES for line in fence.split("\n") if line.strip() and not line.strip().startswith("#")
]
INLINE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL))
SHOWN = [*LINES, *INLINE]
OWN = {"sequitur.toml"}  # the reader's file, which need not exist
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def words(line: str) -> list[str]:
    """The words of a command, up to where the shell sends its output elsewhere."""
    found = shlex.split(line, comments=True)
    return found[: next((place for place, word in enumerate(found) if word in {">", "|", "&&"}), len(found))]


def test_the_readme_shows_how_to_run_and_to_test():
    assert LINES
    assert any(line.startswith("make run") for line in LINES)
    assert any(line.startswith("make test") for line in LINES)


@pytest.mark.parametrize("line", sorted({line for line in SHOWN if line.startswith("make ")}))
def test_every_make_target_exists(line):
    targets = [word for word in words(line)[1:] if "=" not in word]
    assert targets
    assert set(targets) <= TARGETS


@pytest.mark.parametrize("line", sorted({line for line in LINES if re.match(r"(?:\.venv/bin/)?sequitur\b", line)}))
def test_every_command_exists_with_its_options_and_arguments(line):
    name, *arguments = words(line)[1:]
    assert name in COMMANDS
    command = COMMANDS[name]
    if subcommands := getattr(command, "commands", None):
        name, *arguments = arguments
        assert name in subcommands
        command = subcommands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {argument for argument in arguments if re.match(r"--?[a-z]", argument)} <= options
    with command.make_context(name, list(arguments)) as context:
        assert context.params
    if "--role" in arguments:
        assert arguments[arguments.index("--role") + 1] in set(Role)


def test_every_setting_exists_and_has_the_default_that_is_shown():
    shown = set(re.findall(r"SEQUITUR_([A-Z][A-Z_]*)", README))
    assert {name.lower() for name in shown} <= Settings.model_fields.keys()
    for name, default in re.findall(r"\| `SEQUITUR_([A-Z_]+)` \| `([^`]+)` \|", README):
        assert str(Settings.model_fields[name.lower()].default) == default


@pytest.mark.parametrize("target", sorted({target for target in re.findall(r"\]\(([^)#\s]+)\)", README) if "://" not in target}))
def test_every_file_that_is_linked_exists(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "place", sorted({place for place in set(INLINE) - OWN if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|toml|jsonl))", place)})
)
def test_every_file_and_folder_that_is_named_exists(place):
    assert (ROOT / place).exists()


@pytest.mark.parametrize(
    "module", sorted({module for module in set(INLINE) - OWN if re.fullmatch(r"(?:sequitur|ingest|evals)\.[a-z_]+", module)})
)
def test_every_module_that_is_named_exists(module):
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__init__.py").exists()
