"""Shared fixtures: the real corpus, indexed once a session into a temporary folder, and a guard against the network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HF_HUB_OFFLINE", "1")


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
def index_dir(settings: Settings) -> Iterator[Path]:
    """Where the real corpus is indexed."""
    build_index(settings)
    yield Path(settings.index)


@pytest.fixture(scope="session")
def chat(settings: Settings, index_dir: Path) -> Chat:
    """A chat over the real corpus."""
    assert index_dir.is_dir()
    return open_chat(settings)
