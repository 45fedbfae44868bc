"""Filters of a spec that need something: real texts, test sets, judges held against known rows; and real rows mixed in."""

import json

import numpy as np
import polars as pl
import pytest
import yaml

pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')

from understudy.core.errors import ArgumentError, EndpointError, SchemaError
from understudy.core.generator import Generator
from understudy.text import Texts
from understudy.text.job import Order, run_job
from understudy.text.mixed import MixedTexts
from understudy.text.place import Place
from understudy.text.quality.declared import Declared
from understudy.text.serving import Options, Server
from understudy.text.serving.writers import Writer
from understudy.text.ways.asking.costing import estimated

SPEC = {
    "understudy": "text/1",
    "task": "classification",
    "about": "reviews of pans",
    "columns": {"label": {"type": "choice", "values": ["good", "bad"]}, "weeks": {"type": "integer", "low": 2, "high": 40}},
    "template": {
        "rules": {"text": {"by": "label", "good": "It works after {weeks} weeks, a fine pan.", "bad": "[Leaks|Broke] in week {weeks}."}}
    },
}
KNOWN = [("It works, a fine pan.", "yes"), ("Leaks at once.", "no"), ("A fine thing.", "yes"), ("Broke soon.", "no")]


class Grader(Writer):
    """Gives fine things a 5 and others a 1; or all of them the same, where it is told to look at nothing."""

    name = "grader"

    def __init__(self):
        self.prompts = []

    def text(self, prompt, number):
        return '{"ready": true}'

    def value(self, schema, prompt, number):
        if "score" not in schema["properties"]:
            return {"ready": True} if "ready" in schema["properties"] else {"text": f"A fine pan, number {number}."}
        self.prompts.append(prompt)
        return {"reason": "I looked", "score": 5 if "fine" in prompt.split("JSON:")[1] or "nothing" in prompt else 1}


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    real = pl.DataFrame({"review": [f"A real pan, number {k}." for k in range(60)], "kind": ["good", "bad"] * 30, "weeks": list(range(60))})
    real.write_csv(tmp_path / "real.csv")
    known = [{"review": f"{text} {k}", "fits": fits} for k in range(8) for text, fits in KNOWN]
    pl.DataFrame(known).write_csv(tmp_path / "known.csv")


@pytest.fixture
def grader():
    writer = Grader()
    with Server(writer, Options()) as server:
        writer.url = server.url
        yield writer


REAL = {"file": "real.csv", "text": "review", "label": "kind"}
CALIBRATE = {"file": "known.csv", "text": "review", "label": "fits", "good": ["yes"]}


def judged(grader, *, least=3, **section):
    judge = {"endpoint": grader.url, "model": "grader", **section}
    return {"quality": [{"judged": {"judge": "fine", "least": least}}], "judges": {"fine": judge}}


def job(tmp_path, n=20, out="out", **more):
    return run_job(Order({**SPEC, **more}, str(tmp_path), n, 7), Place.of(tmp_path / out))


def rows_of(out):
    return pl.concat([pl.read_parquet(path) for path in sorted(out.glob("part-*.parquet"))])


def dropped_of(out):
    return [json.loads(line) for line in (out / "dropped/rows.jsonl").read_text("utf-8").splitlines()]


def test_a_judge_of_a_template_drops_with_its_reason_once_it_agrees_with_what_is_known(tmp_path, grader):
    outcome = job(tmp_path, **judged(grader, calibrate=CALIBRATE))
    kept = rows_of(tmp_path / "out")
    assert set(kept["label"]) == {"good"}
    dropped = dropped_of(tmp_path / "out")
    assert outcome.requested == 20 == kept.height + len(dropped)
    assert {row["reason"] for row in dropped} == {'the judge "fine" gave 1, less than 3: I looked'}
    assert any("kappa 1.00" in note and "known.csv" in note for note in outcome.notes)
    assert len(grader.prompts) == 32 + kept.height + len({row["text"] for row in dropped}) - (kept.height - kept["text"].n_unique())
    assert not any('"fits"' in prompt for prompt in grader.prompts)
    asked = len(grader.prompts)
    job(tmp_path, **judged(grader, calibrate=CALIBRATE))
    assert len(grader.prompts) == asked


def test_a_judge_that_agrees_too_little_decides_only_where_it_is_told_to(tmp_path, grader):
    bad = judged(grader, rubric="Look at nothing.", calibrate=CALIBRATE)
    with pytest.raises(SchemaError, match="agrees too little.*kappa 0.00"):
        job(tmp_path, **bad)
    assert not list((tmp_path / "out").glob("part-*"))
    outcome = job(tmp_path, **judged(grader, rubric="Look at nothing.", calibrate={**CALIBRATE, "anyway": True}))
    assert outcome.kept == 20
    assert any("decides because it was told to" in note for note in outcome.notes)
    unheld = job(tmp_path, out="unheld", **judged(grader, rubric="Look at nothing."))
    assert any("never held against" in note for note in unheld.notes)


