import pytest
import typer

from understudy.cli.counts import parse_count


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0", 0),
        ("5000", 5000),
        ("5_000", 5000),
        ("10,000,000", 10_000_000),
        ("5k", 5000),
        ("2.5M", 2_500_000),
        ("1.234567M", 1_234_567),
        ("1B", 10**9),
    ],
)
def test_counts_as_people_write_them(text, rows):
    assert parse_count(text) == rows


@pytest.mark.parametrize("text", ["", "k", "-5", "5x", "1.5", "1.2345k", "1e6", "many"])
def test_what_is_no_whole_number_of_rows_is_refused(text):
    with pytest.raises(typer.BadParameter, match="rows"):
        parse_count(text)
