"""Sequitur's own path, as `sequitur beir` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.stacks import frame
from sequitur.adapters.embedders import open_embedder
from sequitur.beir import BeirIndex
from sequitur.settings import load_settings


def build(documents: Mapping[str, str], store: Path) -> None:
    """Embed, index, write."""
    settings = load_settings()
    BeirIndex.of(documents, open_embedder(settings.embedder, settings.models)).write(store)


def opened(store: Path) -> frame.Search:
    """The index as written."""
    settings = load_settings()
    index = BeirIndex.read(store, open_embedder(settings.embedder, settings.models))
    return lambda text: index.search(text, frame.TOP)[0]


if __name__ == "__main__":
    frame.run(build, opened)
