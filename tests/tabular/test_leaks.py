"""What a saved model must not hold: a value that only one row has."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime, timedelta
from io import BytesIO

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from safetensors.numpy import load as load_arrays

from understudy.tabular import fit

N = 600
INCOME = 9_876_543
BALANCE = 7_654_321.25
HUGE = 7_006_005_004_003_002_001
TOWN = "Quixhampton"
MOMENT = datetime(1911, 11, 13, 7, 23, 41)


def planted() -> pl.DataFrame:
    """Rows of which the last one has what no other has."""
    g = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "income": g.normal(40_000, 9_000, N).round().astype(np.int64),
            "balance": g.normal(2_000, 700, N).round(2),
            "huge": HUGE + 10**15 + g.integers(0, 10**16, N),
            "town": g.choice(["Graz", "Linz", "Wels"], N),
            "band": g.choice(["10-19", "20-29", "30-39"], N),
            "seen": [datetime(2020, 1, 1) + timedelta(minutes=int(m)) for m in g.integers(0, 500_000, N)],
            "churn": g.choice([True, False], N),
        }
    )
    odd = pl.DataFrame(
        {"income": [INCOME], "balance": [BALANCE], "huge": [HUGE], "town": [TOWN], "band": ["90-99"], "seen": [MOMENT], "churn": [True]}
    )
    return pl.concat([frame, odd])


@pytest.fixture(scope="module", params=["independent", "copula", "mixture", "trees"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files inside a saved model, by name."""
    path = tmp_path_factory.mktemp("model") / "m.understudy"
    fit(planted(), method=request.param, budget=5.0).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def texts_and_numbers(members: dict[str, bytes]) -> tuple[str, np.ndarray]:
    """All text of a model in one, and all of its numbers."""
    texts, numbers = [], [np.zeros(0)]
    for name, content in members.items():
        if name.endswith(".safetensors"):
            numbers += [array.astype(np.float64).ravel() for array in load_arrays(content).values()]
        elif name.endswith(".arrow"):
            for column in pl.DataFrame(pl.from_arrow(pa.ipc.open_file(BytesIO(content)).read_all())):
                texts += column.cast(pl.String).drop_nulls().to_list()
                if column.dtype.is_numeric() or column.dtype.is_temporal():
                    numbers.append(column.to_physical().drop_nulls().cast(pl.Float64).to_numpy())
        else:
            texts.append(json.dumps(json.loads(content), ensure_ascii=False))
            numbers.append(np.array(list(_numbers(json.loads(content))), dtype=np.float64))
    return "\n".join(texts), np.concatenate(numbers)


def _numbers(content: object) -> list[float]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        return [number for part in content for number in _numbers(part)]
    return [float(content)] if isinstance(content, int | float) else []


def test_no_text_of_the_model_holds_what_one_row_has(members: dict[str, bytes]) -> None:
    text, _ = texts_and_numbers(members)
    plain = text.replace(",", "").replace("_", "")
    for secret in (str(INCOME), str(BALANCE), str(HUGE), TOWN, "90-99", "1911"):
        assert secret not in plain
    assert "Graz" in text


def test_no_number_of_the_model_is_what_one_row_has(members: dict[str, bytes]) -> None:
    _, numbers = texts_and_numbers(members)
    day = (MOMENT - datetime(1970, 1, 1)).days
    micros = (MOMENT - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    for secret in (INCOME, BALANCE, 100 * BALANCE, 10 * INCOME, float(HUGE), float(day), float(micros), 7 * 60 + 23.0):
        assert not np.isclose(numbers, secret, rtol=1e-9, atol=0).any(), secret


def test_the_search_finds_what_is_there(members: dict[str, bytes]) -> None:
    text, numbers = texts_and_numbers(members | {"planted.json": json.dumps({"a": [INCOME, TOWN]}).encode()})
    assert TOWN in text
    assert INCOME in numbers
