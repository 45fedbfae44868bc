"""More tables as they come: forms of numbers, dates and texts that are easily lost on the way through a model."""

import datetime as dt
import decimal
import re

import numpy as np
import polars as pl
import pytest

import understudy as us
from understudy.core.errors import DataError

ROWS = 400
WANTED = 200


def draw():
    return np.random.default_rng(7)


def learned(tmp_path, columns, ending="csv"):
    """A model of a file with these columns beside a plain one."""
    frame = pl.DataFrame({"age": draw().integers(18, 80, ROWS), **columns})
    path = tmp_path / f"real.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    return us.fit(path, method="independent", progress=None)


def cells(tmp_path, columns, name):
    """The cells of a column of the CSV file that a model of these columns writes."""
    model, out = learned(tmp_path, columns), tmp_path / "made.csv"
    model.write(WANTED, out, workers=1)
    return pl.read_csv(out, infer_schema=False)[name].to_list()


def sample(tmp_path, columns):
    return learned(tmp_path, columns, "parquet").sample(WANTED)


def all_match(pattern, texts):
    return [text for text in texts if not re.fullmatch(pattern, text)] == []


# -- numbers as text


@pytest.mark.parametrize(
    ("write", "pattern"),
    [
        (lambda x: f"${x:,.2f}", r"\$\d{1,3}(,\d{3})*\.\d\d"),
        (lambda x: "€" + f"{x:,.2f}".translate(str.maketrans(",.", ".,")), r"€\d{1,3}(\.\d{3})*,\d\d"),
        (lambda x: f"{x:,.0f} kg", r"\d{1,3}(,\d{3})* kg"),
        (lambda x: f"{x % 100:.0f} %", r"\d{1,3} %"),
    ],
    ids=["dollars", "euros", "kilograms", "per cent"],
)
def test_marked_numbers_keep_their_form_with_three_digits_as_with_four(write, pattern, tmp_path):
    made = cells(tmp_path, {"x": [write(x) for x in draw().lognormal(6.5, 1, ROWS)]}, "x")
    assert all_match(pattern, made)
    assert len(set(made)) > 20


def test_negative_amounts_are_marked_like_the_positive_ones(tmp_path):
    amounts = [f"-${-x:,.2f}" if x < 0 else f"${x:,.2f}" for x in draw().normal(0, 2000, ROWS)]
    assert all_match(r"-?\$\d{1,3}(,\d{3})*\.\d\d", cells(tmp_path, {"x": amounts}, "x"))


@pytest.mark.parametrize("mark", [".", ","])
def test_amounts_of_two_decimals_keep_their_zeros(mark, tmp_path):
    amounts = draw().lognormal(3, 1, ROWS)
    lines = ["age;price", *(f"{30 + i % 40};{x:.2f}".replace(".", mark) for i, x in enumerate(amounts))]
    (tmp_path / "real.csv").write_text("\n".join(lines) + "\n")
    us.fit(tmp_path / "real.csv", method="independent", progress=None).write(WANTED, tmp_path / "made.csv", workers=1)
    made = [line.split(";")[1] for line in (tmp_path / "made.csv").read_text().splitlines()[1:]]
    assert all_match(rf"\d+\{mark}\d\d", made)
    assert any(text.endswith("0") for text in made)


def test_numbers_of_various_lengths_are_not_filled_with_zeros(tmp_path):
    made = cells(tmp_path, {"x": [f"{x:.3g}" for x in draw().random(ROWS)]}, "x")
    assert not any(text.endswith("0") and "." in text for text in made)


def test_postcodes_keep_their_leading_zeros(tmp_path):
    codes = draw().choice(["01067", "04109", "10115", "00502"], ROWS)
    assert set(cells(tmp_path, {"place": codes}, "place")) <= set(codes)


# -- numbers as numbers


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e300], ids=str)
def test_tiny_and_huge_numbers_keep_their_size(size, tmp_path):
    made = sample(tmp_path, {"x": draw().random(ROWS) * size})["x"]
    assert made.is_between(0, size).all()
    assert made.median() > size / 5


def test_crumbs_of_rounding_are_no_decimals(tmp_path):
    tenths = draw().integers(0, 90, ROWS) * 0.1
    tenths[:5] = 0.1 + 0.2 - 0.3
    made = sample(tmp_path, {"x": tenths})["x"]
    assert (made - made.round(1)).abs().max() < 1e-9


def test_small_integers_and_decimals_keep_their_types(tmp_path):
    small = pl.Series(draw().integers(-128, 128, ROWS), dtype=pl.Int8)
    money = pl.Series([decimal.Decimal(f"{x:.2f}") for x in draw().normal(100, 20, ROWS)], dtype=pl.Decimal(12, 2))
    made = sample(tmp_path, {"small": small, "money": money})
    assert made.schema["small"] == pl.Int8
    assert made.schema["money"] == pl.Decimal(12, 2)


