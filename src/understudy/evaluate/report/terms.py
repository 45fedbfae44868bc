"""The words of the page, each in a line; and for each privacy alarm what it shows and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy.evaluate.result import Figure

TERMS = {
    "Held-out real data": "Real rows that the model never saw. Whatever is measured on the synthetic rows is measured on them too: "
    "that is how good real data would look here.",
    "95 % interval": "The range that the figure would stay in, 19 times out of 20, if the rows were drawn anew (bootstrap).",
    "Gap": "Synthetic minus held-out real, both on the same number of rows. The verdict rests on it, not on the bare value.",
    "Agreement": "One minus the largest gap between two cumulative curves (numbers, 1-KS) or one minus the share of rows that would "
    "have to change category (1-TVD). 1 is best.",
    "AUC": "The chance that a classifier ranks a random positive row above a random negative one: 0.5 is a coin, 1 is certainty.",
    "Trained on synthetic, tested on real": "A model learns from synthetic rows only and is tested on real rows (TSTR), beside the same "
    "model trained on real rows (TRTR).",
    "Stem": "One exact value that many rows share, such as 0 or 40; drawn apart from the ranges. A cut stem is taller than drawn.",
}

_PROOFS = {
    "membership_auc": (
        "How well someone who holds a person's true row could guess, from distances alone, whether it was trained on. 0.5 is a coin.",
        "Stronger attacks exist, with copies of the model or with more knowledge. A low value here is no bound on them.",
    ),
    "membership_ratio_auc": (
        "The same attack set right for rows that lie in a crowd anyway: distance to synthetic rows against distance to other real rows.",
        "What an attacker with a copy of the model could do.",
    ),
    "membership_tpr": (
        "How many training rows an attacker finds if he may be wrong about one outsider in a hundred: the most exposed rows count here.",
        "It is one attack, read from few rows. Nothing found is not nothing to find.",
    ),
    "exact_copies": (
        "Synthetic rows that equal a training row in every learned column, beside how often unseen real rows do so by chance.",
        "No copy does not mean no leak: a row changed in one digit is no copy and still tells on someone.",
    ),
    "repeated_rows": (
        "Whether combinations that only one training row has turn up again more often than chance allows.",
        "Common rows repeat by themselves, in any table; that harms nobody and is not counted here.",
    ),
    "near_copies": (
        "Rows that lie nearer to a training row than almost any fresh real row does: copies with a little noise on them.",
        "Rows that tell on someone from further away, for instance by one rare value.",
    ),
    "dcr_share": (
        "Whether synthetic rows lie nearer to training rows than to real rows nobody trained on. Half of them should, by chance.",
        "A table can pass this and still leak single persons: it looks at the crowd, not at the most exposed row.",
    ),
    "nndr": (
        "Whether synthetic rows cling to one training row instead of lying among several.",
        "Much the same as the share of near rows; alone it proves nothing.",
    ),
    "verbatim_8": (
        "Whether passages of single training texts come back word by word; what several training texts say is left out.",
        "Facts told in other words, and names or numbers shorter than the passage.",
    ),
    "verbatim_13": (
        "The same for longer passages, which hardly ever agree by chance.",
        "Shorter ones.",
    ),
    "longest_run": (
        "Whether texts share longer passages with training texts than almost any fresh real text does.",
        "What is said in other words.",
    ),
    "personal_rate": (
        "How often something that looks like personal data stands in the texts; made-up data look the same.",
        "Whether it is anyone's: see the personal values of training texts.",
    ),
    "personal_reused": (
        "Whether names, addresses and numbers that one training text alone has turn up again.",
        "Personal data in forms that the scan does not know, and what the text tells about a person without naming one.",
    ),
    "canary_exposure": (
        "How much is remembered of sentences that were planted for this test before the model learned.",
        "How much is remembered of others; planted once, a sentence is remembered less than what a person says often.",
    ),
    "values_reused": (
        "Whether identifiers or personal data of real people turn up again.",
        "What a reader could infer about a person from the other columns.",
    ),
}


def proof(figure: Figure) -> tuple[str, str]:
    """What a privacy figure shows, and what it does not."""
    return _PROOFS.get(figure.key, (figure.note or "What its name says.", "The absence of other leaks."))
