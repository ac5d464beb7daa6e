"""Following a corpus folder: a change is indexed, a failure is told once and the folder is followed on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from ingest.report import Report
from ingest.watch import follow
from sequitur.errors import CorpusError
from sequitur.settings import Settings

PLAIN = "## Findings\nColchicine helped 12 of 20 patients with gout.\n"
PATIENCE = 30


@pytest.fixture
def told(gout: Settings) -> Iterator[queue.Queue[Report | str]]:
    """What is reported and warned while the folder is followed."""
    said: queue.Queue[Report | str] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=(gout, said.put, said.put), kwargs={"stop": stop})
    thread.start()
    yield said
    stop.set()
    thread.join(PATIENCE)


def test_a_new_file_is_indexed_and_a_failure_is_told_and_survived(gout: Settings, told: queue.Queue[Report | str]):
    first = told.get(timeout=PATIENCE)
    assert isinstance(first, Report)
    assert first.added == 3
    (gout.corpus / "gout" / "references" / "new.md").write_text(PLAIN, encoding="utf-8")
    second = told.get(timeout=PATIENCE)
    assert isinstance(second, Report)
    assert (second.added, second.embedded) == (1, second.passages - first.passages)
    away = gout.corpus.parent / "away"
    (gout.corpus / "gout").rename(away)
    assert "nothing in" in str(told.get(timeout=PATIENCE))
    away.rename(gout.corpus / "gout")
    third = told.get(timeout=PATIENCE)
    assert isinstance(third, Report)
    assert (third.unchanged, third.embedded) == (4, 0)


def test_a_folder_that_is_not_there_is_not_followed(gout: Settings):
    missing = gout.model_copy(update={"corpus": gout.corpus / "missing"})
    with pytest.raises(CorpusError, match="no corpus folder"):
        follow(missing, lambda _report: None, lambda _line: None)