def test_the_ends_of_64_bits_stay_exact(tmp_path):
    values = pl.Series([-(2**63) if i % 7 == 0 else int(x) for i, x in enumerate(draw().integers(-10, 10, ROWS))])
    made = sample(tmp_path, {"x": values})["x"]
    assert made.filter(made < -10).unique().to_list() == [-(2**63)]


def test_whole_numbers_beyond_64_bits_with_a_sign_are_refused_with_the_reason(tmp_path):
    values = pl.Series([2**64 - 1 if i % 5 == 0 else i % 9 for i in range(ROWS)], dtype=pl.UInt64)
    with pytest.raises(DataError) as caught:
        sample(tmp_path, {"count": values})
    assert "count" in str(caught.value)
    assert "64 bits" in str(caught.value)
    assert "identifier" in caught.value.remedy


@pytest.mark.parametrize("dtype", ["uint64", "int64", "uint32", "int32"])
def test_identifiers_up_to_the_end_of_their_type_are_remade_within_it(dtype, tmp_path):
    values = pl.Series(draw().integers(0, np.iinfo(dtype).max, ROWS, dtype=dtype, endpoint=True))
    made = learned(tmp_path, {"user_id": values}, "parquet").sample(20_000)["user_id"]
    assert made.dtype == values.dtype
    assert made.n_unique() == 20_000
    assert not set(made) & set(values)


# -- time


@pytest.mark.parametrize(
    ("write", "pattern"),
    [
        (lambda h, m, s: f"{h * 9}:{m:02d}:{s:02d}", r"(\d|[1-9]\d+):\d\d:\d\d"),
        (lambda h, m, s: f"{h * 9:02d}:{m:02d}:{s:02d}", r"\d\d:\d\d:\d\d"),
        (lambda h, m, s: f"{h // 3} days {h:02d}:{m:02d}:{s:02d}", r"\d days \d\d:\d\d:\d\d"),
    ],
    ids=["9:05:00", "09:05:00", "0 days 09:05:00"],
)
def test_durations_keep_their_form(write, pattern, tmp_path):
    clock = draw().integers(0, [6, 60, 60], (ROWS, 3))
    model = learned(tmp_path, {"took": [write(*parts) for parts in clock]})
    assert model.schema.column("took").kind == "duration"
    made = model.sample(WANTED)["took"].to_list()
    assert all_match(pattern, made)
    assert len(set(made)) > 100


def test_a_duration_that_says_so_is_no_time_of_day(tmp_path):
    clock = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in draw().integers(0, 20_000, ROWS)]
    model = learned(tmp_path, {"duration": clock, "at": clock[::-1]})
    assert (model.schema.column("duration").kind, model.schema.column("at").kind) == ("duration", "time")


def test_dates_before_1900_stay_in_their_range(tmp_path):
    days = [(dt.date(1750, 1, 1) + dt.timedelta(days=int(day))).isoformat() for day in draw().integers(0, 50_000, ROWS)]
    made = cells(tmp_path, {"born": days}, "born")
    assert all("1750" <= text[:4] <= "1887" for text in made)


def test_offsets_are_kept(tmp_path):
    times = [f"2021-{1 + i % 12:02d}-{1 + i % 28:02d}T{i % 24:02d}:15:00+02:00" for i in range(ROWS)]
    assert all_match(r"2021-\d\d-\d\dT\d\d:15:00\+02:00", cells(tmp_path, {"at": times}, "at"))


# -- missing, names and texts


def test_a_single_value_with_gaps_keeps_value_and_gaps(tmp_path):
    made = sample(tmp_path, {"one": [7 if i % 2 else None for i in range(ROWS)]})["one"]
    assert set(made) == {7, None}
    assert 0.3 < made.is_null().mean() < 0.7


def test_emoji_and_letters_that_look_alike_stay_apart(tmp_path):
    moods = ["😀", "ß", "日本", "a\u0301", "á", "\u200bzero"]
    made = cells(tmp_path, {"mood 😀": draw().choice(moods, ROWS)}, "mood 😀")
    assert set(made) == set(moods)


def test_names_that_programs_use_themselves_are_names_like_others(tmp_path):
    names = ["__index__", "count", "row", "index", "literal", "len", "__key__", "token", "value", "u", "v"]
    columns = {name: draw().integers(0, 9, ROWS) for name in names}
    assert sample(tmp_path, columns).columns == ["age", *names]


def test_long_texts_are_made_up_and_not_repeated(tmp_path):
    random = draw()
    texts = [" ".join(random.choice(["lorem", "ipsum", "dolor", f"w{i}"], 50 + i)) for i in range(ROWS)]
    made = sample(tmp_path, {"text": texts})["text"]
    assert not set(made) & set(texts)


def test_account_numbers_have_right_check_digits_and_are_not_the_real_ones(tmp_path):
    def iban(number):
        return f"DE{98 - int(f'{number:018d}131400') % 97:02d}{number:018d}"

    real = [iban(int(number)) for number in draw().integers(0, 10**17, ROWS)]
    made = sample(tmp_path, {"account": real})["account"]
    assert all(int(text[4:] + "1314" + text[2:4]) % 97 == 1 for text in made)
    assert not set(made) & set(real)
