"""Texts that evolve by votes, between a provider that speaks of five things and private texts that speak of two."""

import numpy as np
import pytest

from understudy.core.errors import Cancelled
from understudy.core.gaussian_mechanism import delta_at
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.text.evolution.evolving import Course, HashedFeatures, Private, evolve

TOPICS = {
    "loans": "bank loan rate credit interest account branch money".split(),
    "films": "film actor plot scene director screen drama ending".split(),
    "rain": "rain cloud wind storm sunny forecast snow degrees".split(),
    "goals": "goal match team striker keeper league penalty fans".split(),
    "soups": "soup onion salt pepper boil carrot spoon bowl".split(),
}


def text_about(topic, rng):
    return " ".join(rng.choice(TOPICS[topic], 7))


def topic_of(text):
    words = text.split()
    return max(TOPICS, key=lambda topic: sum(word in TOPICS[topic] for word in words))


class Talker:
    """Speaks of everything alike, and when asked to vary a text changes two of its words to others of its topic."""

    def draw(self, labels, stream):
        rng = stream.generator()
        return [text_about(list(TOPICS)[rng.integers(5)], rng) for _ in labels]

    def vary(self, texts, labels, stream):
        rng = stream.generator()
        return [" ".join([*text.split()[:5], *rng.choice(TOPICS[topic_of(text)], 2)]) for text in texts]

    def says(self):
        return ["it speaks of five things"]


def private(loans, films, owners=None):
    rng = np.random.default_rng(5)
    texts = [text_about("loans", rng) for _ in range(loans)] + [text_about("films", rng) for _ in range(films)]
    return Private(texts, np.zeros(len(texts), dtype=np.int64), np.arange(len(texts)) if owners is None else owners)


def shares(texts):
    return {topic: sum(topic_of(text) == topic for text in texts) / len(texts) for topic in TOPICS}


def course(**changes):
    return Course(**{"size": 200, "rounds": 3, "variations": 2, "epsilon": 4.0, "delta": 1e-5, **changes})


def test_texts_come_to_speak_of_what_the_private_ones_do_in_their_shares():
    evolved = evolve(private(1200, 300), [None], Talker(), course(), Stream(1), Progress())
    found = shares(evolved.texts)
    assert found["loans"] == pytest.approx(0.8, abs=0.12)
    assert found["films"] == pytest.approx(0.2, abs=0.12)
    assert len(evolved.texts) == 200


def test_little_privacy_spent_moves_them_little():
    evolved = evolve(private(40, 10), [None], Talker(), course(epsilon=0.05), Stream(1), Progress())
    assert shares(evolved.texts)["loans"] < 0.8


def test_many_texts_of_one_owner_weigh_as_one():
    owners = np.concatenate([np.zeros(1200, dtype=np.int64), np.arange(1, 301)])
    evolved = evolve(private(1200, 300, owners), [None], Talker(), course(epsilon=20.0), Stream(1), Progress())
    assert shares(evolved.texts)["films"] > 0.9


def test_labels_keep_their_shares_and_each_its_own_topic():
    data = private(900, 300)
    labels = np.repeat([0, 1], [900, 300])
    evolved = evolve(Private(data.texts, labels, data.owners), ["loans", "films"], Talker(), course(), Stream(2), Progress())
    assert np.bincount(evolved.labels) == pytest.approx([150, 50], abs=12)
    for label, topic in enumerate(("loans", "films")):
        assert shares([text for text, own in zip(evolved.texts, evolved.labels, strict=True) if own == label])[topic] > 0.8


def test_the_noise_is_what_all_votes_together_need():
    asked = course(rounds=7, epsilon=2.0)
    assert delta_at(2.0, np.sqrt(8) / asked.noise) == pytest.approx(1e-5, rel=1e-3)


def test_features_of_private_texts_do_not_change_those_of_made_ones():
    made = ["rain and wind", "a loan at a bank", "the film had an ending", "soup with salt"]
    ours, _ = HashedFeatures(["one private text"])(made)
    again, _ = HashedFeatures(["other", "private texts", "entirely"])(made)
    assert np.array_equal(ours, again)


def test_stopped_after_a_round_it_keeps_what_it_has():
    listener = Progress()
    listener.advance = lambda done, **metrics: setattr(listener, "cancelled", True)
    evolved = evolve(private(120, 30), [None], Talker(), course(rounds=9), Stream(1), listener)
    assert evolved.figures["rounds"] == 1
    assert len(evolved.texts) == 200


def test_stopped_before_a_round_there_is_nothing():
    listener = Progress()
    listener.cancelled = True
    with pytest.raises(Cancelled):
        evolve(private(12, 3), [None], Talker(), course(), Stream(1), listener)
