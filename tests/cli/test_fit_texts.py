"""`fit --text`, `sample` and `inspect` of models of texts."""

import json

import polars as pl
import pytest

import understudy as us
from understudy.cli.application import run

WORDS = {"good": ["lovely", "great", "fine"], "bad": ["leaky", "broken", "dull"]}


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    rows = [
        {"review": f"A {WORDS[stars][i % 3]} kettle, I use it every {day}.", "stars": stars, "customer": f"c{i // 2}"}
        for i, (stars, day) in enumerate((stars, day) for stars in WORDS for day in ["day", "week", "month", "night"] * 10)
    ]
    pl.DataFrame(rows).write_csv(path)
    return path


def test_texts_are_learned_sampled_and_inspected(reviews, tmp_path, capsys):
    model, out = tmp_path / "reviews.understudy", tmp_path / "out.jsonl"
    assert run(["fit", str(reviews), "--text", "review", "--label", "stars", "--owner", "customer", "-o", str(model), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["method"], done["rows"], done["text"], done["label"]) == ("text-ngram", 80, "review", "stars")
    assert run(["sample", str(model), "-n", "40", "-o", str(out), "--given", "stars=bad", "--quiet"]) == 0
    made = pl.read_ndjson(out)
    assert (made.columns, made.height, set(made["stars"])) == (["stars", "review"], 40, {"bad"})
    assert not any(word in text for text in made["review"] for word in WORDS["good"])
    assert run(["inspect", str(model)]) == 0
    shown = capsys.readouterr().out
    assert "text-ngram" in shown
    assert "review" in shown


def test_texts_are_learned_privately(reviews, tmp_path, capsys):
    model = tmp_path / "m.understudy"
    assert run(["fit", str(reviews), "--text", "review", "--label", "stars", "--epsilon", "4", "-o", str(model)]) == 0
    assert "epsilon 4" in capsys.readouterr().out


def test_texts_are_learned_so_that_they_are_hard_to_recognise(reviews, tmp_path):
    model = tmp_path / "m.understudy"
    assert run(["fit", str(reviews), "--text", "review", "--phrases", "12", "-o", str(model), "--quiet"]) == 0
    assert us.load(model).phrases == 12


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--text", "reveiw"], 1, '"review"'),
        (["--text", "review", "--label", "star"], 1, '"stars"'),
        (["--text", "review", "--owner", "customr"], 1, '"customer"'),
        (["--text", "review", "--method", "text-ngrm"], 2, "text-ngram"),
        (["--text", "review", "--method", "text-transformer", "--epsilon", "4"], 2, "text-ngram"),
        (["--text", "review", "--epsilon", "0"], 2, "epsilon"),
        (["--text", "review", "--phrases", "0"], 2, "--phrases"),
        (["--text", "review", "--method", "text-transformer", "--phrases", "5"], 2, "text-ngram"),
        (["--phrases", "5"], 2, "--text"),
        (["--text", "review", "--target", "stars"], 2, "--label"),
        (["--label", "stars"], 2, "--text"),
        (["--method", "text-ngram"], 2, "--text"),
    ],
)
def test_mistakes_are_told_with_the_nearest_word(reviews, tmp_path, capsys, options, code, told):
    assert run(["fit", str(reviews), *options, "-o", str(tmp_path / "m.understudy")]) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "m.understudy").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"review\n", "no rows"),
        (b"", "The file"),
        (b"review\nOne review alone.\n", "One text"),
        (b'review\n""\n" "\n', "text"),
        (b"review\nA caf\xe9 \xff\xfe\x81 of a kettle.\nAnother \x9d one.\n", "encoding"),
    ],
)
def test_files_that_nothing_can_be_learned_from_are_told(tmp_path, capsys, content, told):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    assert run(["fit", str(path), "--text", "review", "-o", str(tmp_path / "m.understudy")]) != 0
    assert told in capsys.readouterr().err
    assert not (tmp_path / "m.understudy").exists()
