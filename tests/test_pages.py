"""Pages on other subjects in the same layout, each as text, Markdown and saved HTML: all three must give the claims that were written down by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.article import parse_article
from ingest.chunk import article_passages
from ingest.markdown import plain_page
from ingest.readers import read_article
from sequitur.schema import Article, Document

PAGES = Path(__file__).parent / "pages"
SLUGS = sorted(path.name for path in PAGES.iterdir())
FORMS = ("article.txt", "article.md", "article.html")


def parsed(slug: str, form: str) -> tuple[Document, Article]:
    document = read_article(PAGES / slug / form, slug)
    return document, parse_article(slug, document.text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_is_read_as_its_golden_file_says(slug, form):
    golden = json.loads((PAGES / slug / "golden.json").read_text(encoding="utf-8"))
    document, article = parsed(slug, form)
    sections = [
        [section.heading, [[block.kind, block.level, block.label, block.text, " ".join(block.citations)] for block in section.blocks]]
        for section in article.sections
    ]
    assert sections == golden["sections"]
    assert [[entry.kind, entry.title, entry.source, entry.year] for entry in article.references] == golden["references"]
    for name in ("title", "status", "last_updated", "notice", "disclaimer"):
        assert getattr(article, name) == golden[name]
    assert list(article.steps) == golden["steps"]
    for block in (block for section in article.sections for block in section.blocks):
        assert block.span.of(document.text) == block.text
    for passage in article_passages(document, article):
        assert passage.span.of(document.text) == passage.text


CLAIM = st.lists(st.sampled_from(["Colchicine", "lowers", "pain", "≥75 mg/day", "(RR 4.06; 95% CI 1.18 to 13.95)", "1,600 mg", "300-600 mg", "after 2-4 weeks", "µg", "in 2019,", "“well”"]),
                 min_size=2, max_size=9).map(lambda words: f"Colchicine {' '.join(words)} helps people")  # fmt: skip
CITED = st.lists(st.integers(1, 9), max_size=3, unique=True).map(sorted)


@given(st.lists(st.tuples(CLAIM, CITED, st.sampled_from([" {}", " [{}]", "<sup>{}</sup>"])), min_size=1, max_size=6))
def test_text_and_markdown_of_a_page_give_the_same_claims(claims):
    expected = [(claim, tuple(map(str, cited))) for claim, cited, _ in claims]
    numbers = [", ".join(map(str, cited)) for _, cited, _ in claims]
    every = "\n".join(f"  • Fact number one of the page {number}" for number in range(1, 10))
    plain = "\n".join(f"  • {claim}{' ' if cited else ''}{cited}" for (claim, _, _), cited in zip(claims, numbers, strict=True))
    marked = "\n".join(
        f"- **{claim}**{form.format(cited) if cited else ''}" for (claim, _, form), cited in zip(claims, numbers, strict=True)
    )
    page = f"What helps?\n\nTreatment\n\n{plain}\n{every}\n"
    markdown = plain_page(f"# What helps?\n\n## Treatment\n\n{marked}\n{every}\n")
    for text in (page, markdown):
        [section] = parse_article("x", text).sections
        assert [(block.text, block.citations) for block in section.blocks][: len(claims)] == expected
        assert all(block.span.of(text) == block.text for block in section.blocks)


def test_a_page_without_marks_is_left_as_it_is():
    for slug in SLUGS:
        text = (PAGES / slug / "article.txt").read_text(encoding="utf-8")
        assert plain_page(text) == text


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("**Dose**: 5 mg", "Dose: 5 mg"),
        ("__Dose__ and *more*", "Dose and more"),
        ("CYP2D6*4 and CYP2D6*10", "CYP2D6*4 and CYP2D6*10"),
        ("snake_case_name", "snake_case_name"),
        ("Pain fell<sup>1,2</sup>", "Pain fell 1,2"),
        ("10<sup>9</sup>/L", "10⁹/L"),
        ("30 kg/m<sup>2</sup>", "30 kg/m²"),
        ("Pain fell.[^3]", "Pain fell. 3"),
        ("see [the trial](https://example.org/x)", "see the trial"),
        ("relief [1](#r1), [2](#r2)", "relief 1, 2"),
        ("![a picture](x.png)", ""),
        ("5 \\* 3 \\> 2", "5 * 3 > 2"),
        ("> quoted", "quoted"),
        ("## Heading ##", "## Heading"),
    ],
)
def test_inline_marks_give_way_to_their_words(marked, plain):
    assert plain_page(marked) == plain
