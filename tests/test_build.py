"""Ingestion: only what changed is embedded, a bad file is rejected by name, and the index in force survives whatever goes wrong."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from bench.samples import paper_html, paper_pdf
from ingest.build import build_index
from ingest.check import verify_index
from ingest.readers import read_reference
from ingest.report import Report
from ingest.state import described
from ingest.vectors import Journal, journal_path
from sequitur.chat import open_chat
from sequitur.errors import CorpusError, StoreError
from sequitur.generations import put_in_force, roll_back
from sequitur.index import current_generation, open_index
from sequitur.ports import WIDTH, Embedded
from sequitur.settings import Settings
from tests.conftest import ROOT

PLAIN = "## Findings\nColchicine helped 12 of 20 patients with gout.\n"


@pytest.fixture
def references(gout: Settings) -> Path:
    return gout.corpus / "gout" / "references"


def rejected(report: Report) -> dict[str, str]:
    return {entry.file: entry.reason for entry in report.rejected}


def in_force(settings: Settings) -> Path:
    generation = current_generation(Path(settings.index))
    assert generation is not None
    return generation


def test_a_first_ingest_adds_and_embeds_everything(gout: Settings):
    steps: list[tuple[str, int, int]] = []
    report = build_index(gout, lambda *step: steps.append(step))
    assert (report.documents, report.added, report.changed, report.removed, report.unchanged) == (3, 3, 0, 0, 0)
    assert ("embedding passages", report.passages, report.passages) in steps
    assert report.embedded == report.passages
    assert report.rejected == ()
    assert report.index == gout.index


def test_a_second_ingest_embeds_and_writes_nothing(gout: Settings):
    build_index(gout)
    before = in_force(gout)
    report = build_index(gout)
    assert (report.embedded, report.added, report.changed, report.removed, report.unchanged) == (0, 0, 0, 0, 3)
    assert in_force(gout) == before


def test_the_real_corpus_is_indexed_whole_and_again_without_work(settings: Settings, index_dir: Path):
    report = build_index(settings)
    assert report.embedded == 0
    assert report.documents == report.unchanged == len(list(settings.corpus.glob("*/references/*.md"))) + 1
    assert report.rejected == ()
    assert verify_index(settings) == []


def test_a_changed_note_embeds_its_own_new_passages_only(gout: Settings, references: Path):
    build_index(gout)
    note = references / "doe2019.md"
    note.write_text(note.read_text(encoding="utf-8").replace("Nausea was rare.", "Nausea came in 3 of 20 patients."), encoding="utf-8")
    report = build_index(gout)
    assert (report.changed, report.unchanged, report.added, report.removed, report.embedded) == (1, 2, 0, 0, 1)


def test_an_added_note_and_a_removed_one_are_counted(gout: Settings, references: Path):
    build_index(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    (references / "roe2020.md").unlink()
    report = build_index(gout)
    assert (report.added, report.removed, report.changed, report.unchanged) == (1, 1, 0, 2)
    assert set(open_index(gout.index).documents) == {"gout", "doe2019", "new"}


def test_incremental_and_fresh_builds_hold_the_same(gout: Settings, references: Path, tmp_path: Path):
    build_index(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    build_index(gout)
    fresh = gout.model_copy(update={"index": str(tmp_path / "fresh")})
    build_index(fresh)
    grown, new = open_index(gout.index), open_index(fresh.index)
    assert grown.passages == new.passages
    assert (grown.vectors() * new.vectors()).sum(axis=1).min() > 0.95  # int8 activations differ a little with the batch


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("nul.md", b"Pain\x00fell.\n", "NUL"),
        ("roman.md", "Doses ≥75 µg were given.\n".encode("mac-roman"), "not UTF-8"),
        ("wide.md", b"\xff\xfeT", "UTF-16"),
        ("page.md", b"<!doctype html><html><body>Pain fell.", "its content is a web page"),
        ("same.md", None, "the same text as doe2019.md"),
        ("yaml.md", b"---\nid: [unclosed\n---\nPain fell.\n", "YAML (line"),
        ("open.md", b"---\nid: x\nPain fell.\n", "never closed"),
        ("list.md", b"---\n- a\n---\nPain fell.\n", "not a list of keys"),
        ("twin.md", b"---\nid: doe2019\n---\nPain fell.\n", "taken by another document"),
        ("self.md", b"---\nid: gout\n---\nPain fell.\n", "taken by another document"),
        ("empty.md", b"", "empty"),
        ("blank.md", b" \n\t\n", "empty"),
        ("head.md", b"---\nid: x\n---\n\n", "nothing below"),
        ("scan.tiff", b"II*", "not a format that can be read"),
        ("README", b"text", "without an ending"),
        ("path.md", b"---\nid: ../../etc/passwd\n---\nPain fell.\n", "may hold only"),
    ],
)
def test_a_bad_file_is_rejected_by_name_and_the_rest_goes_on(gout: Settings, references: Path, name, data, reason):
    (references / name).write_bytes((references / "doe2019.md").read_bytes() if data is None else data)
    report = build_index(gout)
    [(file, said)] = rejected(report).items()
    assert file == f"gout/references/{name}"
    assert reason in said
    assert report.documents == 3
    assert set(open_index(gout.index).documents) == {"gout", "doe2019", "roe2020"}


@pytest.mark.parametrize(
    "name", ["-rf.md", "a b.md", "CON.md", "smiley🙂.md", "\u202egnp.md", "line\nbreak.md", "$(touch x).md", f"{'a' * 150}.md"]
)
def test_an_odd_file_name_is_read_under_an_id_of_our_own_and_leads_nowhere(gout: Settings, references: Path, tmp_path: Path, name):
    (references / name).write_text(PLAIN, encoding="utf-8")
    report = build_index(gout)
    assert rejected(report) == {}
    [identity] = set(open_index(gout.index).documents) - {"gout", "doe2019", "roe2020"}
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", identity)
    assert {path.name for path in tmp_path.iterdir()} == {"corpus", "gout-index"}


def test_a_folder_and_a_pipe_in_the_place_of_a_note_are_rejected(gout: Settings, references: Path):
    (references / "folder.md").mkdir()
    os.mkfifo(references / "pipe.md")
    assert rejected(build_index(gout)) == {
        "gout/references/folder.md": "not a regular file",
        "gout/references/pipe.md": "not a regular file",
    }


def test_a_link_is_followed_within_its_folder_alone(gout: Settings, references: Path, tmp_path: Path):
    (tmp_path / "outside.md").write_text(PLAIN, encoding="utf-8")
    (references / "out.md").symlink_to(tmp_path / "outside.md")
    (references / "within.md").symlink_to(references / "doe2019.md")
    said = rejected(build_index(gout))
    assert said.pop("gout/references/out.md") == "a link that leads out of its folder"
    assert list(said) == ["gout/references/within.md"]  # the same text twice


def test_a_note_without_front_matter_is_known_by_its_name_and_heading(references: Path):
    (references / "smith2001.md").write_text("# Gout in Bath\n\nIt hurts.\n", encoding="utf-8")
    document = read_reference(references / "smith2001.md", "gout")
    assert (document.id, document.title, document.kind, document.year) == ("smith2001", "Gout in Bath", "reference", None)


def test_numbers_and_signs_survive_reading_exactly(references: Path):
    text = "\ufeffA dose of 0.5 µg/kg (≥75 mg; −1.68)\r\nwas given.\r\n"
    (references / "signs.txt").write_text(text, encoding="utf-8", newline="")
    assert read_reference(references / "signs.txt", "gout").text == "A dose of 0.5 µg/kg (≥75 mg; −1.68)\nwas given.\n"


def test_references_without_an_article_are_indexed_and_the_gap_is_named(gout: Settings):
    (gout.corpus / "gout" / "article.txt").unlink()
    report = build_index(gout)
    assert rejected(report)["gout"].startswith("no article")
    assert set(open_index(gout.index).documents) == {"doe2019", "roe2020"}
    with pytest.raises(StoreError, match=r"holds no article.*sequitur ingest"):
        open_chat(gout)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"text\x00"])
def test_an_unreadable_article_is_named_and_its_references_are_indexed(gout: Settings, data):
    (gout.corpus / "gout" / "article.txt").write_bytes(data)
    report = build_index(gout)
    assert "gout/article.txt" in rejected(report)
    assert report.documents == 2


def test_an_article_without_references_is_indexed_and_its_numbers_stay_unresolved(gout: Settings, references: Path):
    for note in references.iterdir():
        note.unlink()
    references.rmdir()
    report = build_index(gout)
    assert (report.documents, report.rejected) == (1, ())
    chat = open_chat(gout)
    assert {entry.status for entry in chat.ledger} == {"unresolved"}
    assert chat.ask("How does colchicine help in gout?").disclaimer == "Only for health professionals. Verify before use."


def test_a_second_article_folder_keeps_its_own_documents(gout: Settings):
    other = gout.corpus / "asthma"
    (other / "references").mkdir(parents=True)
    (other / "article.md").write_text("# Asthma\n\n## Relief\n\nSalbutamol relieves an attack of asthma. 1\n", encoding="utf-8")
    (other / "references" / "doe2019.md").write_text(PLAIN, encoding="utf-8")
    report = build_index(gout)
    assert rejected(report) == {}
    index = open_index(gout.index)
    assert set(index.documents) == {"asthma", "asthma/doe2019", "gout", "gout/doe2019", "roe2020"}
    assert all(passage.id.startswith(f"{passage.document_id}:") for passage in index.passages)
    assert set(index.about("gout").documents) == {"gout", "doe2019", "roe2020"}


@pytest.mark.parametrize("emptied", ["missing", "empty", "all bad"])
def test_a_corpus_of_which_nothing_can_be_read_leaves_the_index_in_force(gout: Settings, references: Path, emptied):
    build_index(gout)
    before = in_force(gout)
    if emptied == "all bad":
        for path in [*references.iterdir(), gout.corpus / "gout" / "article.txt"]:
            path.write_bytes(b"\x00")
    else:
        gout.corpus.rename(gout.corpus.with_name("away"))
        if emptied == "empty":
            gout.corpus.mkdir()
    with pytest.raises(CorpusError, match=str(gout.corpus)):
        build_index(gout)
    assert in_force(gout) == before
    assert open_index(gout.index).documents


def test_a_second_writer_is_told_so(gout: Settings):
    build_index(gout)
    with (Path(gout.index) / "writer.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(StoreError, match="another process is writing the index"):
            build_index(gout)
    assert build_index(gout).embedded == 0


def test_what_an_interrupted_build_left_behind_is_ignored_and_swept(gout: Settings, references: Path):
    build_index(gout)
    before = in_force(gout)
    aside = Path(gout.index) / "generations" / "aside-x"
    aside.mkdir()
    (aside / "passages.jsonl").write_text("half a li", encoding="utf-8")
    assert open_chat(gout).documents
    assert in_force(gout) == before
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    build_index(gout)
    assert not aside.exists()
    assert in_force(gout) != before


def test_a_build_that_fails_midway_leaves_the_old_generation_and_no_rubbish(gout: Settings, references: Path):
    build_index(gout)
    before = in_force(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")

    def interrupt(_what: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(gout, interrupt)
    assert in_force(gout) == before
    assert [path for path in before.parent.iterdir() if path.name.startswith("aside")] == []
    assert set(open_index(gout.index).documents) == {"gout", "doe2019", "roe2020"}


def test_an_index_folder_that_is_a_file_is_an_error_that_names_it(gout: Settings, tmp_path: Path):
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="plain"):
        build_index(gout.model_copy(update={"index": str(tmp_path / "plain")}))


def test_a_location_that_is_no_folder_is_refused(gout: Settings):
    with pytest.raises(StoreError, match="only local indexes"):
        build_index(gout.model_copy(update={"index": "milvus://host/index"}))


def test_a_damaged_index_is_built_anew(gout: Settings):
    build_index(gout)
    (in_force(gout) / "vectors.faiss").write_bytes(b"rubbish")
    report = build_index(gout)
    assert report.embedded == report.passages
    assert open_index(gout.index).documents


def test_only_the_generation_in_force_and_the_one_before_are_kept(gout: Settings, references: Path):
    for number in range(4):
        (references / "new.md").write_text(PLAIN.replace("12", str(number)), encoding="utf-8")
        build_index(gout)
    assert len(list((Path(gout.index) / "generations").iterdir())) == 2
    assert open_index(gout.index).documents["new"].text == PLAIN.replace("12", "3")


def test_an_opened_index_outlives_the_builds_after_it(gout: Settings, references: Path):
    build_index(gout)
    chat = open_chat(gout)
    for number in range(3):
        (references / "new.md").write_text(PLAIN.replace("12", str(number)), encoding="utf-8")
        build_index(gout)
    assert set(chat.documents) == {"gout", "doe2019", "roe2020"}
    assert chat.ask("How does colchicine help in gout?").disclaimer


def test_verify_names_every_difference_between_index_and_corpus(gout: Settings, references: Path):
    build_index(gout)
    assert verify_index(gout) == []
    (references / "doe2019.md").write_text(PLAIN, encoding="utf-8")
    (references / "roe2020.md").unlink()
    (references / "new.md").write_text(PLAIN.replace("12", "13"), encoding="utf-8")
    assert verify_index(gout) == [
        "gout/references/doe2019.md: changed since it was indexed",
        "gout/references/new.md: in the corpus, not in the index",
        "gout/references/roe2020.md: indexed, but not in the corpus now",
    ]


def test_verify_names_a_damaged_file(gout: Settings):
    build_index(gout)
    (in_force(gout) / "passages.jsonl").write_text("", encoding="utf-8")
    assert verify_index(gout) == ["passages.jsonl: missing or damaged"]


def test_a_note_without_authors_has_none(tmp_path: Path):
    (tmp_path / "a.md").write_text("# T\n\nIt hurts.\n", encoding="utf-8")
    assert read_reference(tmp_path / "a.md", "gout").authors == ()


def test_an_article_of_a_title_only_is_named(gout: Settings):
    (gout.corpus / "gout" / "article.txt").write_text("Only a title\n", encoding="utf-8")
    assert [rejected.file for rejected in build_index(gout).rejected] == ["gout/article.txt"]


def test_no_two_passages_share_an_id(gout: Settings):
    (gout.corpus / "gout" / "references" / "colchicine.md").write_text("colchicine\n", encoding="utf-8")
    build_index(gout)
    index = open_index(gout.index)
    assert len(index.by_id) == len(index.passages)


def test_a_renamed_file_is_another_document_and_embeds_nothing(gout: Settings, references: Path):
    (references / "new.md").write_text(f"# A trial\n\n{PLAIN}", encoding="utf-8")
    build_index(gout)
    (references / "new.md").rename(references / "newer.md")
    report = build_index(gout)
    assert (report.added, report.removed, report.changed, report.unchanged, report.embedded) == (1, 1, 0, 3, 0)
    assert "newer" in open_index(gout.index).documents


def test_an_interrupted_build_does_not_embed_again_what_it_had_done(gout: Settings):
    def interrupt(what: str, done: int, total: int) -> None:
        if what == "embedding words" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(gout, interrupt)
    report = build_index(gout)
    assert (report.added, report.embedded) == (3, 0)
    assert list(Path(gout.index).glob("embedding-*")) == []


def test_a_damaged_journal_is_begun_anew(gout: Settings):
    Path(gout.index).mkdir()
    fingerprint = described(gout)["embedder"]["fingerprint"]
    journal_path(Path(gout.index), fingerprint).write_bytes(b"SQLite format 3\0 and rubbish" * 100)
    report = build_index(gout)
    assert report.embedded == report.passages
    assert open_index(gout.index).documents


def test_a_damaged_entry_of_the_journal_is_embedded_again(tmp_path: Path):
    made = [Embedded(vector, np.full((2, WIDTH), row, dtype=np.int8)) for row, vector in enumerate(np.eye(3, dtype=np.float32))]
    journal = Journal(tmp_path / "embedding-x.db", 3)
    journal.put([b"a", b"b", b"c"], made)
    journal.close()
    connection = sqlite3.connect(tmp_path / "embedding-x.db")
    with connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (np.ones(3, dtype=np.float32).tobytes(), b"b"))
    connection.close()
    journal = Journal(tmp_path / "embedding-x.db", 3)
    found = [journal.get(key) for key in (b"a", b"b", b"c", b"d")]
    journal.close()
    assert [one is not None for one in found] == [True, False, True, False]
    assert found[2] is not None
    assert found[2].tokens.tolist() == made[2].tokens.tolist()
    assert Journal(tmp_path / "embedding-x.db", 4).get(b"a") is None


def test_a_rollback_returns_to_the_last_good_generation_and_the_next_run_builds_forward(gout: Settings, references: Path):
    build_index(gout)
    first = in_force(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    build_index(gout)
    assert roll_back(Path(gout.index)) == first.name
    assert in_force(gout) == first
    assert set(open_chat(gout).documents) == {"gout", "doe2019", "roe2020"}
    with pytest.raises(StoreError, match="no older generation"):
        roll_back(Path(gout.index))
    report = build_index(gout)
    assert (report.added, report.embedded) == (1, 0)
    assert "new" in open_index(gout.index).documents
    assert roll_back(Path(gout.index)) == first.name


def test_a_rollback_leaves_a_damaged_generation_behind(gout: Settings, references: Path):
    build_index(gout)
    first = in_force(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    build_index(gout)
    (in_force(gout) / "manifest.json").unlink()
    assert roll_back(Path(gout.index)) == first.name
    assert open_index(gout.index).documents


def test_a_rollback_to_a_damaged_generation_is_refused(gout: Settings, references: Path):
    build_index(gout)
    first = in_force(gout)
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    build_index(gout)
    (first / "words.json").write_text("[]", encoding="utf-8")
    with pytest.raises(StoreError, match="no older generation"):
        roll_back(Path(gout.index))
    assert "new" in open_index(gout.index).documents


def test_readers_keep_answering_from_whole_generations_while_writers_swap(gout: Settings, references: Path):
    build_index(gout)
    done, wrong = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            index = open_index(gout.index)
            note = index.documents["doe2019"]
            if any(passage.span.of(note.text) != passage.text for passage in index.passages if passage.document_id == note.id):
                wrong.append(index.generation)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    note = references / "doe2019.md"
    text = note.read_text(encoding="utf-8")
    for number in range(5):
        note.write_text(text.replace("9 of 20", f"{'1' * number}9 of 20"), encoding="utf-8")
        build_index(gout)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


@pytest.mark.parametrize("change", ["code", "lexicon", "embedder"])
def test_an_index_of_other_code_or_word_lists_is_made_again_without_embedding(gout: Settings, change):
    build_index(gout)
    path = in_force(gout) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest[change] = {**manifest[change], "name": "another"} if change == "embedder" else "0" * 64
    path.write_text(json.dumps(manifest), encoding="utf-8")
    put_in_force(Path(gout.index), path.parent.name)
    before = in_force(gout)
    assert build_index(gout).embedded == 0
    assert in_force(gout) != before
    assert build_index(gout).embedded == 0


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from sequitur.cli import app
app(["ingest"])
"""


