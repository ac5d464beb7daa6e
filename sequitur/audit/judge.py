"""One claim against the passages of one reference: what of it stands there, what is missing, what is said otherwise.

Each check names a facet of the claim (a figure, the way an effect points, in whom, how strongly) and says of it `stands`, `absent` or `conflicts`,
with the sentence a reader is shown. `sequitur.audit.verdicts` joins the findings of several references.
"""

from __future__ import annotations

import re

from sequitur.audit.advice import advice_findings, grade_findings
from sequitur.audit.case import STANDS, Case, Finding, Judged
from sequitur.audit.design import design_findings
from sequitur.audit.desk import statement
from sequitur.audit.effects import denial_findings, effect_findings, frequency_findings, lasting_findings
from sequitur.audit.measures import figure_findings
from sequitur.audit.whom import name_findings, population_findings
from sequitur.schema import Document

_NEAR = 0.72  # share of the best alignment from which another passage is about the same thing
_REGIMEN = frozenset({"dose", "duration", "rhythm"})
_RETOLD = 2  # figures of one study from which a claim plainly retells it
_DESIGN = re.compile(r"design|method|question", re.IGNORECASE)


def judge(case: Case, document: Document) -> Judged:
    """Every facet of the claim, held against one reference."""
    aligned = case.align(document)
    frame = statement(case.desk.frame(document))
    everywhere = tuple(dict.fromkeys(word for source in case.desk.sources[document.id] for word in source.statement.words))
    share = case.desk.share(case.own.words, everywhere, frame.words)
    near = [row for row in aligned if row.score >= _NEAR * aligned[0].score] if aligned else []
    results = [row for row in aligned if not _DESIGN.match(row.source.passage.section)]
    findings: list[Finding] = []
    if near:
        findings += figure_findings(case, document, aligned, near)
        findings += effect_findings(case, document, results)
        findings += advice_findings(case, document, results)
        findings += grade_findings(case, document, [row for row in near if row in results])
        told = sum(finding.state == STANDS for finding in findings if finding.facet.startswith("figure "))
        found = any(figure.kind not in _REGIMEN for figure in case.own.figures)  # what was given to some is no advice to all
        findings += population_findings(case, document, near, retold=found and told >= _RETOLD)
        findings += lasting_findings(case, document, near)
        findings += frequency_findings(case, document, results)
        findings += denial_findings(case, document, results, everywhere)
        findings += name_findings(case, document, everywhere, frame)
        findings += design_findings(case, document, aligned, everywhere)
    return Judged(document, tuple(aligned), share, tuple(findings))
