"""Shared fixtures: the real corpus, indexed once a session into a temporary folder, and a guard against the network."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import settings as hypothesis_settings
from typer.testing import CliRunner

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.cli import app
from sequitur.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HF_HUB_OFFLINE", "1")
hypothesis_settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine may be spoken to: everything here works without a network."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            message = f"a test tried to reach {address}"
            raise RuntimeError(message)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The real corpus with an index and a database of the test session's own; the exported model is shared with the checkout."""
    place = tmp_path_factory.mktemp("sequitur")
    return Settings(
        corpus=ROOT / "corpus",
        index=str(place / "index"),
        models=ROOT / ".sequitur" / "models",
        database_url=f"sqlite:///{place / 'history.db'}",
    )


@pytest.fixture(scope="session")
def index_dir(settings: Settings) -> Path:
    """Where the real corpus is indexed."""
    build_index(settings)
    return Path(settings.index)


@pytest.fixture(scope="session")
def chat(settings: Settings, index_dir: Path) -> Chat:
    """A chat over the real corpus."""
    assert index_dir.is_dir()
    return open_chat(settings)


@pytest.fixture
def index_copy(index_dir: Path, tmp_path: Path) -> Path:
    """A copy of the index to damage."""
    return Path(shutil.copytree(index_dir, tmp_path / "copy", ignore=shutil.ignore_patterns("writer.lock")))


NOTE = """---
id: {identity}
title: "{title}"
authors: [Doe J, Roe R]
year: 2019
kind: rct
population: "40 adults with gout"
cited_as: {number}
---
## Findings
{findings}

## Safety
- Diarrhoea in 9 of 20 patients on colchicine.
- Nausea was rare.
"""
GOUT = """What helps in gout?

Content is pending human review

Last updated: May 2, 2024

Treatment of Gout

Colchicine shortens an acute attack of gout. 1

Doses in Gout

Colchicine is given like this:

  • 1 mg at once, then 0.5 mg an hour later 2

References

Research

Low-dose colchicine in acute gout.

Lancet, 2019

Disclaimer

Only for health professionals. Verify before use.

Have a follow-up question?

Ask it.
"""


def write_note(folder: Path, identity: str, number: int, findings: str, title: str = "Low-dose colchicine in acute gout") -> Path:
    """A reference note with front matter, below an article's folder."""
    path = folder / "references" / f"{identity}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(NOTE.format(identity=identity, title=title, number=number, findings=findings), encoding="utf-8")
    return path


@pytest.fixture
def gout(settings: Settings, tmp_path: Path) -> Settings:
    """A small corpus on another subject, of one article and two notes, with an index and a database of its own; not indexed yet."""
    folder = tmp_path / "corpus" / "gout"
    folder.mkdir(parents=True)
    (folder / "article.txt").write_text(GOUT, encoding="utf-8")
    write_note(folder, "doe2019", 1, "Colchicine shortened the attack by 2 days against placebo. No patient died.")
    write_note(folder, "roe2020", 2, "A dose of 1 mg then 0.5 mg worked as well as 4.8 mg.", title="Doses of colchicine in gout")
    return Settings(
        corpus=tmp_path / "corpus",
        index=str(tmp_path / "gout-index"),
        models=settings.models,
        database_url=f"sqlite:///{tmp_path / 'gout.db'}",
    )


@pytest.fixture
def cli(settings: Settings, index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line over the session's index, with a conversation store of the test's own: `cli("ask", "…", "--json")`."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "CORPUS": settings.corpus,
        "INDEX": index_dir,
        "MODELS": settings.models,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'history.db'}",
    }.items():
        monkeypatch.setenv(f"SEQUITUR_{name}", str(value))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
