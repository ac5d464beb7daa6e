"""The page for editors, through Streamlit's own harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sequitur.settings import Settings

ROOT = Path(__file__).parents[1]
SCRIPT = "from ui.audit_page import audit_page\naudit_page()\n"


@pytest.fixture
def page(settings: Settings, index_dir: Path, tmp_path, monkeypatch) -> AppTest:
    monkeypatch.chdir(ROOT)
    for name, value in {"INDEX": index_dir, "MODELS": settings.models, "DATABASE_URL": f"sqlite:///{tmp_path / 'history.db'}"}.items():
        monkeypatch.setenv(f"SEQUITUR_{name}", str(value))
    return AppTest.from_string(SCRIPT, default_timeout=60).run()


def html(page: AppTest) -> str:
    return "\n".join(str(block.proto.body) for block in page.get("html"))


def test_each_claim_stands_beside_its_verdict_and_its_passages(page):
    assert not page.exception
    shown = html(page)
    assert shown.count("sq-claim ") == 29
    assert "✕ Contradicted" in shown
    assert "an editor’s remark, no evidence" in shown
    assert "Harms that the references report" in shown
    assert "sources?article=ketamine-neuropathic-pain&amp;document=" in shown


def test_the_claims_of_one_verdict_can_be_shown_alone(page):
    page.session_state["audit-shown"] = "source missing"
    assert html(page.run()).count("sq-claim ") == 2


def test_an_index_that_is_missing_is_said_and_can_be_built(page, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQUITUR_INDEX", str(tmp_path / "none"))
    assert "The index cannot be opened" in html(AppTest.from_string(SCRIPT, default_timeout=60).run())
