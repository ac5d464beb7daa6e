"""Frozen values of the schema to and from their JSON form, driven by their annotations."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, cast


def to_json(value: Any) -> Any:  # noqa: ANN401 - any value of the schema
    """Plain dicts, lists and scalars of a value."""
    return dataclasses.asdict(value)


def from_json(kind: Any, value: Any) -> Any:  # noqa: ANN401, PLR0911 - driven by the annotations, a case each
    """A value of `kind` from its JSON form, nested values and tuples included.

    Raises:
        TypeError, ValueError, KeyError: the form does not fit.
    """
    if value is None:
        return None
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast("type", kind))
        return kind(**{name: from_json(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(from_json(inner[0], item) for item in value)
        return tuple(from_json(part, item) for part, item in zip(inner, value, strict=True))
    if origin in {types.UnionType, typing.Union}:
        return from_json(next(part for part in inner if part is not type(None)), value)
    if isinstance(kind, type) and issubclass(kind, tuple):
        return kind(*value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
