"""The proof as one HTML page: the verdict, keys, what is broken, what was not checked, every check with its SQL, the distributions."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy.rules.proof.result import Checked, Proof, Tested

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --back: #fcfcfd; --card: #fff;
  --pass: #18794e; --fail: #ca244d; --warn: #9e6c00; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --line: #43484e; --back: #111113; --card: #18191b;
  --pass: #3dd68c; --fail: #ff949d; --warn: #ffca16; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 28px; line-height: 1.25; margin: 8px 0 16px; } h2 { font-size: 19px; margin: 36px 0 10px; }
.said { color: var(--soft); } .pass { color: var(--pass); } .fail { color: var(--fail); } .warn { color: var(--warn); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
.card b { display: block; font-size: 24px; } .card span { color: var(--soft); font-size: 13px; }
.box { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 6px 12px; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--soft); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font: 12.5px/1.45 ui-monospace, monospace; } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0; }
td code { overflow-wrap: anywhere; } summary { cursor: pointer; } details details summary { color: var(--soft); font-size: 13px; }
footer { color: var(--soft); margin-top: 40px; font-size: 13px; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def render(proof: Proof) -> str:
    """The page. No text of a user's reaches it as HTML; it makes no request."""
    parts = [
        _top(proof),
        _broken(proof),
        _unlikely(proof),
        _unchecked(proof),
        *(_table(proof, table) for table in proof.rows),
        _distribution(proof),
    ]
    versions = ", ".join(f"{name} {version}" for name, version in proof.versions.items())
    foot = f"Checked by {versions} in {proof.seconds:,.1f} s ({proof.cpu_seconds:,.1f} s of processor time). This page makes no request."
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>Proof: {_safe(proof.spec)}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style>'
    )
    body = f"<main>{''.join(parts)}<footer><p>{_safe(foot)}</p></footer></main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _safe(value: object) -> str:
    return html.escape(str(value))


def _top(proof: Proof) -> str:
    keys, rows = proof.keys, sum(proof.rows.values())
    checked = [check for check in proof.checks if not check.skipped]
    kind = "pass" if proof.ok else "fail"
    verdict = (
        f"Every one of {len(checked):,} rules holds in every row."
        if proof.violations == 0
        else f"{len(proof.broken):,} of {len(checked):,} rules are broken, {proof.violations:,} times."
    )
    if proof.unlikely:
        verdict += f" {len(proof.unlikely)} distributions are not as declared."
    if any(check.failed for check in proof.checks):
        verdict += f" {sum(check.failed for check in proof.checks)} checks could not be run."
    told = [test for test in proof.distribution if test.p is not None]
    facts = [
        (f"{rows:,}", f"rows in {len(proof.rows)} tables", ""),
        (f"{proof.violations:,}", "violations", "pass" if proof.violations == 0 else "fail"),
        (f"{keys.repeated:,}", f"repeated keys in {keys.unique_sets} unique sets", "pass" if keys.repeated == 0 else "fail"),
        (f"{keys.dangling:,}", f"dangling among {keys.references_checked:,} references", "pass" if keys.dangling == 0 else "fail"),
        (f"{len(told) - len(proof.unlikely)} of {len(told)}", "distributions as declared", "pass" if not proof.unlikely else "fail"),
        (f"{len(proof.unchecked):,}", "rules not re-checked", "warn" if proof.unchecked else "pass"),
    ]
    cards = "".join(
        f'<div class="card"><b class="{mark}">{_safe(figure)}</b><span>{_safe(what)}</span></div>' for figure, what, mark in facts
    )
    said = f"{_safe(proof.spec)}: {_safe(proof.target)}"
    return f'<header><p class="said">{said}</p><h1 class="{kind}">{_safe(verdict)}</h1><div class="cards">{cards}</div></header>'


def _rows(headings: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are HTML already."""
    marks = [' class="n"' if number else "" for _, number in headings]
    head = "".join(f'<th scope="col"{mark}>{_safe(title)}</th>' for (title, _), mark in zip(headings, marks, strict=True))
    body = "".join("<tr>" + "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>" for row in rows)
    return f'<div class="box"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _broken(proof: Proof) -> str:
    if not proof.broken:
        return ""
    rows = [
        (f"<code>{_safe(c.name)}</code>", _safe(c.what), f"{c.violations:,}", "<br>".join(map(_example, c.examples))) for c in proof.broken
    ]
    return "<h2>Broken rules</h2>" + _rows((("Rule", False), ("Says", False), ("Rows", True), ("Among them", False)), rows)


def _example(cells: dict[str, object]) -> str:
    return "<code>" + _safe(", ".join(f"{name} = {value}" for name, value in cells.items())) + "</code>"


def _unlikely(proof: Proof) -> str:
    return "<h2>Not as declared</h2>" + _tests(proof.unlikely) if proof.unlikely else ""


def _unchecked(proof: Proof) -> str:
    if not proof.unchecked:
        return ""
    rows = [(f"<code>{_safe(check.name)}</code>", _safe(check.what), _safe(check.skipped)) for check in proof.unchecked]
    return "<h2>Not re-checked</h2>" + _rows((("Rule", False), ("Says", False), ("Why", False)), rows)


def _table(proof: Proof, table: str) -> str:
    checks = [check for check in proof.checks if check.table == table and not check.skipped]
    wrong = sum(check.violations for check in checks)
    mark = '<span class="pass">holds</span>' if wrong == 0 else f'<span class="fail">{wrong:,} violations</span>'
    title = f"{_safe(table)} <span class='said'>{proof.rows[table]:,} rows, {len(checks)} rules</span> {mark}"
    headings = (("Rule", False), ("Says, and how it was checked", False), ("Rows", True), ("Violations", True), ("Seconds", True))
    shown, listed = " open" if wrong else "", _rows(headings, [*map(_check, checks)])
    return f"<h2>{title}</h2><details{shown}><summary>All rules of the table</summary>{listed}</details>"


def _check(check: Checked) -> tuple[str, ...]:
    sql = f"<details><summary>SQL</summary><pre>{_safe(check.sql)}</pre></details>" if check.sql else ""
    unsure = f' <span class="warn">{check.doubtful:,} rows in doubt</span>' if check.doubtful else ""
    mark = "pass" if check.violations == 0 else "fail"
    violations = f'<span class="{mark}">{check.violations:,}</span>'
    return f"<code>{_safe(check.name)}</code>", f"{_safe(check.what)}{unsure}{sql}", f"{check.rows:,}", violations, f"{check.seconds:.3f}"


def _distribution(proof: Proof) -> str:
    if not proof.distribution:
        return ""
    said = f"All tests together fail a faultless output with the chance {proof.level:g}; p values are adjusted for their number (Holm)."
    return f'<h2>Distributions</h2><p class="said">{_safe(said)}</p>{_tests(proof.distribution)}'


def _tests(tests: Sequence[Tested]) -> str:
    headings = (
        ("Test", False),
        ("Says", False),
        ("By", False),
        ("Rows", True),
        ("Observed", True),
        ("Declared", True),
        ("p, adjusted", True),
    )
    rows = [
        (
            f"<code>{_safe(test.name)}</code>", _safe(test.what), _safe(test.test), f"{test.rows:,}",
            _number(test.observed), _number(test.expected),
            f'<span class="{"pass" if test.passed else "fail"}">{_number(test.adjusted)}</span>',
        )
        for test in tests
    ]  # fmt: skip
    return _rows(headings, rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
