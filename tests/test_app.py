"""The page through Streamlit's own test harness: what a reader is promised to see, without a browser."""

from __future__ import annotations

import os
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.build import build_index
from sequitur.history import open_history
from sequitur.schema import Answer, Article, Citation, CitedReference, LedgerEntry, ListedReference, Outcome, Review, Role, Span, Withheld
from sequitur.settings import load_settings
from ui.answer import answer_html
from ui.article import head, ledger_list, references, stepper
from ui.markup import element, inert
from ui.prose import carrying, prose
from ui.words import age, step_states

ROOT = Path(__file__).parents[1]
QUESTION = "How common are psychedelic effects with ketamine?"
HOSTILE = "<img src=x onerror=alert(1)> ![i](http://evil.example/p.png) **bold** $x$ :red[y] what are the risks of ketamine?"


@pytest.fixture(scope="session")
def page_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real corpus, indexed once for all tests of the page."""
    folder = tmp_path_factory.mktemp("page") / "index"
    build_index(load_settings(corpus=ROOT / "corpus", index=str(folder)))
    return folder


@pytest.fixture
def page(page_index, tmp_path, monkeypatch):
    """The page as a new reader finds it, with a conversation store of its own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SEQUITUR_INDEX", str(page_index))
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", f"sqlite:///{tmp_path / 'history.db'}")
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


def blocks(page: AppTest) -> list[str]:
    """The HTML blocks of the page, without its style sheet."""
    return [str(block.proto.body) for block in page.get("html") if "<style" not in str(block.proto.body)]


def html(page: AppTest) -> str:
    return "\n".join(blocks(page))


def answers(page: AppTest) -> list[str]:
    return [block for block in blocks(page) if 'class="sq-answer"' in block]


def disclaimer() -> str:
    text = (ROOT / "corpus" / "ketamine-neuropathic-pain" / "article.txt").read_text(encoding="utf-8")
    return next(line for line in text.split("\n") if line.startswith("This information is intended for healthcare professionals."))


def ask(page: AppTest, question: str) -> AppTest:
    return page.chat_input[0].set_value(question).run()


def test_the_first_visit_shows_the_article_and_four_starters(page):
    page.run()
    assert not page.exception
    shown = html(page)
    assert "Ketamine for Treatment of Refractory Neuropathic Pain" in shown
    assert "Last updated 10 October 2025" in shown
    assert "content is pending human review" in shown
    assert "What the numbers stand for" in shown
    assert disclaimer() in shown
    assert len([button for button in page.button if str(button.key).startswith("starter-")]) == 4
    assert page.chat_input[0].placeholder == "Have a follow-up question?"


def test_every_citation_number_of_the_article_leads_to_what_it_stands_for(page):
    shown = html(page.run())
    for number in "1234567":
        assert f'href="#ref-{number}"' in shown
        assert f'id="ref-{number}"' in shown


def test_the_disclaimer_stands_in_full_under_every_answer(page):
    page.run()
    for question in (QUESTION, "And how long do they last?", "What is the capital of France?"):
        ask(page, question)
    assert not page.exception
    assert len(answers(page)) == 3
    assert all(disclaimer() in answer and "under review" in answer for answer in answers(page))


def test_an_answer_shows_its_citations_and_passages(page):
    answer = answers(ask(page.run(), QUESTION))[0]
    assert 'class="sq-chip"' in answer
    assert 'id="e0-1"' in answer
    assert "4.94" in answer


def test_a_starter_asks_its_question_once(page):
    page.run()
    starter = next(button for button in page.button if button.key == "starter-0")
    starter.click().run()
    assert len(answers(page)) == 1
    page.run()
    assert len(answers(page)) == 1


def test_changing_the_role_asks_nothing_again(page):
    ask(page.run(), QUESTION)
    before = answers(page)
    page.segmented_control(key="role").set_value("patient").run()
    assert answers(page) == before
    ask(page, "What are the risks of ketamine?")
    assert len(answers(page)) == 2
    assert "clinician who treats you" in html(page)
    assert "your own clinician" in answers(page)[1]


def test_the_review_never_reads_approved(page):
    shown = html(page.run())
    assert 'class="sq-step sq-current"><span aria-hidden="true" class="sq-dot"></span>Under Review' in shown.replace(
        '<span class="sq-dot" aria-hidden="true">', '<span aria-hidden="true" class="sq-dot">'
    )
    assert step_states(("Submitted", "Under Review", "Approved"), "under review")[2] == ("Approved", "ahead")
    assert {state for _, state in step_states(("Submitted", "Under Review", "Approved"), "unknown")} == {"unmarked"}
    assert step_states(("Approved", "Published"), "published")[0] == ("Approved", "unmarked")


