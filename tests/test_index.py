"""The index on disk: whatever is not exactly what was written is refused by name, before anything is opened."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.errors import StoreError
from sequitur.index import Index, current_generation, differing_files, open_index, unmarked
from sequitur.settings import Settings

FILES = (
    "documents.jsonl",
    "passages.jsonl",
    "articles.json",
    "keys.sha256",
    "vectors.faiss",
    "words.json",
    "words.faiss",
    "bm25/terms.json",
    "bm25/scores.npy",
    "bm25/rows.npy",
    "bm25/starts.npy",
    "late/tokens.npy",
    "late/starts.npy",
    *(f"judged/{part}.npy" for part in ("keys", "vectors", "starts", "rows", "homes", "known")),
)


def generation(folder: Path) -> Path:
    found = current_generation(folder)
    assert found is not None
    return found


def refused(folder: Path, names: str = "") -> None:
    """The index is refused in one line that names what is wrong and the command that mends it."""
    with pytest.raises(StoreError) as caught:
        open_index(str(folder))
    message = str(caught.value)
    assert names in message
    assert message.endswith("run `sequitur ingest`")
    assert "\n" not in message


def damages(data: bytes) -> Iterator[bytes]:
    """Cuts at several lengths, and a flipped bit at places spread over the file."""
    yield b""
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        yield data[: int(len(data) * share)]
    yield data[:-1]
    yield data + b"\n"
    chance = random.Random(len(data))  # noqa: S311 - places to damage
    for place in (0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(10))):
        yield data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_a_cut_or_flipped_file_is_refused_by_name(index_copy: Path, name):
    path = generation(index_copy) / name
    data = path.read_bytes()
    for damaged in damages(data):
        if damaged == data:
            continue
        path.write_bytes(damaged)
        refused(index_copy, name)
    path.write_bytes(data)
    assert open_index(str(index_copy)).passages


def test_the_manifest_describes_every_file_that_is_read(index_dir: Path):
    folder = generation(index_dir)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(FILES) == set(manifest["files"]) == there - {"manifest.json"}


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("lose", [Path.unlink, replace_by_folder, replace_by_pipe])
def test_a_missing_file_a_folder_and_a_pipe_in_its_place_are_refused(index_copy: Path, name, lose: Callable[[Path], None]):
    lose(generation(index_copy) / name)
    refused(index_copy, name)


@pytest.mark.parametrize(
    ("one", "other"), [("vectors.faiss", "words.faiss"), ("documents.jsonl", "passages.jsonl"), ("words.json", "articles.json")]
)
def test_swapped_files_are_refused(index_copy: Path, one, other):
    folder = generation(index_copy)
    (folder / one).rename(folder / "away")
    (folder / other).rename(folder / one)
    (folder / "away").rename(folder / other)
    refused(index_copy)


def test_files_of_two_generations_do_not_mix(gout: Settings):
    build_index(gout)
    old = generation(Path(gout.index))
    note = gout.corpus / "gout" / "references" / "doe2019.md"
    note.write_text(note.read_text(encoding="utf-8").replace("9 of 20", "8 of 20"), encoding="utf-8")
    build_index(gout)
    new = generation(Path(gout.index))
    for name in FILES:
        fresh = (new / name).read_bytes()
        if fresh != (old / name).read_bytes():
            shutil.copyfile(old / name, new / name)
            refused(Path(gout.index), name)
            (new / name).write_bytes(fresh)
    assert open_index(gout.index).documents


def test_a_missing_index_names_the_folder_and_the_command(tmp_path: Path):
    refused(tmp_path / "nowhere", str(tmp_path / "nowhere"))


@pytest.mark.parametrize("content", ["", "nothing-like-it", "..", "../../etc", "a/b", "\x00", "\ufeff"])
def test_a_pointer_to_nothing_is_refused(index_copy: Path, content):
    (index_copy / "CURRENT").write_text(content, encoding="utf-8")
    try:
        refused(index_copy)
    except ValueError as error:  # pragma: no cover - would be a traceback for the reader
        pytest.fail(f"not explained: {error}")


def test_a_missing_pointer_is_refused(index_copy: Path):
    (index_copy / "CURRENT").unlink()
    refused(index_copy)


def test_a_pointer_to_a_generation_that_is_gone_is_refused(index_copy: Path):
    shutil.rmtree(generation(index_copy))
    refused(index_copy)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"not json", b"\xff\xfe", b'{"format": 1}', b'{"format": 99, "files": {}}', b'{"format": 1, "files": {}}'],
)
def test_a_foreign_manifest_is_refused(index_copy: Path, content):
    (generation(index_copy) / "manifest.json").write_bytes(content)
    refused(index_copy)


def test_a_missing_manifest_is_refused(index_copy: Path):
    (generation(index_copy) / "manifest.json").unlink()
    refused(index_copy, "manifest.json")


def test_a_folder_of_another_program_is_refused(tmp_path: Path):
    (tmp_path / "index.faiss").write_bytes(b"IxFI")
    (tmp_path / "index.pkl").write_bytes(b"\x80\x04.")
    refused(tmp_path)


def test_a_location_that_is_no_folder_is_refused():
    with pytest.raises(StoreError, match="only local indexes"):
        open_index("http://somewhere/index")


@pytest.mark.parametrize("part", ["fingerprint", "another model", "float weights"])
def test_an_index_of_another_embedder_is_refused_with_both_named(index_copy: Path, settings: Settings, part):
    path = generation(index_copy) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["embedder"]["name"] = part
    manifest["embedder"]["fingerprint"] = part.encode().hex().ljust(32, "0")
    path.write_text(json.dumps(manifest), encoding="utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (index_copy / "CURRENT").write_text(f"{path.parent.name} {digest}", encoding="utf-8")
    with pytest.raises(StoreError, match=rf"(?s){part}.*{settings.embedder}.*run `sequitur ingest`"):
        open_chat(settings.model_copy(update={"index": str(index_copy)}))


def test_a_planted_pickle_is_never_opened(index_copy: Path, settings: Settings, tmp_path: Path):
    canary = tmp_path / "canary"
    payload = f"cbuiltins\nopen\n(S'{canary}'\nS'w'\ntR.".encode()
    for name in ("index.pkl", "vectors.pkl", "model.joblib", "weights.pt", "bm25/corpus.pkl"):
        (generation(index_copy) / name).write_bytes(payload)
        (index_copy / Path(name).name).write_bytes(payload)
    chat = open_chat(settings.model_copy(update={"index": str(index_copy)}))
    assert chat.ask("What are the risks of ketamine?").citations
    assert not canary.exists()


def test_nothing_in_an_index_folder_is_a_pickle(index_dir: Path):
    for path in (path for path in index_dir.rglob("*") if path.is_file()):
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".bin"}
        data = path.read_bytes()
        assert not (data[:1] == b"\x80" and data[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"})
        if path.suffix == ".npy":
            assert np.load(path, allow_pickle=False).dtype != object


@pytest.fixture(scope="module")
def index(index_dir: Path) -> Index:
    return open_index(str(index_dir))


def test_an_opened_index_cannot_be_changed(index: Index):
    with pytest.raises(TypeError):
        index.documents["new"] = next(iter(index.documents.values()))  # type: ignore[index]
    with pytest.raises(TypeError):
        index.by_id["new"] = index.passages[0]  # type: ignore[index]


def test_vectors_are_of_unit_length_and_one_a_passage(index: Index):
    vectors = index.vectors()
    assert len(vectors) == len(index.passages)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_dense_scores_are_exact_cosines(index: Index):
    vectors = index.vectors()
    scores = index.dense(vectors[:3])
    assert np.allclose(scores, vectors[:3] @ vectors.T, atol=1e-5)


def test_passage_ids_are_unique_and_lead_to_their_rows(index: Index):
    assert len(index.by_id) == len(index.passages)
    assert all(index.row(passage.id) == row for row, passage in enumerate(index.passages))


def test_bm25_scores_what_has_the_word_and_nothing_else(index: Index):
    scores = index.bm25({"hepatotox": 1.0})
    having = [row for row, stems in enumerate(index.stems) if "hepatotox" in stems]
    assert having
    assert set(np.flatnonzero(scores > 0)) == set(having)
    assert not index.bm25({"no-such-word": 1.0}).any()


def test_citation_numbers_inside_a_passage_are_not_searched(chat: Chat):
    passage = next(passage for passage in chat.passages.values() if passage.marks)
    assert " 4 " in passage.text
    assert " 4 " not in unmarked(passage)


def test_an_untouched_index_differs_in_nothing(index_dir: Path):
    assert differing_files(generation(index_dir)) == []


def test_a_changed_letter_in_the_manifest_is_refused(index_copy: Path):
    path = generation(index_copy) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"sources"', '"sourcez"', 1), encoding="utf-8")
    refused(index_copy, "manifest.json")


def test_a_pipe_in_place_of_the_manifest_is_refused_without_waiting(index_copy: Path):
    path = generation(index_copy) / "manifest.json"
    path.unlink()
    os.mkfifo(path)
    refused(index_copy, "manifest.json")
