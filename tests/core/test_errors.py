from __future__ import annotations

import pickle

import pytest

from understudy.core import errors
from understudy.core.errors import ArgumentError, DataError, MissingExtraError, UnderstudyError, did_you_mean, nearest


def test_message_says_what_where_and_what_to_do() -> None:
    error = DataError('Column "age" holds text.', where="customers.csv, row 17", remedy="Declare it as text.")
    assert str(error) == 'Column "age" holds text.  (customers.csv, row 17)\nDeclare it as text.'


def test_message_without_place_and_remedy_is_the_bare_sentence() -> None:
    assert str(DataError("It is empty.")) == "It is empty."


def test_parts_survive_the_way_back_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(DataError("what", where="where", remedy="remedy")))
    assert type(error) is DataError
    assert (error.what, error.where, error.remedy) == ("what", "where", "remedy")


@pytest.mark.parametrize(
    "name", ["DataError", "SchemaError", "ConditionError", "ConstraintError", "ArtifactError", "SinkError", "Cancelled"]
)
def test_every_error_is_an_understudy_error(name: str) -> None:
    assert issubclass(getattr(errors, name), UnderstudyError)


def test_wrong_arguments_are_value_errors_too() -> None:
    assert issubclass(ArgumentError, ValueError)


def test_missing_extra_names_the_line_that_installs_it() -> None:
    error = MissingExtraError.of("excel", "Reading Excel files")
    assert "Reading Excel files" in str(error)
    assert 'pip install "understudy[excel]"' in str(error)
    assert isinstance(error, ImportError)


def test_nearest_finds_the_typo_whatever_its_case() -> None:
    assert nearest("EDUCTION", ["age", "Education", "Education-Num"])[0] == "Education"
    assert nearest("zzz", ["age", "education"]) == []


def test_did_you_mean_offers_the_nearest_or_else_what_there_is() -> None:
    assert did_you_mean("tres", ["trees", "copula"]) == 'Did you mean "trees"?'
    assert did_you_mean("zzz", ["trees", "copula"]) == 'Known: "trees", "copula".'
    assert "and 88 more" in did_you_mean("zzz", [f"column_{i}" for i in range(100)])
    assert did_you_mean("zzz", []) == "There is none to choose from."
