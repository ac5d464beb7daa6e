"""The command line. stdout carries the result alone; progress and messages go to stderr. A group of commands is a module here."""

from sequitur.cli import beir, bibliography, conversations, core, indexing
from sequitur.cli.common import app

__all__ = ["app", "beir", "bibliography", "conversations", "core", "indexing", "main"]


def main() -> None:
    """Entry point of the console script. Usage errors exit with 2, as click has it."""
    app()
