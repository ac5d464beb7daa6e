"""LangChain faces: the retriever over an opened corpus, and a FAISS vector store without pickle."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import faiss
import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict

from sequitur.chat import Chat
from sequitur.ports import Embedder, Vectors
from sequitur.schema import Hit


class SequiturEmbeddings(Embeddings):
    """An embedder of ours as LangChain's `Embeddings`."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder`: as opened by `sequitur.adapters.embedders.open_embedder`."""
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of texts."""
        return [[float(value) for value in vector] for vector in self._embedder.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text."""
        return self.embed_documents([text])[0]


class SequiturRetriever(BaseRetriever):
    """The whole retrieval path (understanding, both channels, fusion, ordering) as a LangChain retriever.

    Documents carry the passage's id, document, section, exact offsets and score in their metadata.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chat: Chat
    k: int = 5

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None) -> list[Document]:  # noqa: ARG002
        return [self._document(hit) for hit in self.chat.search(query, k or self.k)]

    def _document(self, hit: Hit) -> Document:
        source = self.chat.documents[hit.passage.document_id]
        metadata = {
            "document_id": source.id,
            "title": source.title,
            "section": hit.passage.section,
            "start": hit.passage.span.start,
            "end": hit.passage.span.end,
            "sha256": source.sha256,
            "score": hit.score,
        }
        return Document(id=hit.passage.id, page_content=hit.passage.text, metadata=metadata)


class SequiturVectorStore(VectorStore):
    """Exact cosine search over documents by FAISS, in memory, with any LangChain `Embeddings`. Ids are kept; equal ids overwrite."""

    def __init__(self, embedding: Embeddings) -> None:
        """`embedding` makes the vectors of documents and queries."""
        self._embedding = embedding
        self._documents: dict[str, Document] = {}
        self._numbers: dict[str, int] = {}  # id → number inside FAISS
        self._ids: dict[int, str] = {}
        self._next = 0
        self._index: faiss.Index | None = None

    @property
    def embeddings(self) -> Embeddings:
        """What makes the vectors."""
        return self._embedding

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[Any, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401, ARG003 - LangChain's signature
    ) -> SequiturVectorStore:
        """A store with these texts in it."""
        store = cls(embedding)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def from_chat(cls, chat: Chat, embedding: Embeddings) -> SequiturVectorStore:
        """A store with every passage of an opened corpus, under its passage id."""
        passages = list(chat.passages.values())
        metadatas: list[dict[Any, Any]] = [
            {"document_id": passage.document_id, "section": passage.section, "start": passage.span.start, "end": passage.span.end}
            for passage in passages
        ]
        return cls.from_texts([passage.text for passage in passages], embedding, metadatas, ids=[passage.id for passage in passages])

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[Any, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401, ARG002 - LangChain's signature
    ) -> list[str]:
        """Add texts; returns their ids, new ones where none are given."""
        listed = list(texts)
        given = [identity or uuid.uuid4().hex for identity in (ids or [""] * len(listed))]
        documents = [
            Document(id=identity, page_content=text, metadata=dict(metadata))
            for identity, text, metadata in zip(given, listed, metadatas or [{}] * len(listed), strict=True)
        ]
        latest = {document.id or "": document for document in documents}
        if latest:
            self.delete(list(latest))
            vectors = _unit(self._embedding.embed_documents([document.page_content for document in latest.values()]))
            self._add(list(latest.values()), vectors)
        return given

    def _add(self, documents: Sequence[Document], vectors: Vectors) -> None:
        if self._index is None:
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        numbers = np.arange(self._next, self._next + len(documents), dtype=np.int64)
        self._next += len(documents)
        self._index.add_with_ids(vectors, numbers)
        for document, number in zip(documents, numbers, strict=True):
            identity = document.id or ""
            self._documents[identity], self._numbers[identity], self._ids[int(number)] = document, int(number), identity

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:  # noqa: ANN401, ARG002 - LangChain's signature
        """Remove documents by id, all of them when none are given; unknown ids are passed over."""
        known = [identity for identity in (list(self._documents) if ids is None else ids) if identity in self._documents]
        if known and self._index is not None:
            self._index.remove_ids(faiss.IDSelectorBatch(np.array([self._numbers[identity] for identity in known], dtype=np.int64)))
        for identity in known:
            del self._documents[identity]
            del self._ids[self._numbers.pop(identity)]
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Documents by id; unknown ids are left out."""
        return [_copy(self._documents[identity]) for identity in ids if identity in self._documents]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:  # noqa: ANN401, ARG002 - LangChain's signature
        """The k nearest documents."""
        return [document for document, _ in self.similarity_search_with_score(query, k)]

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:  # noqa: ANN401, ARG002
        """The k documents nearest to a vector."""
        return [document for document, _ in self._nearest(_unit([embedding]), k)]

    def similarity_search_with_score(self, query: str, k: int = 4) -> list[tuple[Document, float]]:
        """The k nearest documents with their cosines, best first."""
        return self._nearest(_unit([self._embedding.embed_query(query)]), k)

    def _nearest(self, vector: Vectors, k: int) -> list[tuple[Document, float]]:
        if self._index is None or not self._documents:
            return []
        scores, numbers = self._index.search(vector, min(k, len(self._documents)))
        return [
            (_copy(self._documents[self._ids[int(number)]]), float(score))
            for score, number in zip(scores[0], numbers[0], strict=True)
            if number >= 0
        ]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: (1.0 + cosine) / 2.0


def _unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    array = np.asarray(vectors, dtype=np.float32)
    return np.ascontiguousarray(array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12))


def _copy(document: Document) -> Document:
    return Document(id=document.id, page_content=document.page_content, metadata=dict(document.metadata))
