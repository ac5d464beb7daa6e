"""The page in a real Chromium: one question asked, nothing leaves the machine, nothing overflows a phone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingest.build import build_index
from sequitur.settings import load_settings

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=20_000)

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUESTION = "How common are psychedelic effects with ketamine?"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the page on a free port, over a freshly built index."""
    folder = tmp_path_factory.mktemp("browser")
    build_index(load_settings(corpus=ROOT / "corpus", index=str(folder / "index")))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"SEQUITUR_INDEX": str(folder / "index"), "SEQUITUR_DATABASE_URL": f"sqlite:///{folder / 'history.db'}"}
    command = [sys.executable, "-m", "sequitur.cli", "run", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        assert server.stdout is not None
        assert any("You can now view" in line for line in server.stdout), "the server did not start"
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        server.stdout.read()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


def ask(page, question):
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    answered(page)


def answered(page):
    """The answer is whole, and the run has reached its end: the address names the stored conversation."""
    expect(page.locator(".sq-review-line")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"conversation="))


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_question_is_answered_with_evidence_and_nothing_leaves_the_machine(browser, address, width, scheme):
    page = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page()
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(address)
    expect(page.locator(".sq-article")).to_be_visible(timeout=60_000)
    assert page.locator(".sq-head h1").bounding_box()["y"] < 400, "the page opens at its head"
    ask(page, QUESTION)
    expect(page.locator(".sq-answer .sq-prose")).to_contain_text("4.94")
    expect(page.locator(".sq-disclaimer")).to_contain_text("This information is intended for healthcare professionals.")
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_focused()
    chip = page.locator("a.sq-chip").first
    chip.hover()
    expect(chip.locator("xpath=../span[contains(@class, 'sq-tip')]")).to_be_visible()
    chip.click()
    expect(page.locator("#e0-1")).to_be_visible()
    main = page.get_by_test_id("stMain").or_(page.get_by_test_id("stAppScrollToBottomContainer")).first
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert hosts <= {"127.0.0.1", None}
    page.context.close()


def test_the_article_folds_away_and_the_question_comes_into_view(browser, address):
    page = browser.new_context(viewport={"width": 1440, "height": 844}).new_page()
    page.goto(address)
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=re.compile("ketamine", re.IGNORECASE)).first.click()
    answered(page)
    expect(page.locator(".sq-article")).to_be_hidden()
    expect(page.locator("#turn-0")).to_be_in_viewport()
    page.context.close()


def test_words_are_chosen_to_ask_about_and_the_conversation_is_deleted_after_a_second_question(browser, address):
    page = browser.new_context(viewport={"width": 1440, "height": 844}, color_scheme="dark").new_page()
    page.goto(address)
    claim = page.locator(".sq-article li").filter(has_text="Discomfort during administration").first
    claim.evaluate("element => getSelection().selectAllChildren(element)")
    page.get_by_role("button", name="Ask about this").click()
    expect(page.locator(".sq-about-line")).to_have_text("Asking about “Discomfort during administration (RR 4.06; 95% CI 1.18 to 13.95)”")
    ask(page, "compared with what?")
    expect(page.locator(".sq-understood")).to_contain_text("compared with what (about: Discomfort during administration")
    expect(page.locator(".sq-about-line")).to_have_count(0)
    page.locator(".sq-source summary").first.click()
    page.get_by_role("button", name="Ask about this").first.click()
    expect(page.locator(".sq-about-line")).to_contain_text("4.06")
    page.get_by_test_id("stSidebar").get_by_role("button", name="Manage").first.click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_disabled()
    page.get_by_text("Delete it and everything said in it.").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_enabled()
    expect(page.locator("[data-test-script-state='running']")).to_have_count(0)  # or the click may fall on what is being drawn anew
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".sq-answer")).to_have_count(0)
    expect(page.locator(".sq-article")).to_be_visible()
    page.context.close()
