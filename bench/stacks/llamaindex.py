"""LlamaIndex: a VectorStoreIndex and BM25, fused by QueryFusionRetriever."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from llama_index.core import Document, MockEmbedding, Settings, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever

from bench.stacks import frame

Settings.llm = MockLLM()  # it wants one, and never asks it with one query
Settings.embed_model = MockEmbedding(embed_dim=384)


def build(documents: Mapping[str, str], store: Path) -> None:
    """Embed, persist."""
    whole = [Document(text=text, metadata={"key": identity}, excluded_embed_metadata_keys=["key"]) for identity, text in documents.items()]
    VectorStoreIndex.from_documents(whole, embed_model=HuggingFaceEmbedding(model_name=frame.model())).storage_context.persist(str(store))


def opened(store: Path) -> frame.Search:
    """Both retrievers over what was persisted."""
    context = StorageContext.from_defaults(persist_dir=str(store))
    index = load_index_from_storage(context, embed_model=HuggingFaceEmbedding(model_name=frame.model()))
    dense = index.as_retriever(similarity_top_k=frame.WIDE)
    words = BM25Retriever.from_defaults(docstore=context.docstore, similarity_top_k=frame.WIDE)
    both = QueryFusionRetriever([dense, words], similarity_top_k=frame.WIDE, num_queries=1, mode="reciprocal_rerank", use_async=False)
    return lambda text: [found.node.metadata["key"] for found in both.retrieve(text)]


if __name__ == "__main__":
    frame.run(build, opened)
