"""The audit of invented articles on other subjects: what was planted is caught, what is carried is left alone."""

from __future__ import annotations

import pytest

from evals.audit import CARRIED, FOLDER, audit_folder, read_labels
from sequitur.audit import AuditVerdict
from sequitur.settings import Settings


@pytest.mark.parametrize(("article", "missed", "alarms"), [("migraine", 0, 0), ("tranexamic", 2, 0)])
def test_planted_discrepancies_are_caught_and_carried_claims_left_alone(settings: Settings, article, missed, alarms):
    labels = read_labels(FOLDER / "dev" / article)
    audit = audit_folder(FOLDER / "dev" / article, settings)
    assert {chain.text for chain in audit.chains} == set(labels)
    supported = {chain.text for chain in audit.chains if chain.verdict is AuditVerdict.SUPPORTED}
    assert len([text for text in supported if labels[text] != CARRIED]) <= missed
    assert len([text for text, label in labels.items() if label == CARRIED and text not in supported]) <= alarms
    assert all(chain.reason.endswith(".") and chain.evidence for chain in audit.chains if chain.verdict is AuditVerdict.CONTRADICTED)
