"""The command line. stdout carries the result alone; progress and messages go to stderr. A group of commands is a module here."""

from sequitur.cli import audit, beir, bibliography, conversations, core, fetching, indexing, references
from sequitur.cli.common import app

__all__ = ["app", "audit", "beir", "bibliography", "conversations", "core", "fetching", "indexing", "main", "references"]


def main() -> None:
    """Entry point of the console script. Usage errors exit with 2, as click has it."""
    app()
