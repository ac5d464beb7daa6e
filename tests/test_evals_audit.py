"""The audit of invented articles on other subjects: what was planted is caught, what is carried is left alone."""

from __future__ import annotations

import pytest

from evals.audit import CARRIED, FOLDER, audit_folder, read_labels
from sequitur.audit import AuditVerdict
from sequitur.settings import Settings


@pytest.fixture(scope="module")
def judged(settings: Settings) -> dict[str, tuple[AuditVerdict, str]]:
    """Verdict and reason of each claim of two articles."""
    chains = [chain for article in ("eczema", "restless-legs") for chain in audit_folder(FOLDER / "dev" / article, settings).chains]
    return {chain.text: (chain.verdict, chain.reason) for chain in chains}


@pytest.mark.parametrize(
    ("claim", "verdict", "reason"),
    [
        ("Relief of itch at week 1 was the primary endpoint", AuditVerdict.CONTRADICTED, "primary outcome"),
        ("Azathioprine causes about 60% more", AuditVerdict.PARTLY, "not what causes it"),
        ("ropinirole and rotigotine are conditionally recommended", AuditVerdict.CONTRADICTED, "advises against"),
        ("strong recommendation in adults", AuditVerdict.SUPPORTED, ""),
        ("only a conditional recommendation", AuditVerdict.SUPPORTED, ""),
        ("about twice as common with dupilumab, at 15 to 19%", AuditVerdict.SUPPORTED, ""),
        ("Three months of pregabalin 300 mg daily", AuditVerdict.SUPPORTED, ""),
        ("because these occurred too seldom", AuditVerdict.SUPPORTED, ""),
    ],
)
def test_claims_in_free_words_are_judged_by_what_they_say(judged, claim, verdict, reason):
    found = next(row for text, row in judged.items() if claim in text)
    assert found[0] is verdict, found[1]
    assert reason in found[1]


@pytest.mark.parametrize(("article", "missed", "alarms"), [("migraine", 0, 0), ("tranexamic", 2, 0)])
def test_planted_discrepancies_are_caught_and_carried_claims_left_alone(settings: Settings, article, missed, alarms):
    labels = read_labels(FOLDER / "dev" / article)
    audit = audit_folder(FOLDER / "dev" / article, settings)
    assert {chain.text for chain in audit.chains} == set(labels)
    supported = {chain.text for chain in audit.chains if chain.verdict is AuditVerdict.SUPPORTED}
    assert len([text for text in supported if labels[text] != CARRIED]) <= missed
    assert len([text for text, label in labels.items() if label == CARRIED and text not in supported]) <= alarms
    assert all(chain.reason.endswith(".") and chain.evidence for chain in audit.chains if chain.verdict is AuditVerdict.CONTRADICTED)
