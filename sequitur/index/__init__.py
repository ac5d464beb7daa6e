"""The index of a corpus: vectors (FAISS), BM25, passages and documents in one immutable generation on disk.

    <index>/CURRENT                     name of the generation in force, and the sha256 of its manifest
    <index>/generations/<name>/         manifest.json, documents.jsonl, passages.jsonl, articles.json, vectors.faiss, words.*, bm25/

A generation is written aside, synced and checked before CURRENT is renamed over; readers keep the one they opened. Every file's sha256 stands
in the manifest and is checked before anything is parsed, for FAISS itself accepts most damaged files. Nothing is ever unpickled.
"""

from sequitur.index.disk import current_generation, differing_files, open_index, read_generation, read_manifest, write_generation
from sequitur.index.memory import ArticleEntry, Contents, Index, index_text, unmarked

__all__ = [
    "ArticleEntry",
    "Contents",
    "Index",
    "current_generation",
    "differing_files",
    "index_text",
    "open_index",
    "read_generation",
    "read_manifest",
    "unmarked",
    "write_generation",
]
