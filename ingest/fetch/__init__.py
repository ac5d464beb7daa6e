"""Completing references from PubMed, Crossref and Europe PMC. Off unless the settings turn it on; nothing else in the project speaks to a network.

`network` reaches a service politely and nowhere else, `services` reads their documented answers, `completion` writes what was found beside the references.
"""

from ingest.fetch.completion import Completed, Wish, complete, failed

__all__ = ["Completed", "Wish", "complete", "failed"]
