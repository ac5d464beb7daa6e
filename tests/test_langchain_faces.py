"""The LangChain faces pass LangChain's own standard suites."""

from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests, VectorStoreIntegrationTests

from sequitur.adapters.embedders import open_embedder
from sequitur.chat import Chat
from sequitur.langchain_faces import SequiturEmbeddings, SequiturRetriever, SequiturVectorStore

ROOT = Path(__file__).resolve().parent.parent


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return SequiturVectorStore(self.get_embeddings())


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _opened(self, chat: Chat) -> None:
        type(self).opened = chat

    @property
    def retriever_constructor(self) -> type[SequiturRetriever]:
        return SequiturRetriever

    @property
    def retriever_constructor_params(self) -> dict:
        return {"chat": self.opened}

    @property
    def retriever_query_example(self) -> str:
        return "side effects of ketamine"


class OurEmbeddings(SequiturEmbeddings):
    """Constructed without arguments, as the suite does."""

    def __init__(self) -> None:
        super().__init__(open_embedder("all-MiniLM-L6-v2", ROOT / ".sequitur" / "models"))


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return OurEmbeddings


def test_the_retriever_drops_into_a_chain(chat: Chat) -> None:
    chain = SequiturRetriever(chat=chat, k=3) | RunnableLambda(
        lambda documents: [document.metadata["document_id"] for document in documents]
    )
    assert len(chain.invoke("relative risk of psychedelic effects")) == 3


def test_a_corpus_becomes_a_vector_store_with_its_passage_ids(chat: Chat) -> None:
    store = SequiturVectorStore.from_chat(chat, OurEmbeddings())
    found = store.similarity_search("hepatotoxicity in a minority of patients", k=1)[0]
    assert chat.passages[found.id].text == found.page_content
