"""A stream that is produced beside the page's own run, so that the page can be left while a slow step is under way."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")


class Background(Generic[_T]):
    """Runs an iterator in a thread; leaving the `with` block makes it end after its present step."""

    def __init__(self, source: Iterator[_T]) -> None:
        """`source` is touched by the thread alone."""
        self._source = source
        self._arrived: queue.Queue[_T | BaseException | None] = queue.Queue()
        self._left = threading.Event()
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Want no more of it."""
        self._left.set()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._begun

    def until_done(self, patience: float) -> Iterator[_T | None]:
        """What arrives, in order; None for every `patience` seconds in which nothing did. What the source raises is raised here."""
        while True:
            try:
                arrived = self._arrived.get(timeout=patience)
            except queue.Empty:
                yield None
                continue
            if arrived is None:
                return
            if isinstance(arrived, BaseException):
                raise arrived
            yield arrived

    def _run(self) -> None:
        try:
            for item in self._source:
                if self._left.is_set():
                    return
                self._arrived.put(item)
        except Exception as error:  # noqa: BLE001 - handed to the page's run, which knows what to do with it
            self._arrived.put(error)
        else:
            self._arrived.put(None)
        finally:
            if isinstance(self._source, Generator):
                self._source.close()
