"""A linear classifier of texts: logistic regression on TF-IDF of words and pairs of words, one model a class against all others.

It is what text classification is compared with (Wang and Manning 2012): quick, hard to beat on few texts, and the same on every machine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.text.likeness.vectors import Sparse, Tfidf

Floats = NDArray[np.float64]


class TextClassifier:
    """Learns classes from counts of n-grams (`vectors.bag`).

    Args:
        counts: (documents, columns). labels: (documents,) numbers 0 .. classes - 1. classes: how many there are.
        strength: the inverse of the penalty on weights.
    """

    def __init__(self, counts: Sparse, labels: NDArray[np.int64], classes: int, *, strength: float = 10.0) -> None:
        from sklearn.linear_model import LogisticRegression

        self._tfidf = Tfidf(counts)
        vectors = self._tfidf(counts)
        self.classes = classes
        present = np.unique(labels)
        self._models: dict[int, LogisticRegression | None] = {}
        # Two classes need one model; of a class that is not there nothing can be learned, and of a single one nothing is left to learn.
        asked = present[1:] if len(present) == 2 else present if len(present) > 2 else present[:0]
        for number in asked.tolist():
            model = LogisticRegression(C=strength, solver="liblinear", max_iter=200)
            self._models[number] = model.fit(vectors, labels == number)
        self._present = present

    def scores(self, counts: Sparse) -> Floats:
        """(documents, classes) probabilities."""
        vectors = self._tfidf(counts)
        found = np.zeros((counts.shape[0], self.classes))
        if len(self._present) == 1:
            found[:, self._present[0]] = 1.0
            return found
        for number, model in self._models.items():
            assert model is not None
            found[:, number] = model.predict_proba(vectors)[:, 1]
        if len(self._present) == 2:
            found[:, self._present[0]] = 1 - found[:, self._present[1]]
        return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12))

    def predict(self, counts: Sparse) -> NDArray[np.int64]:
        return np.asarray(self.scores(counts).argmax(axis=1))
