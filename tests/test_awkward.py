"""Tables as they come: each gives the right result, or an error that says what, where, and what to do."""

import datetime as dt
import re

import numpy as np
import pytest

import understudy as us
from understudy.cli.application import run
from understudy.core.errors import UnderstudyError

pd = pytest.importorskip("pandas")

ROWS = 400
WANTED = 200


def people(rows=ROWS):
    """Age, income, job and a target, which depend on each other."""
    draw = np.random.default_rng(20)
    age = draw.integers(18, 80, rows)
    income = np.round(draw.lognormal(10, 0.5, rows) + 60 * age, 2)
    job = draw.choice(["baker", "driver", "nurse", "clerk"], rows, p=[0.4, 0.3, 0.2, 0.1])
    target = np.where(draw.random(rows) < np.where(age > 50, 0.5, 0.2), "yes", "no")
    return pd.DataFrame({"age": age, "income": income, "job": job, "target": target})


def with_column(name, values):
    return people().assign(**{name: values})


def learned(frame, method="trees"):
    return us.fit(frame, method=method, progress=None)


def synthetic(frame, method="trees"):
    made = learned(frame, method).sample(WANTED, seed=3)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == WANTED
    assert {name: str(dtype) for name, dtype in made.dtypes.items()} == {name: str(dtype) for name, dtype in frame.dtypes.items()}
    return made


def refusal(frame):
    with pytest.raises(UnderstudyError) as caught:
        learned(frame)
    return caught.value


def missing(share, rows=ROWS):
    return np.random.default_rng(21).random(rows) < share


# -- those that work


@pytest.mark.parametrize("method", ["independent", "copula", "trees", "auto"])
def test_a_plain_table(method):
    real, made = people(), synthetic(people(), method)
    assert made["age"].between(real["age"].min(), real["age"].max()).all()
    assert (made["income"].round(2) == made["income"]).all()
    assert set(made["job"]) <= set(real["job"])
    assert set(made["target"]) == {"yes", "no"}


def test_missing_values_in_the_target_stay_about_as_frequent():
    frame = people()
    frame.loc[missing(0.15), "target"] = None
    assert 0.06 < synthetic(frame)["target"].isna().mean() < 0.26


def test_an_empty_column_stays_empty():
    assert synthetic(with_column("empty", np.nan))["empty"].isna().all()


def test_typed_datetimes_stay_in_their_range_and_on_whole_days():
    joined = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.random.default_rng(22).integers(0, 1500, ROWS), "D")
    made = synthetic(with_column("joined", joined))["joined"]
    assert made.between("2020-01-01", "2024-02-10").all()
    assert (made.dt.normalize() == made).all()
    assert made.nunique() > 50


def test_dates_as_text_keep_their_format_and_are_not_repeated():
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.random.default_rng(22).integers(0, 1500, ROWS), "D")
    frame = with_column("joined", days.strftime("%d/%m/%Y"))
    made = synthetic(frame)["joined"]
    parsed = [dt.datetime.strptime(text, "%d/%m/%Y") for text in made]
    assert min(parsed) >= dt.datetime(2020, 1, 1)
    assert max(parsed) <= dt.datetime(2024, 2, 10)
    assert not set(made) <= set(frame["joined"])


