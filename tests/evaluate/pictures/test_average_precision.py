"""Average precision, beside pycocotools."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.evaluate.pictures.average_precision import matched, overlaps


def boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, 70, (count, 2))
    return np.hstack([corner, corner + rng.uniform(5, 30, (count, 2))])


def test_overlaps_of_known_boxes() -> None:
    one = np.array([[0.0, 0, 2, 2]])
    others = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    assert overlaps(one, others) == pytest.approx(np.array([[1, 1 / 3, 0]]))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_pycocotools(seed: int) -> None:
    tools, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(seed)
    truth = [boxes(rng, rng.integers(0, 8)) for _ in range(12)]
    found = []
    for objects in truth:
        near = objects[: len(objects) // 2 + 1] + rng.normal(0, 3, (len(objects[: len(objects) // 2 + 1]), 4))
        every = np.vstack([near, boxes(rng, 3)])
        every[:, 2:] = np.maximum(every[:, 2:], every[:, :2] + 1)
        found.append((every, rng.random(len(every))))
    coco = tools.COCO()
    rows = [(number, box) for number, objects in enumerate(truth) for box in objects.tolist()]
    coco.dataset = {
        "images": [{"id": number} for number in range(12)],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": place + 1, "image_id": number, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "area": 1.0, "iscrowd": 0}
            for place, (number, (x0, y0, x1, y1)) in enumerate(rows)
        ],
        "info": {},
    }
    coco.createIndex()
    results = [
        {"image_id": number, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": float(score)}
        for number, (every, scores) in enumerate(found)
        for (x0, y0, x1, y1), score in zip(every.tolist(), scores, strict=True)
    ]
    judge = evaluation.COCOeval(coco, coco.loadRes(results), "bbox")
    judge.params.iouThrs = np.array([0.5])
    judge.evaluate()
    judge.accumulate()
    expected = judge.eval["precision"][0, :, 0, 0, -1].mean()
    assert matched(found, truth).average_precision() == pytest.approx(expected, abs=1e-9)


def test_perfect_detections_score_one_and_none_score_nought() -> None:
    truth = [boxes(np.random.default_rng(0), 3), np.zeros((0, 4))]
    nothing = (np.zeros((0, 4)), np.zeros(0))
    assert matched([(truth[0], np.ones(3)), nothing], truth).average_precision() == 1
    assert matched([nothing, nothing], truth).average_precision() == 0
    assert np.isnan(matched([nothing], [np.zeros((0, 4))]).average_precision())


def test_an_object_is_found_once() -> None:
    truth = [np.array([[0.0, 0, 10, 10]])]
    twice = (np.array([[0.0, 0, 10, 10], [0.0, 0, 10, 10]]), np.array([0.9, 0.8]))
    assert matched([twice], truth).right.tolist() == [True, False]


def test_pictures_that_are_drawn_twice_count_twice() -> None:
    truth = [np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 10, 10]])]
    found = [(np.array([[0.0, 0, 10, 10]]), np.array([0.5])), (np.zeros((0, 4)), np.zeros(0))]
    result = matched(found, truth)
    assert result.average_precision(np.array([2, 0])) == 1
    assert result.average_precision(np.array([0, 2])) == 0
