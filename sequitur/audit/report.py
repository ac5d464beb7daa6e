"""An audit as a report for editors: Markdown, and one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sequitur.audit.model import Audit, AuditVerdict, Chain, Evidence, Omission
from sequitur.audit.record import STANDINGS, left_out

SIGNS = {
    AuditVerdict.SUPPORTED: "✓",
    AuditVerdict.PARTLY: "≈",
    AuditVerdict.UNSUPPORTED: "○",
    AuditVerdict.CONTRADICTED: "✕",
    AuditVerdict.MISSING: "?",
}
ABOUT = (
    "Each cited claim was held against the passages of the references behind its numbers, by rules and without a language model. "
    "What an editor remarked about the article is shown apart and proved nothing. A verdict is a reason to look, not a judgement of the authors."
)
_MARKDOWN = "\\`*_[]<>#|~$!"


def markdown(audit: Audit) -> str:
    """The report as Markdown."""
    parts = [f"# Audit of “{_md(audit.title)}”", ABOUT, _summary(audit)]
    for section, chains in _sections(audit):
        parts.append(f"## {_md(section or 'Without heading')}")
        parts.extend(_md_claim(chain) for chain in chains)
    for title, found in left_out(audit):
        parts.append(f"## {title}")
        parts.append("\n".join(f"- {_md(omission.said)}{_md(_note(omission.caution))}" for omission in found))
    parts.append("## What the numbers stand for")
    parts.append(
        "\n".join(
            f"- **{entry.number}** ({entry.status}): {_md(entry.title or 'no source found')}. {_md(_capital(entry.reason))}."
            for entry in audit.ledger
        )
    )
    return "\n\n".join(parts) + "\n"


def _md_claim(chain: Chain) -> str:
    lead = f"*{_md(chain.lead)}* " if chain.lead else ""
    cited = ", ".join(link.number for link in chain.links)
    lines = [
        f"### {SIGNS[chain.verdict]} {chain.verdict.value.capitalize()}",
        f"{lead}{_md(chain.text)} \\[{cited}\\]",
        f"**{_md(chain.reason)}**",
    ]
    rows = [_md_evidence(found) for found in chain.evidence] + [_md_evidence(found, "not cited here, ") for found in chain.elsewhere]
    rows += [f"- Editor's remark ({_md(remark.label)}), no evidence: {_md(remark.text)}" for remark in chain.remarks]
    return "\n\n".join([*lines, *(["\n".join(rows)] if rows else [])])


def _md_evidence(found: Evidence, place: str = "") -> str:
    return (
        f"- {_md(found.label)} · {_md(found.section)} ({place}{STANDINGS[found.standing]}{_md(_also(found.caution))}): “{_md(found.text)}”"
    )


def _summary(audit: Audit) -> str:
    return " · ".join(f"{SIGNS[verdict]} {audit.count(verdict)} {verdict.value}" for verdict in AuditVerdict)


def _sections(audit: Audit) -> Iterable[tuple[str, Sequence[Chain]]]:
    """The claims by section of the article, in its order."""
    found: dict[str, list[Chain]] = {}
    for chain in audit.chains:
        found.setdefault(chain.claim.section, []).append(chain)
    return found.items()


def _md(value: str) -> str:
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in " ".join(value.split()))


def _note(caution: str) -> str:
    return f" ({caution})" if caution else ""


def _also(caution: str) -> str:
    return f"; {caution}" if caution else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- HTML ----------------------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1d1f20, #e6e4df); --soft: light-dark(#565b5c, #a9aeac); --rule: light-dark(#d9d5cc, #383c3d);
 --page: light-dark(#fdfcfa, #141616); --green: light-dark(#256b35, #86cf95); --amber: light-dark(#7a4b00, #f0c064); --red: light-dark(#a11c1c, #ff9d94); }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink); font: 1.0625rem/1.55 Georgia, serif; overflow-wrap: anywhere; }
h1 { font-size: 1.8rem; line-height: 1.25; } h2 { font-size: 1.3rem; margin-top: 2.5rem; border-bottom: 1px solid var(--rule); } h1, h2 { text-wrap: balance; }
.soft, small { color: var(--soft); } ul { padding-left: 1.2rem; } blockquote { margin: 0.25rem 0 0.75rem; padding-left: 0.75rem; border-left: 2px solid var(--rule); }
article { margin: 1.5rem 0; padding-left: 0.9rem; border-left: 3px solid var(--soft); } article p { margin: 0.3rem 0; }
.verdict { font: 600 0.9rem/1.4 system-ui, sans-serif; } .supported { border-color: var(--green); } .supported .verdict { color: var(--green); }
.contradicted { border-color: var(--red); } .contradicted .verdict { color: var(--red); } .partly, .unsupported { border-color: var(--amber); }
.partly .verdict, .unsupported .verdict { color: var(--amber); } .counts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; font: 0.95rem system-ui, sans-serif; }
details { margin-top: 0.4rem; } summary { cursor: pointer; font: 0.9rem system-ui, sans-serif; color: var(--soft); }
"""


def html(audit: Audit) -> str:
    """The report as one HTML file without scripts and without anything from elsewhere."""
    counts = "".join(f"<li>{SIGNS[verdict]} {audit.count(verdict)} {verdict.value}</li>" for verdict in AuditVerdict)
    body = [f"<h1>Audit of “{escape(audit.title)}”</h1>", f'<p class="soft">{escape(ABOUT)}</p>', f'<ul class="counts">{counts}</ul>']
    for section, chains in _sections(audit):
        body.append(f"<h2>{escape(section or 'Without heading')}</h2>")
        body.extend(_html_claim(chain) for chain in chains)
    for title, found in left_out(audit):
        body.append(f"<h2>{escape(title)}</h2><ul>{''.join(map(_html_omission, found))}</ul>")
    ledger = "".join(
        f"<li><b>{escape(entry.number)}</b> ({escape(entry.status)}): {escape(entry.title or 'no source found')}. <small>{escape(_capital(entry.reason))}.</small></li>"
        for entry in audit.ledger
    )
    body.append(f"<h2>What the numbers stand for</h2><ul>{ledger}</ul>")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Audit of {escape(audit.title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _html_claim(chain: Chain) -> str:
    lead = f'<span class="soft">{escape(chain.lead)}</span> ' if chain.lead else ""
    cited = ", ".join(link.number for link in chain.links)
    rows = [_html_evidence(found) for found in chain.evidence] + [_html_evidence(found, "not cited here, ") for found in chain.elsewhere]
    rows += [f"<li>Editor’s remark ({escape(remark.label)}), no evidence: <i>{escape(remark.text)}</i></li>" for remark in chain.remarks]
    passages = f"<details><summary>Passages ({len(rows)})</summary><ul>{''.join(rows)}</ul></details>" if rows else ""
    return (
        f'<article class="{chain.verdict.value.split()[0]}"><p>{lead}{escape(chain.text)} <sup>{escape(cited)}</sup></p>'
        f'<p class="verdict">{SIGNS[chain.verdict]} {chain.verdict.value.capitalize()}</p><p>{escape(chain.reason)}</p>{passages}</article>'
    )


def _html_evidence(found: Evidence, place: str = "") -> str:
    said = f"{place}{STANDINGS[found.standing]}{_also(found.caution)}"
    return f"<li>{escape(found.label)} · {escape(found.section)} <small>({escape(said)})</small><blockquote>{escape(found.text)}</blockquote></li>"


def _html_omission(omission: Omission) -> str:
    return f"<li>{escape(omission.said)}<small>{escape(_note(omission.caution))}</small></li>"
