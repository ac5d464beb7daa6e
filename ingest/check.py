"""The check of an index against its manifest and its corpus."""

from __future__ import annotations

from pathlib import Path

from ingest.build import corpus_sources
from sequitur.index import current_generation, differing_files, open_index
from sequitur.settings import Settings


def verify_index(settings: Settings) -> list[str]:
    """What differs between the index, its manifest and the corpus; empty when nothing does.

    Raises:
        StoreError: there is no index at all.
    """
    folder = Path(settings.index)
    generation = current_generation(folder)
    if generation is None:
        open_index(settings.index)  # says what is wrong
        return []
    damaged = [f"{name}: missing or damaged" for name in differing_files(generation)]
    if damaged:
        return damaged
    index = open_index(settings.index)
    now = corpus_sources(settings.corpus)
    found = []
    for document in index.documents.values():
        if document.path not in now:
            found.append(f"{document.path}: indexed, but not readable in the corpus now")
        elif now[document.path] != document.sha256:
            found.append(f"{document.path}: changed since it was indexed")
    found.extend(
        f"{passage.id}: its text is not what stands at its offsets"
        for passage in index.passages
        if passage.span.of(index.documents[passage.document_id].text) != passage.text
    )
    known = {document.path for document in index.documents.values()}
    found.extend(f"{path}: in the corpus, not in the index" for path in now if path not in known)
    return found
