"""The check of an index against its manifest and its corpus."""

from __future__ import annotations

from pathlib import Path

from ingest.state import inputs
from sequitur.generations import current_generation, differing_files
from sequitur.index import open_index
from sequitur.settings import Settings


def verify_index(settings: Settings, corpus: Path | None = None) -> list[str]:
    """What differs between the index, its manifest and the corpus; empty when nothing does.

    `corpus` is by default the folder the index was made from; where that is gone, the settings'.

    Raises:
        StoreError: there is no index at all.
    """
    generation = current_generation(Path(settings.index))
    damaged = [f"{name}: missing or damaged" for name in differing_files(generation)] if generation else []
    if damaged:
        return damaged
    index = open_index(settings.index)
    made_from = Path(index.manifest["corpus"])
    then, now = index.manifest["inputs"], inputs(corpus or (made_from if made_from.is_dir() else settings.corpus))
    found = [
        f"{path}: changed since it was indexed" if path in now else f"{path}: indexed, but not in the corpus now"
        for path, digest in then.items()
        if now.get(path) != digest
    ]
    found.extend(f"{path}: in the corpus, not in the index" for path in now.keys() - then.keys())
    found.extend(
        f"{passage.id}: its text is not what stands at its offsets"
        for passage in index.passages
        if passage.span.of(index.documents[passage.document_id].text) != passage.text
    )
    return sorted(found)
