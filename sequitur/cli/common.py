"""What every command shares: the app, common options, failures in one line, JSON on stdout."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from sequitur.errors import SequiturError
from sequitur.schema import Role

app = typer.Typer(
    name="sequitur",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cited answers to follow-up questions about a medical article.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
ArticleOption = Annotated[str | None, typer.Option("--article", help="Which article; default: the only one.")]
RoleOption = Annotated[Role, typer.Option("--role", help="Who is asking.")]


@contextlib.contextmanager
def explained(*, debug: bool) -> Iterator[None]:
    """A failure in one line on stderr, with the exit code of its kind."""
    try:
        yield
    except SequiturError as error:
        if debug:
            traceback.print_exc()
        print(f"sequitur: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the reader has gone; nothing is left to say
        raise typer.Exit(1) from None


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """One JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))
