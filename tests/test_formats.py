"""Files that are more than plain text: what they say is kept to the character, and what may do harm is refused with its reason."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.samples import numbered, paper_docx, paper_html, paper_jats, paper_pdf, pdf, zipped
from ingest.build import build_index
from ingest.chunk import reference_passages
from ingest.formats import Extract, content_kind, decode, extract
from ingest.formats.model import authors_of
from ingest.formats.sniff import mismatch
from ingest.readers import read_reference
from sequitur.chat import open_chat
from sequitur.errors import CorpusError
from sequitur.schema import Document, Span, page_of
from sequitur.settings import Settings

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BLANK = pdf([[(10, 50, 700, "")], [(10, 50, 700, "")]])


@pytest.fixture(scope="module")
def read() -> dict[str, Extract]:
    return {
        "pdf": extract("pdf", paper_pdf()),
        "docx": extract("docx", paper_docx()),
        "html": extract("html", paper_html()),
        "xml": extract("xml", paper_jats()),
    }


def cut(found: Extract) -> list[tuple[str, str]]:
    document = Document("a", "rct", found.title, found.text, "", "", "", pages=found.pages)
    return [(passage.section, passage.text) for passage in reference_passages(document)]


def refusal(kind: str, data: bytes) -> str:
    with pytest.raises(CorpusError) as caught:
        extract(kind, data)
    return str(caught.value)


def test_what_a_file_says_of_itself_is_read(read):
    known = {
        kind: (found.title, found.authors, found.year, found.journal, found.doi, found.pmid, found.kind) for kind, found in read.items()
    }
    gout = "Colchicine in acute gout"
    assert known == {
        "pdf": (f"Low-dose {gout[0].lower()}{gout[1:]}", ("Doe J", "Roe R"), 2019, "", "10.1000/gout.2019.4", "", "reference"),
        "docx": (gout, ("Doe J", "Roe R"), 2019, "", "", "", "reference"),
        "html": (f"{gout}: a randomized controlled trial", ("Doe J", "Roe R"), 2019, "Journal of Gout", "10.1000/GOUT.5", "23456789", "rct"),
        "xml": (f"Low-dose {gout[0].lower()}{gout[1:]}: a randomised controlled trial", ("Doe JA", "Gout Group"), 2019, "Journal of Gout",
                "10.1000/gout.7", "12345678", "rct"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["Doe, Jane Anne", "Richard Roe", "Kim K", "Gout Study Group"], ("Doe JA", "Roe R", "Kim K", "Gout Study Group")),
        (["Microsoft Office User", "admin", ""], ()),
        (["van der Berg J", "Müller-Lyer, F."], ("van der Berg J", "Müller-Lyer F")),
    ],
)
def test_authors_are_named_alike_whatever_the_file_writes(written, names):
    assert authors_of(written) == names


def test_a_powers_height_is_kept_for_ten_to_the_ninth_is_not_109(read):
    assert "100 x 10⁹/L" in read["pdf"].text
    assert all("100 × 10⁹/L" in read[kind].text for kind in ("docx", "html", "xml"))


def test_raised_reference_numbers_do_not_become_figures_of_a_sentence(read):
    assert "placebo. The attack ended" in read["pdf"].text
    assert "20 patients. No one died." in read["docx"].text
    assert "20 patients. Platelets" in read["html"].text
    assert "Forty adults took part.\n" in read["xml"].text


def test_passages_stand_below_the_headings_of_their_file_and_reference_lists_are_no_passages(read):
    assert ("Safety", "Diarrhoea in 9 of 20 patients on colchicine.") in cut(read["pdf"])
    assert ("Results", "Nausea was rare.") in cut(read["docx"])
    assert ("Results: Safety", "severe in 1") in cut(read["html"])
    assert ("Abstract: Findings", "Pain fell by 1.5 points (95% CI 0.5–2.5).") in cut(read["xml"])
    assert ("Results: Pain", "First, rest.") in cut(read["xml"])
    assert not [text for found in read.values() for _, text in cut(found) if "1999" in text]


def test_a_word_broken_at_a_line_s_end_and_a_sentence_over_two_pages_are_whole_again(read):
    text = read["pdf"].text
    assert "colchicine 1.2 mg or placebo." in text
    assert "without any of it, and nobody died in either group" in text
    assert "Journal of Gout 2019" not in text


def test_pages_are_kept_with_every_offset(read):
    found = read["pdf"]
    document = Document("a", "rct", found.title, found.text, "", "", "", pages=found.pages)
    assert [page_of(document, found.text.index(words)) for words in ("Forty adults", "Diarrhoea", "Supplementary")] == [1, 2, 3]
    assert page_of(dataclasses.replace(document, pages=()), 5) is None


def test_tables_are_read_row_by_row(read):
    assert all("Arm | Relief\nColchicine | 12 of 20" in read[kind].text for kind in ("docx", "html", "xml"))


def test_counted_lists_keep_their_numbers_and_symbols_of_a_symbol_font_their_meaning(read):
    assert "1. Stop the diuretic\n  - unless it is needed\n2. Give colchicine" in read["docx"].text
    assert "a dose of ≥0.5 µg/kg was given." in read["docx"].text.lower()


def test_hidden_text_is_left_out_and_counted(read):
    assert read["html"].notes == ("36 characters of hidden text were left out",)
    assert read["docx"].notes == ("6 characters of hidden text were left out",)
    assert not [word for found in read.values() for word in ("Ignore", "White words", "secret", "Everybody", "alert") if word in found.text]


def test_a_retraction_that_the_file_states_is_noted():
    data = paper_jats().replace(b'article-type="research-article"', b'article-type="retraction"')
    assert extract("xml", data).notes == ("the file says that this publication was retracted",)


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("pdf", BLANK, "no text on any of its 2 pages: a scan"),
        ("pdf", paper_pdf()[:400], "damaged or incomplete"),
        ("pdf", b"%PDF-1.7\nrubbish", "damaged or incomplete"),
        ("docx", zipped({"word/document.xml": b"<a"}), "a damaged Word document"),
        ("docx", zipped({"xl/workbook.xml": b"<a/>"}), "not a Word document"),
        ("docx", b"PK\x03\x04rubbish", "a damaged ZIP archive"),
        ("docx", paper_docx(body="", extra={"docProps/core.xml": "<a/>"}), "holds no text"),
        ("docx", paper_docx(extra={"../../evil.txt": "x"}), "lead outside"),
        ("docx", paper_docx(extra={"C:\\evil.txt": "x"}), "lead outside"),
        ("docx", paper_docx(extra={f"x/{number}": "" for number in range(6000)}), "entries"),
        ("html", b"<!-- nothing -->", "holds no"),
        ("html", "<html><body>Doses ≥75 mg".encode("mac-roman"), "not UTF-8"),
        ("xml", b"<article><front>", "not well-formed XML"),
        ("xml", b"<book><p>x</p></book>", "not a JATS article"),
        ("xml", b"<pmc-articleset><article/><article/></pmc-articleset>", "holds 2 articles"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(kind, data, reason):
    assert reason in refusal(kind, data)


@pytest.mark.parametrize("kind", ["xml", "docx"])
@pytest.mark.parametrize(
    "entities",
    [
        '<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY a SYSTEM "http://127.0.0.1:9/x">',
        '<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;',
    ],
)
def test_entities_are_never_expanded(kind, entities):
    text = f'<?xml version="1.0"?><!DOCTYPE article [{entities}]>'
    data = f"{text}<article><body><p>&a;</p></body></article>".encode()
    if kind == "docx":
        data = zipped(
            {"word/document.xml": f"{text}<w:document {WORD}><w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body></w:document>".encode()}
        )
    assert "never expanded" in refusal(kind, data)


def _declaring(size: int) -> bytes:
    """A Word document whose directory says that a part is larger than anything."""
    data = bytearray(paper_docx())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/document.xml"))
    data[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(paper_docx())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _linked() -> bytes:
    out = BytesIO(paper_docx())
    with zipfile.ZipFile(out, "a") as archive:
        entry = zipfile.ZipInfo("word/link")
        entry.external_attr = 0xA1FF << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("declared", "unpacks to more than"),
        ("encrypted", "encrypted"),
        ("linked", "symbolic links"),
        ("bomb", "more than"),
        ("elements", "elements"),
    ],
)
def test_archives_made_to_do_harm_are_refused_within_little_memory_and_time(name, reason):
    made = {
        "declared": lambda: _declaring(2**31),
        "encrypted": _encrypted,
        "linked": _linked,
        "bomb": lambda: paper_docx(body=f"<w:p><w:r><w:t>{'a' * 45_000_000}</w:t></w:r></w:p>"),
        "elements": lambda: paper_docx(body="<w:p>" + "<w:r/>" * 700_000 + "</w:p>"),
    }
    assert reason in refusal("docx", made[name]())


def _drawing(content: bytes, *, copies: int = 1, more: str = "") -> bytes:
    """A PDF whose pages all show one packed stream."""
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)
    pages = f"<< /Type /Pages /Count {copies} /Kids [{'5 0 R ' * copies}] >>".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
    return numbered([b"<< /Type /Catalog /Pages 2 0 R >>", pages, font, stream, page], more)


WORDS = zlib.compress(b"BT /F1 10 Tf 50 700 Td (Gout hurts a lot in adults.) Tj ET")
LOCKED = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O ({'x' * 32}) /U ({'y' * 32}) /P -4 >> /ID [<00><00>]"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: _drawing(zlib.compress(bytes(400_000_000), 1)), "memory"),
        (lambda: _drawing(WORDS, copies=100_000), "a PDF of 100000 pages"),
        (lambda: _drawing(WORDS, more=LOCKED), "protected by a password"),
    ],
)
def test_pdf_files_made_to_do_harm_are_refused(data, reason):
    assert reason in refusal("pdf", data())


def test_pages_that_all_say_the_same_are_no_running_heads():
    assert extract("pdf", _drawing(WORDS, copies=4)).text.count("Gout hurts a lot in adults.") == 4


def test_a_page_of_a_scan_among_others_is_noted():
    row = (10, 50, 700, "Gout hurts a lot in adults.")
    assert extract("pdf", pdf([[row], [(10, 50, 700, "")], [row]])).notes == ("no text on page 2",)


@pytest.mark.parametrize("opening", [b"<div>" * 100_000, b"<ul><li>" * 20_000, b'<p title="' + b"x" * 5_000_000])
def test_a_page_made_to_keep_a_reader_busy_ends(opening):
    data = b"<html><body><p>Gout hurts.</p>" + opening + b"Pain fell."
    found = extract("html", data).text
    assert "Gout hurts." in found


def test_a_deeply_nested_article_is_refused_by_name():
    assert "nested too deeply" in refusal(
        "xml", b"<article><body>" + b"<sec>" * 5000 + b"<p>x</p>" + b"</sec>" * 5000 + b"</body></article>"
    )


def test_the_child_lives_within_its_limits(tmp_path: Path):
    code = (
        "import resource, ingest.formats.child as child, sys\n"
        "child._read = lambda *_: bytearray(600 * 1024 * 1024)\n"
        "sys.argv = ['x', 'pdf', 'reference']\nchild.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, env=environment, check=True)
    assert b"more than 512 MB" in done.stdout
    endless = code.replace("bytearray(600 * 1024 * 1024)", "[None for _ in iter(int, 1)]").replace(
        "child.main()", "child._LIMITS['pdf'] = (child._MUCH, 1)\nchild.main()"
    )
    stopped = subprocess.run([sys.executable, "-c", endless], input=b"", capture_output=True, env=environment, check=False)
    assert stopped.returncode in {-signal.SIGXCPU, -signal.SIGKILL} or b"more than 512 MB" in stopped.stdout


@pytest.mark.parametrize(
    ("suffix", "data", "wrong"),
    [
        (".pdf", paper_pdf(), False),
        (".pdf", paper_html(), True),
        (".pdf", paper_docx(), True),
        (".pdf", b"MZ\x90\x00", True),
        (".docx", paper_docx(), False),
        (".docx", paper_pdf(), True),
        (".docx", b"\xd0\xcf\x11\xe0\xa1\xb1", True),
        (".html", paper_html(), False),
        (".html", b"%PDF-1.4", True),
        (".html", b"just words", True),
        (".htm", "<html><body>x".encode("utf-16"), False),
        (".xml", paper_jats(), False),
        (".xml", paper_html(), True),
        (".md", b"# Words\n", False),
        (".md", paper_pdf(), True),
        (".txt", paper_html(), True),
        (".txt", b"\x7fELF", True),
        (".txt", b"{\\rtf1", True),
        (".md", b"\x89PNG\r\n", True),
    ],
)
def test_a_file_must_be_what_its_name_says(suffix, data, wrong):
    assert bool(mismatch(suffix, data)) == wrong


def test_the_content_of_a_file_is_told_by_its_first_bytes():
    assert [content_kind(data) for data in (paper_pdf(), paper_docx(), paper_html(), paper_jats(), b"words")] == [
        "pdf",
        "docx",
        "html",
        "xml",
        "text",
    ]


SIGNS = "A dose of 0.5 µg/kg (≥75 mg; ±2 °C; 1–3 “days”) • naïve patients’ pain"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-32"])
def test_signs_survive_every_certain_encoding(encoding):
    data = b"\xff\xfe" + SIGNS.encode("utf-16-le") if encoding == "utf-16-le-bom" else SIGNS.encode(encoding)
    assert decode(data).text == SIGNS


@pytest.mark.parametrize(
    "text", ["A dose of 50 µg/kg", "37 °C ± 2", "the patients’ “wind-up” pain – often", "André naïve Müller", "BMI 30 kg/m²", "½ tablet"]
)
def test_windows_1252_is_read_where_every_sign_makes_sense(text):
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("doses ≥75 mg", "mac-roman"),
        ("the patients’ pain", "mac-roman"),
        ("André", "cp437"),
        ("доза", "cp1251"),
        ("dose ≤5", "mac-roman"),
        ("Łódź", "cp1250"),
    ],
)
def test_an_encoding_that_is_not_certain_is_refused(text, encoding):
    with pytest.raises(CorpusError, match="not UTF-8"):
        decode(text.encode(encoding))


def test_text_that_was_decoded_wrongly_once_is_put_right():
    wrong = "".join(bytes([byte]).decode("latin-1" if byte in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252") for byte in SIGNS.encode())
    assert wrong != SIGNS
    assert decode(wrong.encode()).text == SIGNS


@pytest.mark.parametrize("text", ["a dose of Â 5 mg", "a dose of \ufffdg", "â€ g of it"])
def test_text_whose_damage_cannot_be_undone_is_refused(text):
    with pytest.raises(CorpusError, match="save it again"):
        decode(text.encode())


def test_characters_that_show_nothing_do_not_split_a_number():
    assert decode("0.\u200b5 mg of keta\u00admine\u202e".encode()).text == "0.5 mg of ketamine"


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("aZé 0.5µ≥±–’”“°²½·µ\n"), max_size=40))
def test_utf8_is_never_read_as_anything_else(text):
    assert decode(text.encode()).text == text.replace("\r", "\n")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused_by_name(data):
    with contextlib.suppress(CorpusError):
        assert "\ufffd" not in decode(data).text


def test_files_of_every_format_are_indexed_cited_with_their_page_and_noted(gout: Settings):
    references = gout.corpus / "gout" / "references"
    for name, data in {
        "Doe 2019 (full).pdf": paper_pdf(),
        "word.docx": paper_docx(),
        "page.html": paper_html(),
        "pmc.nxml": paper_jats(),
    }.items():
        (references / name).write_bytes(data)
    report = build_index(gout)
    assert report.rejected == ()
    assert {(note.file, note.reason) for note in report.notes} == {
        ("gout/references/page.html", "36 characters of hidden text were left out"),
        ("gout/references/word.docx", "6 characters of hidden text were left out"),
    }
    chat = open_chat(gout)
    assert {"doe-2019-full", "word", "page", "pmc"} < set(chat.documents)
    for passage in chat.passages.values():
        assert passage.span.of(chat.documents[passage.document_id].text) == passage.text
    answer = chat.ask("How many patients had diarrhoea on colchicine?")
    paged = [citation for citation in answer.citations if citation.source == "doe-2019-full"]
    assert paged
    assert all(citation.page == page_of(chat.documents[citation.source], citation.start) for citation in paged)
    assert {citation.page for citation in answer.citations if citation.source != "doe-2019-full"} <= {None}
    assert build_index(gout).embedded == 0


def test_a_damaged_file_is_named_and_the_rest_is_indexed(gout: Settings):
    references = gout.corpus / "gout" / "references"
    (references / "bad.pdf").write_bytes(paper_pdf()[:300])
    (references / "scan.pdf").write_bytes(BLANK)
    (references / "evil.docx").write_bytes(paper_docx(extra={"../evil": "x"}))
    report = build_index(gout)
    assert report.documents == 3
    assert {entry.file.rpartition("/")[2] for entry in report.rejected} == {"bad.pdf", "scan.pdf", "evil.docx"}


def test_a_file_of_a_taken_name_is_told_apart(gout: Settings):
    (gout.corpus / "gout" / "references" / "doe2019.pdf").write_bytes(paper_pdf())
    assert build_index(gout).rejected == ()
    assert {"doe2019", "doe2019-pdf"} < set(open_chat(gout).documents)


def test_offsets_of_an_extracted_document_point_into_its_stored_text(tmp_path: Path):
    (tmp_path / "a.pdf").write_bytes(paper_pdf())
    document = read_reference(tmp_path / "a.pdf", "gout")
    assert all(passage.span.of(document.text) == passage.text for passage in reference_passages(document))
    assert Span(0, document.pages[1]).of(document.text).startswith("# Low-dose colchicine")


def test_a_second_article_file_is_named_and_not_read(gout: Settings):
    (gout.corpus / "gout" / "article.html").write_bytes(paper_html())
    assert [(entry.file, entry.reason) for entry in build_index(gout).rejected] == [
        ("gout/article.html", "not read: the article is article.txt")
    ]
