"""A stream beside the page: in order, with its errors, and left when nobody waits any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ui.background import Background


def test_everything_arrives_in_order():
    with Background(iter(range(100))) as events:
        assert [event for event in events.until_done(5) if event is not None] == list(range(100))


def test_an_error_of_the_source_is_raised_where_it_is_read():
    def failing() -> Iterator[int]:
        yield 1
        message = "broken"
        raise ValueError(message)

    seen = []
    with Background(failing()) as events, pytest.raises(ValueError, match="broken"):
        seen.extend(events.until_done(5))
    assert seen == [1]


def test_waiting_is_told_and_leaving_ends_the_source():
    go, ended = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        try:
            go.wait(10)
            yield 1
            yield 2
        finally:
            ended.set()

    with Background(slow()) as events:
        assert next(events.until_done(0.01)) is None
        assert events.seconds > 0
    go.set()
    assert ended.wait(10)
