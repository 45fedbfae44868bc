"""Which engine is taken, by figures on real rows that it did not learn. In this order:

1. None that remembers. It does where both figures, membership and nearer-to-training, are above the limit by more than a standard
   error, or where one of them is by more than chance brings about in as many figures as are looked at, two for each engine: among
   many figures one that is a standard error too high is to be expected (Bonferroni's correction).
2. None that is clearly worse than columns drawn each by itself (two standard errors of the difference) in any figure.
3. Of the others the hardest to tell from real rows, and all that are behind it by no more than one standard error of the difference: tied.
4. Among the tied the most useful, and all as near to it; then the one most alike in pairs, likewise; then the cheaper kind; then, once
   more, the hardest to tell.

Where every engine remembers, the one that does so least is taken, unless it does so beyond doubt (three standard errors): then
columns are drawn each by itself, which knows nothing of any row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from statistics import NormalDist

from understudy.data.nearest import Estimate
from understudy.tabular.memorising import Memorising

LIMIT = 0.52
"""Membership and nearer-to-training figures that an engine may have, beyond what chance explains."""
DOUBT = 3.0
"""Standard errors beyond which an engine remembers without doubt."""
CLEARLY = 2.0


@dataclass(frozen=True)
class Standing:
    """An engine's figures: `telling` .5 at best, `alike` and `useful` 1 at best; `costly` where learning takes long."""

    name: str
    telling: Estimate
    memorising: Memorising | None
    alike: Estimate | None = None
    useful: Estimate | None = None
    costly: bool = False

    @property
    def told(self) -> float:
        """The AUC of telling, not under .5: less is chance, and no merit."""
        return max(0.5, self.telling.value)


@dataclass(frozen=True)
class Election:
    """`winner`; `why` it won; `why_not` of every other engine, in words that go behind its name."""

    winner: str
    why: str
    why_not: dict[str, str]


def elect(standings: Sequence[Standing], yardstick: Standing | None, limit: float = LIMIT) -> Election:
    """The winner by the rule above, of at least one standing.

    Args:
        standings: the engines, the preferred ones first where all else is equal.
        yardstick: columns drawn each by itself; its name wins where every engine remembers beyond doubt.
    """
    most = likely_errors(2 * len(standings))
    remember = {s.name: remembered(s.memorising, limit, 1.0 if _twice(s, limit) else most) for s in standings}
    why_not = {name: words for name, words in remember.items() if words}
    safe = [s for s in standings if s.name not in why_not]
    if not safe:
        return _least_evil(standings, yardstick, limit, why_not)
    fit = []
    for standing in safe:
        words = None if yardstick is None else worse(standing, yardstick)
        if words:
            why_not[standing.name] = words
        else:
            fit.append(standing)
    if not fit:  # nothing to choose by but what all are bad at
        fit, why_not = safe, {name: words for name, words in why_not.items() if remember[name]}
    winner, why, lost = _settled(fit, ruled_out=bool(why_not))
    return Election(winner.name, why, why_not | lost)


def likely_errors(figures: int) -> float:
    """Standard errors that the largest of so many figures goes beyond as seldom as a single one goes beyond one standard error."""
    return NormalDist().inv_cdf(1 - NormalDist().cdf(-1.0) / figures)


def _twice(standing: Standing, limit: float) -> bool:
    """Both figures say that it remembers."""
    kept = standing.memorising
    return kept is not None and all(e.value - e.standard_error > limit for e in (kept.membership, kept.nearer))


def remembered(memorising: Memorising | None, limit: float, errors: float = 1.0) -> str:
    """In words what is above the limit by more than so many standard errors; empty where nothing is."""
    if memorising is None:
        return ""
    named = (("recognises its training rows", memorising.membership), ("lies nearer to its training rows", memorising.nearer))
    words = [
        f"{what} ({e.value:.3f} ± {e.standard_error:.3f}, at most {limit:g})"
        for what, e in named
        if e.value - errors * e.standard_error > limit
    ]
    return " and ".join(words)


