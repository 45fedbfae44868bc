"""Repeats of a record are one group, whatever was changed a little; different texts stay apart."""

from __future__ import annotations

import numpy as np

from understudy.data.texts.alike import alike


def test_case_signs_and_digits_make_no_difference() -> None:
    assert alike(["My code is 4471, ok?", "my code is 9902 OK", "something else entirely here"]).tolist() == [0, 0, 1]


def test_small_changes_of_wording_belong_together_over_a_chain() -> None:
    first = "please keep my secret word safe for me until i come home tonight"
    words = first.split()
    chain = [first]
    for place in range(4):
        words[3 * place] = f"other{place}"
        chain.append(" ".join(words))
    groups = alike([*chain, "a film about nothing that is funny all the same"])
    assert groups[:5].tolist() == [0] * 5
    assert groups[5] == 1


def test_texts_of_the_same_form_are_not_the_same() -> None:
    rng = np.random.default_rng(0)
    words = [a + b + c for a in "bdfgklmnpr" for b in "aeiou" for c in "bdfgklmnpr"]
    texts = ["the film is " + " ".join(rng.choice(words, 12)) for _ in range(300)]
    assert len(np.unique(alike(texts))) == 300


def test_nothing_and_empty_texts_are_groups_too() -> None:
    assert alike([]).tolist() == []
    assert alike(["", "", "a"]).tolist() == [0, 0, 1]