def test_grades_of_people_are_cut_where_the_filter_cuts(tmp_path, grader):
    pl.DataFrame({"text": [f"{text} {k}" for k in range(8) for text, _ in KNOWN], "grade": [4, 3] * 16}).write_csv(tmp_path / "graded.csv")
    section = {"file": "graded.csv", "label": "grade"}
    job(tmp_path, 4, **judged(grader, least=4, calibrate=section))
    with pytest.raises(SchemaError, match="All of these rows are good"):
        job(tmp_path, 4, "other", **judged(grader, least=2, calibrate=section))


def test_a_judge_over_the_journal_of_the_rows_spends_within_their_limit(tmp_path, grader):
    llm = {"endpoint": grader.url, "model": "grader", "budget": {"tokens": 100_000}}
    outcome = job(tmp_path, 6, **{**judged(grader), "judges": {"fine": {}}}, way="llm", llm=llm)
    assert outcome.kept + sum(outcome.dropped.values()) == 6
    graded = len(set(grader.prompts))
    assert graded > 0
    assert outcome.spending.requests == 1 + 6 + graded  # whether anybody is there, the rows, the grades
    assert not list((tmp_path / "out/.understudy").glob("judge-*"))


def test_a_judge_that_is_not_there_is_told_before_any_row_is_paid_for(tmp_path, grader):
    llm = {"endpoint": grader.url, "model": "grader", "steps": {"a": {"judge": "x", "model": "gradr", "keep": True}}}
    with pytest.raises(EndpointError, match='no model "gradr".*(?s:.*)Did you mean "grader"'):
        job(tmp_path, 3, way="llm", llm=llm)
    assert grader.prompts == []


def test_the_estimate_knows_what_judges_cost(tmp_path, grader):
    spec = {**SPEC, **judged(grader, price={"input": 10, "output": 10}, calibrate=CALIBRATE)}
    texts = Texts(spec, folder=tmp_path)
    judges = list(Declared(texts, tmp_path).judges.values())
    found = estimated(texts, 1000, seed=7, tries=3, judges=judges)
    assert len(grader.prompts) == 3
    assert found.money is not None
    assert found.money.expected == pytest.approx(found.tokens.expected * 10 / 1e6)
    assert found.tokens.expected > 1000 * 20
    assert judges[0].known_rows == 32


def test_test_sets_and_real_texts_are_those_of_the_spec_beside_its_file(tmp_path):
    made = Texts(SPEC).sample(20, seed=7)
    pl.DataFrame({"question": [made["text"][3]]}).write_csv(tmp_path / "test.csv")
    quality = [{"contamination": {"files": ["test.csv"], "text": "question", "words": 3}}, {"label_check": {"least": 0.01}}, "coverage"]
    outcome = job(tmp_path, quality=quality, real=REAL)
    reasons = [row["reason"] for row in dropped_of(tmp_path / "out") if row["filter"] == "contamination"]
    assert 'shares a passage with the test set "test.csv"' in reasons
    assert any("of kinds that" in note for note in outcome.notes)


def test_real_rows_are_mixed_in_with_where_they_come_from(tmp_path):
    outcome = job(tmp_path, 60, real=REAL, mix={"share": 0.6}, quality=["exact_duplicates"])
    mixed = rows_of(tmp_path / "out")
    made, real = (mixed.filter(source=source) for source in ("synthetic", "real"))
    assert made.height == outcome.kept
    assert real.height == round(outcome.kept * 0.4 / 0.6)
    plain = Texts(SPEC).sample(60, seed=7)
    assert made.select(plain.columns).equals(plain[made["parent"].cast(pl.Int64).to_list()])
    assert set(made["generator"]) == {"template"}
    file = pl.read_csv(tmp_path / "real.csv")
    numbers = real["parent"].cast(pl.Int64).to_list()
    assert real["text"].to_list() == file["review"][numbers].to_list()
    assert real["label"].to_list() == file["kind"][numbers].to_list()
    assert real["weeks"].to_list() == file["weeks"][numbers].to_list()
    assert real["generator"].is_null().all()
    assert len(set(numbers)) == len(numbers)
    kinds = mixed["source"].to_list()
    assert kinds != sorted(kinds)
    assert kinds != sorted(kinds, reverse=True)
    assert f"{real.height} of the {mixed.height} rows are real ones" in outcome.notes[0]


