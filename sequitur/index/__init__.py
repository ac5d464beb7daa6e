"""The index of a corpus: vectors (FAISS), BM25, passages and documents in one immutable generation on disk (`sequitur.generations`).

    documents.jsonl, passages.jsonl, articles.json     what is searched and cited
    vectors.faiss, keys.sha256                            a vector a passage, and the sha256 of the text it was made of
    words.json, words.faiss                            the content words with their vectors
    bm25/                                              lexical scores
    late/                                              vectors of the passages' tokens
    judged/                                            questions put before, as vectors, with the passages that answer them

A generation is written aside, synced and checked before it is put in force; readers keep the one they opened. Every file's sha256 stands
in the manifest and is checked before anything is parsed, for FAISS itself accepts most damaged files. Nothing is ever unpickled.
"""

from sequitur.generations import current_generation, differing_files, read_manifest
from sequitur.index.disk import Stored, open_index, read_generation, stored_vectors, write_generation
from sequitur.index.interaction import NO_TOKENS, Interaction, Met, embedded, has_tokens
from sequitur.index.judged import Judged, Question, Told, question_key
from sequitur.index.memory import ArticleEntry, Contents, Index, index_text, text_key, unmarked

__all__ = [
    "NO_TOKENS",
    "ArticleEntry",
    "Contents",
    "Index",
    "Interaction",
    "Judged",
    "Met",
    "Question",
    "Stored",
    "Told",
    "current_generation",
    "differing_files",
    "embedded",
    "has_tokens",
    "index_text",
    "open_index",
    "question_key",
    "read_generation",
    "read_manifest",
    "stored_vectors",
    "text_key",
    "unmarked",
    "write_generation",
]
