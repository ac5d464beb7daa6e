"""The check of an index against its manifest and its corpus."""

from __future__ import annotations

from pathlib import Path

from ingest.build import corpus_sources
from sequitur.index import current_generation, differing_files, open_index
from sequitur.settings import Settings
from sequitur.text import canonical


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
    found = []
    for document in index.documents.values():
        path = settings.corpus / document.path
        try:
            if canonical(path.read_bytes()) != document.text:
                found.append(f"{document.path}: changed since it was indexed")
        except (OSError, UnicodeDecodeError):
            found.append(f"{document.path}: indexed, but not readable in the corpus now")
    found.extend(
        f"{passage.id}: its text is not what stands at its offsets"
        for passage in index.passages
        if passage.span.of(index.documents[passage.document_id].text) != passage.text
    )
    known = {document.path for document in index.documents.values()}
    found.extend(f"{path}: in the corpus, not in the index" for path in corpus_sources(settings.corpus) if path not in known)
    return found
