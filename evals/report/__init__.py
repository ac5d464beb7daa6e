"""One run as a page and as Markdown: figures with intervals, baselines, and every case to open."""

from evals.report.markdown import markdown
from evals.report.model import Told, told
from evals.report.page import page

__all__ = ["Told", "markdown", "page", "told"]