@pytest.mark.parametrize("size", [0, 3_000, 12_000, 30_000])
def test_a_disk_that_refuses_is_one_line_and_leaves_the_old_generation(gout: Settings, references: Path, size):
    build_index(gout)
    before = in_force(gout)
    lines = "".join(f"Of {number + 20} patients {number} had less pain.\n\n" for number in range(20))
    (references / "new.md").write_text(f"## Findings\n{lines}", encoding="utf-8")
    own = {f"SEQUITUR_{name.upper()}": str(value) for name, value in gout.model_dump().items() if value}
    command = [sys.executable, "-c", LIMITED, str(size)]
    done = subprocess.run(command, env={**os.environ, **own}, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if not line.startswith(("embedding", "reading"))]
    assert (done.returncode, done.stdout) == (1, "")
    assert len(said) == 1
    assert "cannot be written" in said[0]
    assert in_force(gout) == before
    assert [path.name for path in before.parent.iterdir()] == [before.name]
    assert build_index(gout).added == 1


def test_a_file_that_costs_a_process_is_read_once(gout: Settings, references: Path):
    (references / "paper.pdf").write_bytes(paper_pdf())
    (references / "page.html").write_bytes(paper_html())
    build_index(gout)
    kept = Path(gout.index) / "read"
    first = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert len(first) == 2
    (references / "new.md").write_text(PLAIN, encoding="utf-8")
    documents = open_index(gout.index).documents
    build_index(gout)
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == first
    assert open_index(gout.index).documents["paper"] == documents["paper"]
    for path in kept.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("colchicine", "morphine"), encoding="utf-8")
    (references / "page.html").unlink()
    build_index(gout)
    assert open_index(gout.index).documents["paper"] == documents["paper"]
    assert len(list(kept.iterdir())) == 1


def test_verify_holds_the_index_against_the_corpus_it_was_made_from(gout: Settings, settings: Settings):
    build_index(gout)
    elsewhere = gout.model_copy(update={"corpus": settings.corpus})
    assert verify_index(elsewhere) == []
    assert verify_index(gout, settings.corpus) != []
    gout.corpus.rename(gout.corpus.with_name("moved"))
    assert verify_index(gout.model_copy(update={"corpus": gout.corpus.with_name("moved")})) == []
