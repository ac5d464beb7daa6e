"""Follows a corpus folder: brings the index up to date at once, and again whenever something in the folder changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, watch

from ingest.build import build_index
from ingest.report import Report
from ingest.vectors import Progress
from sequitur.errors import CorpusError, SequiturError
from sequitur.settings import Settings

_PAUSE = 1000  # milliseconds after which a failed build is tried again


def follow(
    settings: Settings,
    report: Callable[[Report], None],
    warn: Callable[[str], None],
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Build, then build again after every change, until `stop` or Ctrl-C. A failure is told once and tried again: the index in force stays.

    Raises:
        CorpusError: the folder is missing from the start.
    """
    if not settings.corpus.is_dir():
        message = f"there is no corpus folder {settings.corpus}"
        raise CorpusError(message)
    failure = _build(settings, report, warn, progress, "")
    due = True  # what changed before the watch began shows in a second run
    for changes in watch(settings.corpus, watch_filter=_counts, stop_event=stop, rust_timeout=_PAUSE, yield_on_timeout=True):
        if changes or due or failure:
            failure = _build(settings, report if changes or failure else _telling(report), warn, progress, failure)
            due = False


def _build(
    settings: Settings, report: Callable[[Report], None], warn: Callable[[str], None], progress: Progress | None, failure: str
) -> str:
    """Build once; returns why it failed, told unless that is known already, or an empty string."""
    try:
        report(build_index(settings, progress))
    except SequiturError as error:
        if str(error) != failure:
            warn(str(error))
        return str(error)
    return ""


def _telling(report: Callable[[Report], None]) -> Callable[[Report], None]:
    """A report of a run that nothing called for is told only where it did something."""

    def tell(done: Report) -> None:
        if done.added or done.changed or done.removed or done.embedded:
            report(done)

    return tell


def _counts(_change: Change, path: str) -> bool:
    return not Path(path).name.startswith(".")
