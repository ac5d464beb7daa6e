"""`python -m sequitur.cli`."""

from sequitur.cli import main

main()
