"""Rules that real rows keep, and how many synthetic rows break them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.markup import Markup, tag
from understudy.evaluate.report.names import sentence
from understudy.evaluate.report.numbers import NONE, share
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, RuleResult

_SOURCES = {"schema": "declared", "found": "found in the data"}


def rules(evaluation: Evaluation) -> Markup:
    """The section on rules."""
    if evaluation.rules:
        headings = [
            Heading("Rule"),
            Heading("Where from"),
            Heading("Broken, synthetic", number=True),
            Heading("Held-out real", number=True),
            Heading("Real", number=True),
            Heading("Verdict"),
        ]
        rows = [_rule(rule) for rule in evaluation.rules]
        body = table(headings, rows, caption="Rules and the share of rows that break them", noun="rule")
    else:
        body = tag("p", "No rule is declared in the schema and none was found to hold in the real table.", class_="note")
    return tag("section", tag("h2", "Rules"), body, id="rules")


def _rule(rule: RuleResult) -> list[Markup | str]:
    return [
        sentence(rule.rule, 200),
        _SOURCES[rule.source],
        share(rule.synthetic),
        share(rule.holdout) if rule.holdout is not None else NONE,
        share(rule.real),
        light(rule.verdict, with_word=True),
    ]
