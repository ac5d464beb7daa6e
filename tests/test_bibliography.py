"""Bibliographies: what is read completes a reference, what is written can be read again, and Vancouver is printed by a library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.samples import paper_pdf
from ingest.bibliography import FORMATS, completed, entry_of, read_bibliographies, written
from ingest.build import build_index
from ingest.formats import read_entries
from ingest.readers import read_reference
from sequitur.chat import Chat, open_chat
from sequitur.errors import CorpusError
from sequitur.schema import Document
from sequitur.settings import Settings

RIS = """TY  - JOUR
AU  - Doe, Jane Anne
AU  - Roe, R
TI  - Low-dose colchicine in acute gout
JO  - Journal of Gout
PY  - 2019
VL  - 4
IS  - 2
SP  - 1
EP  - 9
DO  - 10.1000/gout.2019.4
AN  - 12345678
ER  -
"""
BIBTEX = r"""@article{doe2019,
  author = {Doe, Jane Anne and M{\"u}ller, R.},
  title = {Low-dose {Colchicine} in acute gout},
  journal = {Journal of Gout}, year = 2019, volume = {4}, number = {2}, pages = {1--9},
  doi = {https://doi.org/10.1000/gout.2019.4}, pmid = {12345678}
}
"""
CSL = json.dumps([{"id": "doe2019", "title": "Low-dose colchicine in acute gout", "issued": {"date-parts": [[2019, 5]]}, "DOI": "10.1000/gout.2019.4",
                   "author": [{"family": "Doe", "given": "Jane Anne"}], "container-title": "Journal of Gout"}])  # fmt: skip


def document(**known: object) -> Document:
    fields = {
        "id": "scan",
        "kind": "reference",
        "title": "scan",
        "text": "x",
        "sha256": "",
        "path": "gout/references/scan.pdf",
        "article": "gout",
    }
    return Document(**{**fields, **known})


@pytest.mark.parametrize(("kind", "text"), [("ris", RIS), ("bibtex", BIBTEX), ("csl-json", CSL)])
def test_an_entry_is_read_from_each_format(kind, text):
    [entry], problems = read_entries(kind, text.encode())
    assert problems == []
    assert (entry["title"].lower(), entry["DOI"], entry["issued"]) == (
        "low-dose colchicine in acute gout", "10.1000/gout.2019.4", {"date-parts": [[2019]]},
    )  # fmt: skip
    assert entry["author"][0] == {"family": "Doe", "given": "Jane Anne"}
    assert entry["container-title"] == "Journal of Gout"


def test_latex_is_read_as_letters():
    [entry], _ = read_entries("bibtex", BIBTEX.encode())
    assert entry["author"][1] == {"family": "Müller", "given": "R."}
    assert (entry["page"], entry["PMID"]) == ("1-9", "12345678")


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("csl-json", b"{", "not valid JSON"),
        ("csl-json", b"3", "not CSL-JSON"),
        ("csl-json", b"[" * 100_000, "nested too deeply"),
        ("csl-json", b'[{"id": "x"}]', "no entry could be read"),
        ("bibtex", b"just words", "no entry could be read"),
        ("ris", b"just words", "no entry could be read|not valid RIS"),
        ("ris", "TY  - JOUR\nTI  - ≥5\nER  -\n".encode("mac-roman"), "not UTF-8"),
    ],
)
def test_a_bibliography_that_cannot_be_read_is_refused(kind, data, reason):
    with pytest.raises(CorpusError, match=reason):
        read_entries(kind, data)


def test_one_bad_entry_does_not_cost_the_others():
    entries, problems = read_entries("bibtex", f"{BIBTEX}\n@article{{broken, title = {{x\n\n{BIBTEX.replace('doe2019', 'other')}".encode())
    assert {entry["id"] for entry in entries} >= {"doe2019"}
    assert problems


@pytest.mark.parametrize(
    ("known", "fits"),
    [
        ({"doi": "10.1000/GOUT.2019.4"}, True),
        ({"pmid": "12345678"}, True),
        ({"title": "Low-dose Colchicine in Acute Gout."}, True),
        ({"path": "gout/references/doe2019.pdf", "title": "doe2019"}, True),
        ({"path": "gout/references/doe2019.pdf", "doi": "10.1000/another"}, False),
        ({"title": "Another title"}, False),
    ],
)
def test_a_reference_is_completed_by_doi_pmid_title_or_file_name_and_never_against_them(known, fits):
    [entry], _ = read_entries("bibtex", BIBTEX.encode())
    found = completed(document(**known), [entry])
    assert (found.year, found.journal) == ((2019, "Journal of Gout") if fits else (None, ""))
    assert found.authors == (("Doe JA", "Müller R") if fits else ())


def test_what_a_file_says_itself_stands():
    [entry], _ = read_entries("bibtex", BIBTEX.encode())
    found = completed(document(doi="10.1000/gout.2019.4", year=2018, title="Its own title", authors=("Poe E",)), [entry])
    assert (found.year, found.title, found.authors, found.pmid) == (2018, "Its own title", ("Poe E",), "12345678")


@pytest.mark.parametrize("form", ["ris", "bibtex", "csl-json"])
def test_the_references_of_the_corpus_are_written_and_read_again_unchanged(chat: Chat, form):
    documents = [document for document in chat.documents.values() if document.kind != "article"]
    entries, problems = read_entries(form, written(documents, form).encode())
    assert problems == []
    expected = [entry_of(document) for document in documents]
    if form == "ris":  # has no way to say "and others"
        for entry in expected:
            entry["author"] = [name for name in entry["author"] if name != {"literal": "et al"}]
    assert entries == expected


def test_vancouver_lines_read_as_a_journal_prints_them(chat: Chat):
    lines = written([chat.documents["kim2013-ketamine-acute-sci"], chat.documents["sigtermans2009-crps"]], "vancouver").splitlines()
    assert lines[0] == (
        "1. Kim K, Mishina M, Kokubo R, Nakajima T, Morimoto D, Isu T, et al. Ketamine for acute neuropathic pain in patients with spinal cord injury. "
        "Journal of Clinical Neuroscience. 2013;20(6):804–807. doi:10.1016/j.jocn.2012.07.009 PMID: 23618680"
    )
    assert lines[1].startswith("2. Sigtermans MJ")


def test_a_reference_of_which_little_is_known_is_still_printed():
    assert written([document(title="Only a title")], "vancouver") == "1. Only a title.\n"
    assert written([], "ris") == ""


def test_a_folder_s_bibliographies_complete_its_files(gout: Settings):
    references = gout.corpus / "gout" / "references"
    (references / "paper.pdf").write_bytes(paper_pdf())
    build_index(gout)
    (references / "library.ris").write_text(RIS, encoding="utf-8")
    (references / "bad.bib").write_text("nothing", encoding="utf-8")
    report = build_index(gout)
    assert [(entry.file, "no entry" in entry.reason) for entry in report.rejected] == [("gout/references/bad.bib", True)]
    assert report.embedded <= report.passages
    found = open_chat(gout).documents["paper"]
    assert (found.journal, found.pmid, found.authors) == ("Journal of Gout", "12345678", ("Doe J", "Roe R"))


def test_a_folder_without_bibliographies_has_no_entries(tmp_path: Path):
    (tmp_path / "a.md").write_text("# T\n\nPain fell.\n", encoding="utf-8")
    assert read_bibliographies(tmp_path) == ((), ())
    assert read_bibliographies(tmp_path / "absent") == ((), ())
    assert completed(read_reference(tmp_path / "a.md", "gout"), ()).title == "T"


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_prints_the_bibliography_alone(cli, form):
    done = cli("bibliography", "--format", form, "--article", "ketamine-neuropathic-pain")
    assert done.exit_code == 0
    assert "10.1016/j.jocn.2012.07.009" in done.stdout
    assert cli("bibliography", "--format", "word").exit_code == 2


def test_the_bibliography_of_an_article_that_is_not_there_is_refused(cli):
    done = cli("bibliography", "--article", "gout")
    assert done.exit_code == 2
    assert "'gout'" in done.stderr
    assert "ketamine-neuropathic-pain" in done.stderr