def test_an_unknown_status_is_said_to_be_unknown():
    article = Article("a", "T", "", "", ("Submitted", "Approved"), "unknown", "", (), (), "D", "")
    assert "Review status unknown" in stepper(article)
    assert "sq-done" not in stepper(article)
    assert "Date of last update unknown" in head(article, date(2026, 11, 22))


@pytest.mark.parametrize("label", ["", "1"])
def test_a_list_that_prints_numbers_is_not_said_to_print_none(label):
    listed = ListedReference("Research", "A trial", "J", 2020, Span(0, 1), label)
    article = Article("a", "T", "", "", (), "unknown", "", (), (listed,), "D", "")
    shown = ledger_list(article, [LedgerEntry("1", "listed", (), "A trial", 2020, "", ())], {})
    assert ("The reference list prints no numbers" in shown) == (not label)
    assert ("1. " in references(article)) == bool(label)


def test_a_hostile_question_stays_inert(page):
    ask(page.run(), HOSTILE)
    shown = html(page)
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert all("evil.example" not in str(block.value) for block in page.markdown)


def test_an_empty_question_is_refused_with_the_disclaimer(page):
    ask(page.run(), "   ")
    assert not page.exception
    assert "This question was not answered" in html(page)
    assert disclaimer() in answers(page)[0]


