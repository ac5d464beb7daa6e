"""Haystack: its document store in memory, BM25 and embeddings, joined by reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from bench.stacks import frame


def build(documents: Mapping[str, str], store: Path) -> None:
    """Embed, write, save."""
    embedder = SentenceTransformersDocumentEmbedder(model=frame.model(), progress_bar=False)
    embedder.warm_up()
    whole = [Document(content=text, meta={"key": identity}) for identity, text in documents.items()]
    kept = InMemoryDocumentStore(embedding_similarity_function="cosine")
    kept.write_documents(embedder.run(documents=whole)["documents"])
    kept.save_to_disk(str(store))


def opened(store: Path) -> frame.Search:
    """Both retrievers over the saved store."""
    kept = InMemoryDocumentStore.load_from_disk(str(store))
    embedder = SentenceTransformersTextEmbedder(model=frame.model(), progress_bar=False)
    embedder.warm_up()
    words, dense = InMemoryBM25Retriever(kept, top_k=frame.TOP), InMemoryEmbeddingRetriever(kept, top_k=frame.TOP)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")

    def search(text: str) -> list[str]:
        vector = embedder.run(text=text)["embedding"]
        runs = [words.run(query=text)["documents"], dense.run(query_embedding=vector)["documents"]]
        return [document.meta["key"] for document in joiner.run(documents=runs)["documents"]]

    return search


if __name__ == "__main__":
    frame.run(build, opened)