def worse(standing: Standing, yardstick: Standing) -> str:
    """In words what the yardstick does clearly better; empty where nothing is."""
    if _clearly(standing.telling.value - yardstick.telling.value, standing.telling, yardstick.telling):
        return f"easier to tell from real rows than columns by themselves ({standing.telling.value:.3f} over {yardstick.telling.value:.3f})"
    for what, one, other in (("alike in pairs", standing.alike, yardstick.alike), ("useful", standing.useful, yardstick.useful)):
        if one is not None and other is not None and _clearly(other.value - one.value, one, other):
            return f"less {what} than columns by themselves ({one.value:.3f} under {other.value:.3f})"
    return ""


def _clearly(gap: float, one: Estimate, other: Estimate) -> bool:
    return gap > CLEARLY * hypot(one.standard_error, other.standard_error)


def _least_evil(standings: Sequence[Standing], yardstick: Standing | None, limit: float, why_not: dict[str, str]) -> Election:
    def excess(standing: Standing) -> float:
        assert standing.memorising is not None
        return max(standing.memorising.membership.value, standing.memorising.nearer.value)

    least = min(standings, key=excess)
    if yardstick is not None and remembered(least.memorising, limit, DOUBT):
        why = "every engine remembers its training rows beyond doubt; columns drawn each by itself know none"
        return Election(yardstick.name, why, why_not)
    why = "every engine is above the limit on memorising; this one remembers least, and chance may explain it"
    return Election(least.name, why, {name: words for name, words in why_not.items() if name != least.name})


def _settled(fit: list[Standing], ruled_out: bool) -> tuple[Standing, str, dict[str, str]]:
    """The winner among safe engines, why, and why not the others."""
    lost: dict[str, str] = {}
    left = fit
    why = "the others remember their training rows, or do worse than columns by themselves" if ruled_out else "no other engine ran"
    for what, key, error in _CRITERIA:
        if len(left) == 1:
            break
        known = [s for s in left if key(s) is not None]
        if not known:
            continue
        best = max(known, key=lambda s: key(s) or 0.0)
        top = key(best) or 0.0
        behind = [s for s in left if (value := key(s)) is None or value < top - hypot(error(best), error(s))]
        for standing in behind:
            lost[standing.name] = f"{what[1]} than {best.name}" + (", with which it was tied till then" if lost else "")
        if behind:
            why = what[0]
        left = [s for s in left if s not in behind]
    return left[0], why, lost | {s.name: f"tied with {left[0].name}, which comes first" for s in left[1:]}


def _told(standing: Standing) -> float | None:
    return -standing.told


def _useful(standing: Standing) -> float | None:
    return None if standing.useful is None else standing.useful.value


def _alike(standing: Standing) -> float | None:
    return None if standing.alike is None else standing.alike.value


def _cheap(standing: Standing) -> float | None:
    return 0.0 if standing.costly else 1.0


def _error(figure: Callable[[Standing], Estimate | None]) -> Callable[[Standing], float]:
    return lambda standing: 0.0 if (found := figure(standing)) is None else found.standard_error


_CRITERIA: tuple[tuple[tuple[str, str], Callable[[Standing], float | None], Callable[[Standing], float]], ...] = (
    (("the hardest to tell from real rows", "easier to tell from real rows"), _told, _error(lambda s: s.telling)),
    (("tied in being told from real rows, and more useful", "less useful"), _useful, _error(lambda s: s.useful)),
    (("tied so far, and more alike in pairs of columns", "less alike in pairs of columns"), _alike, _error(lambda s: s.alike)),
    (("tied in every figure, and cheaper to learn", "dearer to learn"), _cheap, lambda _: 0.0),
    (("tied in every figure, and by a hair the hardest to tell", "by a hair easier to tell"), _told, lambda _: 0.0),
)