def test_a_missing_index_is_one_message_and_one_button(page, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQUITUR_INDEX", str(tmp_path / "nowhere"))
    page.run()
    assert not page.exception
    assert "The index cannot be opened" in html(page)
    assert [button.label for button in page.main.button] == ["Build the index"]
    assert not page.chat_input


def test_a_conversation_is_kept_opened_again_and_deleted(page):
    ask(page.run(), QUESTION)
    page.button(key="new").click().run()
    assert answers(page) == []
    opened = next(button for button in page.sidebar.button if str(button.key).startswith("open-"))
    opened.click().run()
    assert len(answers(page)) == 1
    manage(page)
    confirm(page)
    assert answers(page) == []
    assert not [button for button in page.sidebar.button if str(button.key).startswith("open-")]


def test_a_conversation_that_cannot_be_opened_is_said_not_to_be(page):
    ask(page.run(), QUESTION)
    page.button(key="new").click().run()
    with sqlite3.connect(os.environ["SEQUITUR_DATABASE_URL"].removeprefix("sqlite:///")) as database:
        database.execute("UPDATE turns SET answer = '{}'")
    keyed(page.sidebar.button, "open-").click().run()
    assert answers(page) == []
    assert "The conversation cannot be opened" in html(page)


def keyed(elements, start: str):
    """The one element whose key begins so."""
    [found] = [element for element in elements if str(element.key).startswith(start)]
    return found


def manage(page: AppTest) -> None:
    keyed(page.sidebar.button, "manage-").click().run()


def confirm(page: AppTest) -> None:
    assert keyed(page.button, "delete-").disabled
    keyed(page.checkbox, "sure-").check().run()
    keyed(page.button, "delete-").click().run()


def test_a_conversation_is_renamed_in_the_sidebar(page):
    ask(page.run(), QUESTION)
    manage(page)
    keyed(page.text_input, "name-").set_value("Ward *7*").run()
    keyed(page.button, "rename-").click().run()
    assert keyed(page.sidebar.button, "open-").label == r"Ward \*7\*"
    assert len(answers(page)) == 1


def test_words_chosen_on_the_page_become_part_of_the_question(page):
    page.run()
    page.session_state["sequitur"].about = "Discomfort during administration (RR 4.06; 95% CI 1.18 to 13.95)"
    page.run()
    assert "Asking about" in html(page)
    ask(page, "compared with what?")
    assert "compared with what (about: Discomfort during administration" in html(page)
    assert "4.06" in answers(page)[0]
    assert "Asking about" not in html(page)


def test_an_offered_question_is_asked_as_it_stands(page):
    page.run()
    page.session_state["sequitur"].about = "Discomfort during administration"
    page.button(key="starter-0").click().run()
    assert "about: Discomfort" not in html(page)
    assert page.session_state["sequitur"].about == ""


def test_all_conversations_can_be_shown(page):
    history = open_history(load_settings())
    ask(page.run(), "ok thanks")
    answer = page.session_state["sequitur"].answers[0]
    for number in range(31):
        history.append(f"c{number}", answer)
    page.run()
    assert len([button for button in page.sidebar.button if str(button.key).startswith("open-")]) == 30
    page.button(key="all").click().run()
    assert len([button for button in page.sidebar.button if str(button.key).startswith("open-")]) == 32


def test_words_chosen_can_be_left_again(page):
    page.run()
    page.session_state["sequitur"].about = "Discomfort during administration"
    page.run()
    page.button(key="about-leave").click().run()
    assert "Asking about" not in html(page)


def test_what_was_understood_is_shown_above_the_answer_and_can_be_mended(page):
    ask(ask(page.run(), QUESTION), "And how long do they last?")
    shown = html(page)
    assert shown.index("Understood as: ") < shown.rindex('class="sq-answer"')
    page.text_area(key="reword-1").set_value("Is ketamine toxic to the liver?").run()
    page.button(key="reword-1-ask").click().run()
    assert len(answers(page)) == 3
    assert "liver" in answers(page)[2].lower()


def test_a_long_conversation_opens_at_its_end_and_shows_all_when_asked(page):
    ask(page.run(), "ok thanks")
    session = page.session_state["sequitur"]
    session.answers = session.answers * 40
    page.run()
    assert len(answers(page)) == 30
    page.button(key="earlier").click().run()
    assert len(answers(page)) == 40


def test_an_answer_that_could_not_be_kept_is_kept_with_the_next_one(page, monkeypatch, tmp_path):
    good = os.environ["SEQUITUR_DATABASE_URL"]
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", "sqlite:////proc/nowhere/history.db")
    ask(page.run(), QUESTION)
    assert "History is not saved" in html(page)
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", good)
    ask(page, "And how long do they last?")
    assert "History is not saved" not in html(page)
    assert len(open_history(load_settings()).answers(page.session_state["sequitur"].id)) == 2


def asked_and_stopped() -> None:
    """A page whose reader asks, and stops before the answer has come."""
    from ui.article_page import article_page
    from ui.session import ask as queue
    from ui.session import stop_asking

    queue("Does ketamine help nerve pain?")
    stop_asking()
    article_page()


def test_a_stopped_question_keeps_nothing_and_still_shows_the_disclaimer(page):
    stopped = AppTest.from_function(asked_and_stopped, default_timeout=30).run()
    assert not stopped.exception
    session = stopped.session_state["sequitur"]
    assert (session.pending, session.answers, session.unstored) == (None, [], [])
    assert "You stopped it" in html(stopped)
    assert disclaimer() in answers(stopped)[0]
    assert open_history(load_settings()).conversations() == ()


def test_an_unusable_history_is_told_and_stops_nothing(page, monkeypatch):
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", "sqlite:////proc/nowhere/history.db")
    ask(page.run(), QUESTION)
    assert not page.exception
    assert len(answers(page)) == 1
    assert "History is not saved" in html(page)


def answer(outcome: Outcome = Outcome.ANSWERED, **fields: object) -> Answer:
    """An answer made by hand, for states that the corpus seldom reaches."""
    whole: dict[str, object] = {
        "question": "Q?", "standalone": "Q?", "answer": "It is so [1].", "claims": (), "withheld": (), "citations": (), "related": (),
        "disclaimer": "Verify.", "review": Review("under review", "2025-10-10", ""), "role": Role.CLINICIAN, "mode": "extractive",
        "note": "",
        "suggestions": (), "milliseconds": (), **fields,
    }  # fmt: skip
    return Answer(outcome=outcome, **whole)  # type: ignore[arg-type]


def citation(marker: int, passage: str, **fields: object) -> Citation:
    whole: dict[str, object] = {
        "source": "pickering", "passage_id": "p", "title": "A trial", "label": "Pickering 2020", "section": "Findings",
        "start": 0, "end": len(passage),
        "sha256": "", "kind": "rct", "year": 2020, "url": None, "confidence": "", "flags": (), "cites": (), **fields,
    }  # fmt: skip
    return Citation(marker=marker, passage=passage, **whole)  # type: ignore[arg-type]


def shown(value: Answer) -> str:
    return answer_html(value, {}, "e0", date(2026, 11, 22))


def test_an_emergency_is_a_card_that_comes_first():
    urgent = shown(answer(Outcome.URGENT, answer="**Call 112 now.**"))
    assert urgent.index("sq-urgent") < urgent.index("<strong>Call 112 now.</strong>") < urgent.index("Verify.")
    assert "This may be an emergency" in urgent


def test_an_abstention_labels_its_passages_as_related_reading():
    abstained = shown(answer(Outcome.ABSTAINED, answer="Not covered.", related=(citation(1, "Near."),)))
    assert "Not answered by this article or its references" in abstained
    assert abstained.index("Related reading, does not answer the question") < abstained.index("Near.")
    assert 'class="sq-chip"' not in abstained


def test_what_was_withheld_is_counted_with_its_reason_and_shown_as_unsupported():
    html = shown(answer(withheld=(Withheld("It cures <all>.", "no number"), Withheld("b", "no source"))))
    assert "2 sentences not shown: no number; no source" in html
    assert "No source carries these sentences" in html
    assert "<li><s>It cures &lt;all&gt;.</s> — no number</li>" in html


def test_evidence_says_how_well_it_was_checked_and_what_the_article_cites():
    cites = (CitedReference("6", "inferred", "pickering", 2), CitedReference("7", "unresolved", None, None))
    article = citation(1, "Claim.", kind="article", cites=cites)
    trial = citation(2, "Result.", flags=("not page-checked",), confidence="medium")
    html = shown(answer(citations=(article, trial)))
    assert "Article cites 6 → Pickering 2020" in html
    assert '<a href="#e0-2">[2]</a>' in html
    assert "Article cites 7 → no source found" in html
    assert "not page-checked" in html
    assert "checked with medium confidence" in html
    assert "Randomised trial 2020" in html


def test_markup_escapes_values_and_attributes():
    assert element("p", '<b>"', title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&quot;</p>'
    assert element("a", "x", href="javascript:alert(1)") == '<a href="#">x</a>'


def test_labels_are_inert_markdown():
    assert inert("![a](b) :red[c] $d$ <e> `f`") == r"\!\[a\](b) \:red\[c\] \$d\$ \<e\> \`f\`"


def test_a_marker_without_a_citation_stays_text():
    assert prose("One [3].", {}, "e0") == "<p>One [3].</p>"


def test_only_words_that_a_claim_repeats_are_marked():
    passage = "In one trial, twenty patients received three infusions 35 days apart, and none withdrew from it."
    [(start, end)] = carrying(passage, ["Patients received three infusions 35 days apart."])
    assert passage[start:end] == "patients received three infusions 35 days apart"
    assert carrying(passage, ["Nothing of the kind was seen."]) == ()


@pytest.mark.parametrize(
    ("iso", "said"),
    [("2025-10-10", "13 months ago"), ("2026-11-21", "1 day ago"), ("2026-11-22", "today"), ("2020-01-01", "6 years ago"), ("", "")],
)
def test_age_is_said_in_days_months_or_years(iso, said):
    assert age(iso, date(2026, 11, 22)) == said


@pytest.fixture
def two_articles(page, tmp_path, monkeypatch):
    """The page over two articles."""
    for name, drug in (("asthma", "Salbutamol"), ("gout", "Colchicine")):
        (tmp_path / "corpus" / name).mkdir(parents=True)
        (tmp_path / "corpus" / name / "article.md").write_text(
            f"# {drug} in {name}\n\n## Treatment\n\n{drug} relieves an acute attack of {name}.\n", encoding="utf-8"
        )
    monkeypatch.setenv("SEQUITUR_CORPUS", str(tmp_path / "corpus"))
    monkeypatch.setenv("SEQUITUR_INDEX", str(tmp_path / "index"))
    build_index(load_settings())
    return page


def test_the_reader_chooses_among_several_articles_and_a_conversation_keeps_its_own(two_articles):
    page = two_articles.run()
    assert "Salbutamol in asthma" in html(page)
    page.selectbox[0].set_value("gout").run()
    assert "Colchicine in gout" in html(page)
    assert "Salbutamol" not in html(page)
    ask(page, "What relieves an acute attack?")
    assert "Colchicine relieves an acute attack" in answers(page)[0]
    assert "sources?article=gout&amp;document=gout" in answers(page)[0]
    stored = next(button.key for button in page.button if str(button.key).startswith("open-"))
    page.selectbox[0].set_value("asthma").run()
    assert answers(page) == []
    page.button(key=stored).click().run()
    assert "Colchicine in gout" in html(page)
    assert len(answers(page)) == 1
    assert not page.exception


def test_one_article_is_no_choice(page):
    assert not page.run().selectbox


def test_the_page_answers_from_a_new_generation_as_soon_as_there_is_one(two_articles, tmp_path):
    page = two_articles.run()
    (tmp_path / "corpus" / "asthma" / "article.md").write_text(
        "# Asthma anew\n\n## Treatment\n\nRest relieves an attack.\n", encoding="utf-8"
    )
    build_index(load_settings())
    assert "Asthma anew" in html(page.run())
