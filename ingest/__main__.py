"""`python -m ingest [CORPUS]`: the same as `sequitur ingest`."""

from __future__ import annotations

import sys

from sequitur.cli import app

if __name__ == "__main__":
    app(["ingest", *sys.argv[1:]])
