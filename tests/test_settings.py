"""Settings: option, else environment, else file, else default; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from sequitur.errors import SettingsError
from sequitur.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a settings file, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SEQUITUR_{name.upper()}", raising=False)
    return tmp_path


def test_the_defaults_need_no_key_and_no_model():
    settings = load_settings()
    assert (settings.corpus, settings.index, settings.llm) == (Path("corpus"), ".sequitur/index", "")
    assert settings.database_url.startswith("sqlite:///.sequitur/")
    assert not [letter for letter in settings.emergency_number if letter.isdigit()]


def test_an_option_beats_the_environment_beats_the_file(folder, monkeypatch):
    (folder / "sequitur.toml").write_text('index = "from-file"\nllm = "from-file"\nembedder = "from-file"\n', encoding="utf-8")
    monkeypatch.setenv("SEQUITUR_INDEX", "from-environment")
    monkeypatch.setenv("SEQUITUR_LLM", "from-environment")
    settings = load_settings(index="from-option")
    assert (settings.index, settings.llm, settings.embedder) == ("from-option", "from-environment", "from-file")


def test_an_option_that_is_not_given_is_left_to_the_environment(monkeypatch):
    monkeypatch.setenv("SEQUITUR_CORPUS", "elsewhere")
    assert load_settings(corpus=None).corpus == Path("elsewhere")


def test_an_unknown_key_of_the_file_is_named(folder):
    (folder / "sequitur.toml").write_text("indx = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'indx'"):
        load_settings()


def test_a_value_of_the_wrong_type_is_named(folder):
    (folder / "sequitur.toml").write_text("index = [1]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'index'"):
        load_settings()


def test_a_file_that_is_no_toml_is_named(folder):
    (folder / "sequitur.toml").write_text("index = \n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"sequitur\.toml"):
        load_settings()


def test_a_file_of_hidden_settings_is_not_read(folder):
    (folder / ".env").write_text("SEQUITUR_LLM=evil:model\n", encoding="utf-8")
    assert load_settings().llm == ""


def test_settings_cannot_be_changed_once_loaded():
    with pytest.raises(ValidationError):
        load_settings().index = "other"  # type: ignore[misc]