def test_mixed_rows_are_blocks_like_any_other_and_can_be_saved(tmp_path):
    texts = Texts(SPEC)
    texts.block_size = 16
    schema = texts.sample(1).schema
    declared = Declared(Texts({**SPEC, "real": REAL}), tmp_path)
    mixed = MixedTexts(texts, np.arange(40), 7, real=declared.mixed_in(schema), share=0.5)
    whole = mixed.sample(mixed.height)
    assert whole.height == 80
    assert pl.concat([mixed.block(index) for index in range(5)]).equals(whole)
    mixed.save(tmp_path / "mixed.understudy")
    again = Generator.load(tmp_path / "mixed.understudy")
    again.block_size = 16
    assert again.sample(80).equals(whole)


@pytest.mark.parametrize(
    ("change", "match", "place"),
    [
        ({"quality": ["label_check"]}, "needs real texts", "quality.0"),
        ({"quality": ["quota"], "real": {"file": "real.csv", "txt": "review"}}, 'Did you mean "text"', "real.txt"),
        ({"quality": ["coverage"], "real": {"file": "rael.csv", "text": "review"}}, "There is no file", "real.file"),
        ({"quality": ["quota"], "real": {"file": "real.csv", "text": "reviw"}}, 'Did you mean "review"', "real.text"),
        ({"quality": ["label_check"], "real": {"file": "real.csv", "text": "review"}}, "needs labels", "real"),
        ({"quality": [{"contamination": {"file": ["x.csv"]}}]}, 'Did you mean "files"', "quality.0"),
        ({"quality": ["contamination"]}, "Which test sets", "quality.0"),
        ({"quality": [{"contamination": {"files": ["x.csv"]}}]}, "There is no file", "quality.0.contamination"),
        ({"quality": [{"contamination": {"files": ["real.csv"], "text": "reviw"}}]}, 'Did you mean "review"', "quality.0.contamination"),
        ({"quality": [{"judged": {"judge": "fine", "least": 3}}]}, "There is no judge", "quality.0"),
        ({"judges": {"fine": {"endpoint": "http://x/v1", "model": "m"}}}, "No filter asks", "judges.fine"),
        ({"judges": {"fine": {"rubrik": "x"}}}, 'Did you mean "rubric"', "judges.fine.rubrik"),
        ({"judges": {"fine": {}}, "quality": [{"judged": {"judge": "fin", "least": 3}}]}, 'Did you mean "fine"', "quality.0"),
        ({"judges": {"fine": {}}, "quality": [{"judged": {"judge": "fine", "least": 9}}]}, "not on the judge's scale", "quality.0"),
        ({"judges": {"fine": {}}, "quality": [{"judged": {"judge": "fine", "least": 3}}]}, "Who is the judge", "judges.fine"),
        ({"mix": {"share": 0.5}}, "Which real rows", "mix"),
        ({"mix": {"shar": 0.5}, "real": REAL}, 'Did you mean "share"', "mix.shar"),
        ({"mix": {"share": 1.5}, "real": REAL}, "less than 1", "mix.share"),
        ({"mix": {}, "real": {**REAL, "text": "weeks", "label": "review"}, "label": "weeks"}, "does not go into", "real"),
        ({"mix": {"share": 0.1}, "real": REAL}, "there are 60", "mix.share"),
    ],
)
def test_what_is_missing_is_told_with_file_and_line_before_work(tmp_path, change, match, place):
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump({**SPEC, **change}, sort_keys=False))
    with pytest.raises((SchemaError, ArgumentError), match=match) as told:
        texts = Texts(path)
        run_job(Order(texts.spec.to_dict(), str(tmp_path), 20, 7), Place.of(tmp_path / "out"))
    assert place in str(told.value.where)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"fil": "known.csv"}, 'Did you mean "file"'),
        ({"file": "nown.csv"}, "There is no file"),
        ({"text": "reviw"}, 'Did you mean "review"'),
        ({"label": "fit"}, 'Did you mean "fits"'),
        ({"good": ["yess"]}, 'Did you mean "yes"'),
        ({"good": None}, "neither true and false nor grades"),
        ({"rows": 3}, "greater than or equal to 20"),
    ],
)
def test_what_a_judge_is_held_against_is_looked_at_before_anybody_is_asked(tmp_path, grader, change, match):
    calibrate = {key: value for key, value in {**CALIBRATE, **change}.items() if value is not None}
    with pytest.raises(SchemaError, match=match) as told:
        job(tmp_path, **judged(grader, calibrate=calibrate))
    assert "judges.fine.calibrate" in str(told.value.where)
    assert grader.prompts == []
