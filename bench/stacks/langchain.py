"""LangChain as its tutorial has it: pieces of 1,000 characters with 200 shared, MiniLM, FAISS; `LANGCHAIN_ENSEMBLE=1` adds BM25 by EnsembleRetriever."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.stacks import frame


def build(documents: Mapping[str, str], store: Path) -> None:
    """Split, embed, save."""
    whole = [Document(page_content=text, metadata={"id": identity}) for identity, text in documents.items()]
    pieces = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(whole)
    FAISS.from_documents(pieces, HuggingFaceEmbeddings(model_name=frame.model())).save_local(str(store))


def opened(store: Path) -> frame.Search:
    """The saved store as a retriever."""
    stored = FAISS.load_local(str(store), HuggingFaceEmbeddings(model_name=frame.model()), allow_dangerous_deserialization=True)
    dense = stored.as_retriever(search_kwargs={"k": frame.WIDE})
    if not os.environ.get("LANGCHAIN_ENSEMBLE"):
        return lambda text: [piece.metadata["id"] for piece in dense.invoke(text)]
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever

    pieces = [stored.docstore.search(key) for key in stored.index_to_docstore_id.values()]
    words = BM25Retriever.from_documents(pieces)
    words.k = frame.WIDE
    both = EnsembleRetriever(retrievers=[words, dense], weights=[0.5, 0.5])
    return lambda text: [piece.metadata["id"] for piece in both.invoke(text)]


if __name__ == "__main__":
    frame.run(build, opened)
