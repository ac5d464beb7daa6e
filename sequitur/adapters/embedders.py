"""Which embedder a name in the settings means."""

from __future__ import annotations

from pathlib import Path

from sequitur.adapters.onnx import OnnxEmbedder, open_onnx


def open_embedder(name: str, cache: Path) -> OnnxEmbedder:
    """The embedder of that name: a packaged model, or a folder with a sentence-transformers model.

    Raises:
        ModelError: it cannot be found or opened.
    """
    return open_onnx(name, cache)