def test_dates_in_two_formats_are_read_and_the_change_is_told():
    when = [f"2021-0{1 + i % 9}-0{1 + i % 8}" if i % 3 else f"0{1 + i % 9}/0{1 + i % 8}/21 10:0{i % 10}" for i in range(ROWS)]
    model = learned(with_column("when", when))
    forms = (r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", r"\d\d/\d\d/\d\d \d\d:\d\d")
    made = model.sample(WANTED)["when"]
    assert all(any(re.fullmatch(form, text) for form in forms) for text in made)
    assert "when" in str(model.record.decisions) + str(model.record.notes)


def test_text_identifiers_are_new_unique_and_of_the_same_form():
    numbers = np.random.default_rng(23).integers(0, 2**32, ROWS)
    frame = with_column("id", [f"{number:08x}-{i:04d}" for i, number in enumerate(numbers)])
    made = synthetic(frame)["id"]
    assert made.is_unique
    assert made.str.fullmatch(r"[0-9a-f]{8}-\d{4}").all()
    assert set(made).isdisjoint(frame["id"])


def test_number_identifiers_are_new_unique_and_of_the_same_width():
    frame = with_column("id", np.arange(100_000, 100_000 + ROWS))
    made = synthetic(frame)["id"]
    assert made.is_unique
    assert made.between(100_000, 999_999).all()
    assert set(made).isdisjoint(frame["id"])


def test_a_constant_column_stays_what_it_is():
    assert (synthetic(with_column("k", 7))["k"] == 7).all()


def test_truth_values_with_gaps_keep_their_type():
    flag = pd.array(np.where(missing(0.2), None, np.random.default_rng(24).random(ROWS) < 0.5), dtype="boolean")
    made = synthetic(with_column("flag", flag))["flag"]
    assert 0.08 < made.isna().mean() < 0.35
    assert 0.3 < made.mean() < 0.7


def test_huge_integers_stay_exact_and_in_their_range():
    frame = with_column("huge", np.random.default_rng(25).integers(9 * 10**17, 9 * 10**18, ROWS))
    made = synthetic(frame)["huge"]
    assert made.between(9 * 10**17, 9 * 10**18).all()
    assert made.nunique() > WANTED / 2


def test_awkward_names_come_back_as_they_were():
    draw = np.random.default_rng(26)
    frame = people().assign(**{'Größe [cm], "x"\n2': draw.normal(170, 9, ROWS), "": draw.normal(0, 1, ROWS)})
    made = synthetic(frame)
    assert made[""].std() > 0.5
    assert made['Größe [cm], "x"\n2'].between(120, 220).all()


def test_numbers_as_names_stay_numbers():
    frame = people()
    frame.columns = [0, 1, 2, 3]
    assert [type(name) for name in synthetic(frame).columns] == [int] * 4


def test_categories_keep_their_type_and_levels():
    frame = people().astype({"job": "category"})
    made = synthetic(frame)
    assert list(made["job"].cat.categories) == list(frame["job"].cat.categories)


def test_numbers_mixed_with_text_are_read_as_text_and_that_is_told():
    model = learned(with_column("mixed", [i if i % 2 else f"n/a {i % 5}" for i in range(ROWS)]))
    assert "read as text" in str(model.record.of("mixed"))
    assert all(isinstance(value, str) for value in model.sample(WANTED)["mixed"])


def test_five_rows_work_without_giving_any_of_them_back():
    frame = people(5)
    model = learned(frame)
    made = model.sample(WANTED)
    assert made["age"].between(18, 80).all()
    assert not made.merge(frame, how="inner").shape[0]
    assert "5 rows" in str(model.record.notes)


# -- those that are refused


def test_infinities_are_refused_with_column_and_row():
    frame = with_column("rate", np.random.default_rng(27).random(ROWS))
    frame.loc[3, "rate"] = np.inf
    frame.loc[4, "rate"] = -np.inf
    error = refusal(frame)
    assert "rate" in str(error)
    assert "inf" in str(error)
    assert error.remedy


def test_lists_in_cells_are_refused_with_the_column():
    error = refusal(with_column("tags", [["a", "b"] if i % 2 else ["c"] for i in range(ROWS)]))
    assert "tags" in str(error)
    assert error.remedy


def test_duplicate_names_are_refused_with_the_name():
    error = refusal(pd.concat([people(), people()[["age"]] + 1], axis=1))
    assert "age" in str(error)
    assert "more than once" in str(error)


@pytest.mark.parametrize(
    ("frame", "says"),
    [(people().iloc[:0], "no rows"), (pd.DataFrame(), "no columns"), (people().iloc[:1], "one row")],
    ids=["header only", "no columns", "one row"],
)
def test_too_little_is_refused_with_what_there_is(frame, says):
    assert says in str(refusal(frame)).lower()


# -- the same from files, by the command line


def commanded(folder, frame, capsys):
    """Exit code of fit and sample on the frame as CSV, what they said, and the synthetic table."""
    source, model, out = folder / "real.csv", folder / "real.understudy", folder / "synthetic.csv"
    frame.to_csv(source, index=False)
    code = run(["fit", str(source), "-o", str(model), "--quiet", "--method", "trees"]) or run(
        ["sample", str(model), "-n", str(WANTED), "-o", str(out), "--quiet"]
    )
    said = capsys.readouterr().err
    return code, said, None if code else pd.read_csv(out, keep_default_na=True)


FILES = {
    "plain": people(),
    "all null": with_column("empty", np.nan),
    "day first": with_column("joined", (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), "D")).strftime("%d/%m/%Y")),
    "ids": with_column("id", [f"{i * 7919 % 65536:08x}-{i:04d}" for i in range(ROWS)]),
    "number ids": with_column("id", np.arange(100_000, 100_000 + ROWS)),
    "constant": with_column("k", 7),
    "truth values": with_column("flag", np.where(np.arange(ROWS) % 3, "True", "False")),
    "huge": with_column("huge", np.random.default_rng(25).integers(9 * 10**17, 9 * 10**18, ROWS)),
    "number names": people().set_axis(["0", "1", "2", "3"], axis=1),
    "mixed": with_column("mixed", [i if i % 2 else f"n/a {i % 5}" for i in range(ROWS)]),
    "awkward name": with_column('Größe [cm], "x"\n2', np.arange(ROWS) / 7),
}


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_comes_back_with_the_same_columns_and_forms(name, tmp_path, capsys):
    code, said, made = commanded(tmp_path, FILES[name], capsys)
    assert code == 0, said
    real = pd.read_csv(tmp_path / "real.csv")
    assert list(made.columns) == list(real.columns)
    assert {column: dtype.kind for column, dtype in made.dtypes.items()} == {column: dtype.kind for column, dtype in real.dtypes.items()}
    if name == "day first":
        assert made["joined"].str.fullmatch(r"\d\d/\d\d/20\d\d").all()
    if "ids" in name:
        assert made["id"].is_unique
        assert set(made["id"]).isdisjoint(real["id"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("age,job\n", "no rows"),
        ("age,age\n1,2\n3,4\n", "age"),
        ("age,job\n1,a\n2,b,c\n3,d\n", "row 2"),
        ("age,job\n1,a\n", "one row"),
        ("rate,job\n" + "1.5,a\ninf,b\n2.5,c\n" * 20, "rate"),
    ],
    ids=["empty", "header only", "duplicate names", "ragged", "one row", "infinity"],
)
def test_a_file_that_cannot_be_used_is_refused_with_place_and_remedy(text, says, tmp_path, capsys):
    (tmp_path / "real.csv").write_text(text)
    code = run(["fit", str(tmp_path / "real.csv"), "-o", str(tmp_path / "m.understudy"), "--method", "trees"])
    said = re.sub(r"\s+", " ", re.sub("[│╭╰─╮╯]", "", capsys.readouterr().err))
    assert code == 1
    assert says in said.lower()
    assert "real.csv" in said
    assert not (tmp_path / "m.understudy").exists()
