"""Opens what a chat needs: index, embedder and vocabulary, as the settings say; for one article, or for the library as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sequitur.adapters.embedders import open_embedder
from sequitur.adapters.llm import LanguageModel, open_llm
from sequitur.adapters.onnx import OnnxEmbedder
from sequitur.condense import Language, Vocabulary, vocabulary
from sequitur.errors import SettingsError, StoreError
from sequitur.index import Index, open_index
from sequitur.lexicon import Lexicon
from sequitur.ports import Embedder
from sequitur.schema import Article
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
    llm: LanguageModel | None


class Shelf:
    """An opened index with its models, from which each article is taken with its own references and nothing else."""

    def __init__(self, index: Index, embedder: OnnxEmbedder, llm: LanguageModel | None) -> None:
        """Use `open_shelf` instead."""
        self._index, self._embedder, self._llm = index, embedder, llm
        self._triage = Triage(embedder)
        self._english = embedder.english()
        self._taken: dict[str, Assembly] = {}

    @property
    def generation(self) -> str:
        """Name of the generation that is open."""
        return self._index.generation

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by slug."""
        return {entry.article.document_id: entry.article for entry in self._index.articles}

    def about(self, slug: str) -> Assembly:
        """What is needed to ask about one article; an empty slug means the only one.

        Raises:
            StoreError: there is no article.
            SettingsError: there is none of that name, or there are several and none is named.
        """
        chosen = self._chosen(slug)
        if chosen not in self._taken:
            index = self._index.about(chosen)
            self._taken[chosen] = self._assembled(index, index.articles[0].article)
        return self._taken[chosen]

    def whole(self) -> Assembly:
        """What is needed to search all articles at once."""
        return self._assembled(self._index, None)

    def _chosen(self, slug: str) -> str:
        names = list(self.articles)
        if not names:
            message = "the index holds no article, only references: add corpus/<article>/article.txt and run `sequitur ingest`"
            raise StoreError(message)
        if slug and slug not in names:
            message = f"there is no article {slug!r} in the index: name one of {', '.join(names)}"
            raise SettingsError(message)
        if not slug and len(names) > 1:
            message = f"the index holds {len(names)} articles: say which one is asked about with --article ({', '.join(names)})"
            raise SettingsError(message)
        return slug or names[0]

    def _assembled(self, index: Index, article: Article | None) -> Assembly:
        embedder = self._embedder

        def near(words: Sequence[str]) -> tuple[tuple[tuple[str, float], ...], ...]:
            return index.near(embedder.embed(words), _NEAR)

        abbreviations = {short: long for entry in index.articles for short, long in entry.abbreviations}
        language = Language(Lexicon(abbreviations), self._english, near)
        known = vocabulary(tuple(index.documents.values()), index.passages, article, index.frequency, language)
        return Assembly(index, embedder, known, self._triage, self._llm)


def open_shelf(settings: Settings) -> Shelf:
    """Open index and models.

    Raises:
        StoreError: there is no usable index, or another embedder made it.
        ModelError: the embedder cannot be opened.
    """
    with ThreadPoolExecutor(1) as aside:  # most of opening a model leaves the interpreter free
        opening = aside.submit(open_embedder, settings.embedder, settings.models)
        index = open_index(settings.index)
        embedder = opening.result()
    made_by = index.manifest["embedder"]
    if made_by["fingerprint"] != embedder.fingerprint:
        message = (
            f"the index was made with the embedder {made_by['name']!r} ({made_by['fingerprint'][:16]}…), "
            f"the settings say {settings.embedder!r} ({embedder.fingerprint[:16]}…): run `sequitur ingest`"
        )
        raise StoreError(message)
    return Shelf(index, embedder, open_llm(settings))


def assemble(settings: Settings) -> Assembly:
    """What is needed to ask about the article that the settings name.

    Raises:
        SequiturError: as `open_shelf` and `Shelf.about`.
    """
    return open_shelf(settings).about(settings.article)
