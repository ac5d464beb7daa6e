"""Opens what a chat needs: index, embedder and vocabulary, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sequitur.adapters.embedders import open_embedder
from sequitur.adapters.llm import LlmComposer, open_llm
from sequitur.condense import Language, Vocabulary, vocabulary
from sequitur.errors import StoreError
from sequitur.index import Index, open_index
from sequitur.lexicon import Lexicon
from sequitur.ports import Embedder
from sequitur.settings import Settings
from sequitur.triage import Triage

_NEAR = 0.72  # cosine from which a word of the corpus may stand in for one it never uses


@dataclass(frozen=True)
class Assembly:
    """An opened index with what is needed to ask it."""

    index: Index
    embedder: Embedder
    vocabulary: Vocabulary
    triage: Triage
    llm: LlmComposer | None


def assemble(settings: Settings) -> Assembly:
    """Open everything.

    Raises:
        StoreError: there is no usable index, or another embedder made it.
        ModelError: the embedder cannot be opened.
    """
    index = open_index(settings.index)
    embedder = open_embedder(settings.embedder, settings.models)
    made_by = index.manifest["embedder"]
    if made_by["fingerprint"] != embedder.fingerprint:
        message = (
            f"the index was made with the embedder {made_by['name']!r} ({made_by['fingerprint'][:16]}…), "
            f"the settings say {settings.embedder!r} ({embedder.fingerprint[:16]}…): run `sequitur ingest`"
        )
        raise StoreError(message)

    @lru_cache(maxsize=4096)
    def near(word: str) -> tuple[tuple[str, float], ...]:
        return index.near(embedder.embed([word]), _NEAR)

    abbreviations = {short: long for entry in index.articles for short, long in entry.abbreviations}
    article = index.articles[0].article if index.articles else None
    language = Language(Lexicon(abbreviations), embedder.english(), near)
    known = vocabulary(tuple(index.documents.values()), index.passages, article, index.frequency, language)
    return Assembly(index, embedder, known, Triage(embedder), open_llm(settings))
