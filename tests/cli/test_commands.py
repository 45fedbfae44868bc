"""The commands as a user meets them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy
from understudy.cli.application import run

SOURCE = str(Path(understudy.__file__).parents[1])


def customers(rows=300, seed=1):
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 90, rows)
    return pl.DataFrame(
        {
            "age": age,
            "city": draw.choice(["Paris", "Rome", "Vienna"], rows, p=[0.5, 0.3, 0.2]),
            "fee": np.round(draw.gamma(3, 10, rows), 2),
            "churn": np.where(draw.random(rows) < age / 120, "yes", "no"),
        }
    )


@pytest.fixture
def desk(tmp_path, monkeypatch):
    customers().write_csv(tmp_path / "customers.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def model_bytes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    customers().write_csv(folder / "customers.csv")
    assert run(["fit", str(folder / "customers.csv"), "-o", str(folder / "m.understudy"), "--method", "independent", "--quiet"]) == 0
    return (folder / "m.understudy").read_bytes()


@pytest.fixture
def model(desk, model_bytes):
    (desk / "m.understudy").write_bytes(model_bytes)
    return "m.understudy"


def words(text):
    """What a person reads, without frames and line breaks."""
    return re.sub(r"\s+", " ", re.sub("[│╭╰─╮╯]", " ", text))


def command(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    return subprocess.run([sys.executable, "-m", "understudy", *arguments], capture_output=True, text=True, env=environment, **options)


# -- the whole way


def test_fit_tells_what_each_column_is_and_how_to_go_on(desk, capsys):
    assert run(["fit", "customers.csv", "-o", "m.understudy", "--target", "churn", "--method", "independent"]) == 0
    said = words(capsys.readouterr().out)
    assert "customers.csv: 300 rows, 4 columns" in said
    assert re.search(r"city categorical 3 different texts", said)
    assert "understudy sample m.understudy -n 300 -o synthetic.csv" in said
    assert "--target churn" in said


def test_what_fit_says_to_go_on_with_works(desk, capsys):
    run(["fit", "customers.csv", "-o", "m.understudy", "--method", "independent"])
    steps = re.findall(r"^  understudy (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(steps) == 2
    for step in steps:
        assert run(step.split()) == 0
    assert (desk / "report.html").stat().st_size > 10_000


def test_sample_writes_what_the_model_gives(model, desk, capsys):
    assert run(["sample", model, "-n", "1.2k", "-o", "s.parquet", "--seed", "7"]) == 0
    assert "1,200 rows to s.parquet" in capsys.readouterr().out
    assert pl.read_parquet("s.parquet").equals(understudy.load(model)._collect(1_200, seed=7))


def test_sample_meets_conditions(model, desk):
    given = ["--given", "city=Paris,Rome", "--given", "age=20..30"]
    assert run(["sample", model, "-n", "500", "-o", "s.csv", "--quiet", *given]) == 0
    made = pl.read_csv("s.csv")
    assert set(made["city"]) == {"Paris", "Rome"}
    assert made["age"].is_between(20, 30).all()


def test_sample_into_a_folder_goes_on_and_says_so(model, desk, capsys):
    arguments = ["sample", model, "-n", "20k", "-o", "out", "--part-rows", "8k", "--workers", "1"]
    assert run(arguments) == 0
    (desk / "out" / "part-00001.parquet").unlink()
    capsys.readouterr()
    assert run(arguments) == 0
    assert "2 of 3 parts kept" in capsys.readouterr().out


def test_a_folder_of_parts_is_read_as_one_table(model, desk, capsys):
    assert run(["sample", model, "-n", "20k", "-o", "out", "--part-rows", "8k", "--workers", "1", "--quiet"]) == 0
    assert run(["inspect", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 20_000


def test_sample_to_the_standard_output_is_the_table_alone(model, desk):
    done = command("sample", model, "-n", "5", "-o", "-")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "age,city,fee,churn"
    assert len(lines) == 6
    assert "5 rows" in done.stderr


def test_a_reader_that_stops_early_is_no_error(model, desk):
    script = f"{sys.executable} -m understudy sample {model} -n 500k -o - | head -2"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE})
    assert done.stdout.count("\n") == 2
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_sample_into_a_database(model, desk):
    assert run(["sample", model, "-n", "50", "-o", "sqlite:///x.db#people", "--quiet"]) == 0
    assert run(["inspect", "sqlite:///x.db#people", "--quiet"]) == 0


def test_inspect_writes_a_schema_that_fit_takes(desk, capsys):
    assert run(["inspect", "customers.csv", "--schema-out", "s.yaml"]) == 0
    assert "Edit it" in capsys.readouterr().out
    text = (desk / "s.yaml").read_text().replace("kind: integer", "kind: categorical", 1)
    (desk / "s.yaml").write_text(text)
    assert run(["fit", "customers.csv", "--schema", "s.yaml", "-o", "m.understudy", "--method", "independent"]) == 0
    assert re.search(r"age categorical", words(capsys.readouterr().out))


def test_inspect_of_a_model_shows_its_record(model, desk, capsys):
    assert run(["inspect", model]) == 0
    said = words(capsys.readouterr().out)
    assert "a model of the kind independent" in said
    assert "Record of the fit" in said
    assert "polars" in said


@pytest.mark.slow
def test_the_demonstration_leaves_all_it_speaks_of(desk, capsys):
    assert run(["demo"]) == 0
    said = words(capsys.readouterr().out)
    for path in (desk / "understudy-demo").iterdir():
        assert path.name in said
    assert pl.read_parquet("understudy-demo/synthetic.parquet").shape == (10_000, 31)
    assert "Told apart from real" in said


def test_compare_names_the_best_writes_the_page_and_says_how_to_go_on(desk, capsys):
    assert run(["compare", "customers.csv", "--methods", "copula", "--target", "churn", "-o", "league.html"]) == 0
    said = words(capsys.readouterr().out)
    assert re.search("copula does best on this table", said)
    assert "independent" in said
    assert "held-out real rows" in said
    assert "understudy fit customers.csv --method copula" in said
    assert "copula" in (desk / "league.html").read_text("utf-8")


def test_compare_refuses_before_the_work(desk, capsys):
    assert run(["compare", "customers.csv", "-o", "league.pdf"]) == 2
    assert run(["compare", "customers.csv", "--methods", "copla"]) == 2
    assert '"copula"' in words(capsys.readouterr().err)


# -- for machines


def test_json_is_one_document_with_everything(model, desk, capsys):
    assert run(["fit", "customers.csv", "-o", "m.understudy", "--method", "independent", "--json"]) == 0
    fitted = json.loads(capsys.readouterr().out)
    assert (fitted["model"], fitted["method"], fitted["rows"]) == ("m.understudy", "independent", 300)
    assert [column["name"] for column in fitted["schema"]["columns"]] == ["age", "city", "fee", "churn"]
    assert run(["sample", model, "-n", "10", "-o", "s.csv", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert (written["rows"], written["target"], written["complete"]) == (10, "s.csv", True)
    assert run(["inspect", "customers.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 300
    assert run(["inspect", model, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "independent"


def test_json_holds_errors_too(desk, capsys):
    assert run(["fit", "custmers.csv", "-o", "m.understudy", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)
    assert error["exit_code"] == 1
    assert "customers.csv" in str(error["error"])
    assert run(["sample", "m.understudy", "-n", "5", "-o", "-", "--json"]) == 2
    assert "standard output" in json.loads(capsys.readouterr().out)["error"]["what"]
    assert run(["fit", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "UsageError"


def test_quiet_prints_nothing(model, desk, capsys):
    assert run(["sample", model, "-n", "10", "-o", "s.csv", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


# -- mistakes


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["fti", "customers.csv"], 2, "Did you mean 'fit'?"),
        (["fit", "customers.csv", "-o", "m", "--sed", "1"], 2, "Did you mean --seed"),
        (["fit", "customers.csv", "-o", "m", "--method", "tres"], 2, '"trees"'),
        (["fit", "customers.csv", "-o", "m", "--budget", "soon"], 2, "30s"),
        (["fit", "customers.csv", "-o", "m", "--target", "chrun"], 1, "churn"),
        (["fit", "customers.csv", "-o", "m", "--seed", "-1"], 2, "-1"),
        (["fit", "customers.csv", "-o", "m", "--read", "delimeter=;"], 2, '"delimiter"'),
        (["fit", "customers.csv", "-o", "nowhere/m"], 4, "nowhere"),
        (["fit", "customers.csv", "-o", "."], 4, "folder"),
        (["fit", "customers.csv"], 2, "--output"),
        (["fit", "custmers.csv", "-o", "m"], 1, "customers.csv"),
        (["sample", "m.understudy", "-n", "many", "-o", "s.csv"], 2, "5k"),
        (["sample", "m.understudy", "-n", "5", "-o", "s.cvs"], 2, ".csv"),
        (["sample", "m.understudy", "-n", "5", "-o", "out", "--format", "parqet"], 2, '"parquet"'),
        (["sample", "m.understudy", "-n", "5", "-o", "s.csv", "--given", "cty=Paris"], 1, '"city"'),
        (["sample", "m.understudy", "-n", "5", "-o", "s.csv", "--given", "city=Pari"], 1, "Paris"),
        (["sample", "m.understudy", "-n", "5", "-o", "s.csv", "--given", "age=old"], 1, "20..30"),
        (["sample", "m.understudy", "-n", "5", "-o", "customers.csv/s.csv"], 4, "customers.csv"),
        (["sample", "customers.csv", "-n", "5", "-o", "s.csv"], 1, "customers.csv"),
        (["sample", "m.understnudy", "-n", "5", "-o", "s.csv"], 1, "m.understnudy"),
        (["evaluate", "customers.csv", "customers.csv", "-o", "r.pdf"], 2, ".html"),
        (["inspect", "nothing.csv"], 1, "nothing.csv"),
        (["inspect", "sqlite:///nothing.db#t"], 1, "nothing.db"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_the_way_out_and_its_exit_code(arguments, code, says, model, capsys):
    assert run(arguments) == code
    said = capsys.readouterr()
    assert says in words(said.err)
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_damaged_model_is_refused(model, desk, capsys):
    content = (desk / model).read_bytes()
    (desk / model).write_bytes(content[: len(content) // 2])
    assert run(["sample", model, "-n", "5", "-o", "s.csv"]) == 1
    assert model in words(capsys.readouterr().err)


def test_debug_shows_the_traceback(desk):
    done = command("inspect", "nothing.csv", "--debug", cwd=desk)
    assert "Traceback" in done.stderr
    assert "DataError" in done.stderr


def test_a_verdict_can_fail_the_command(desk):
    customers().with_columns(age=pl.col("age") * 7, city=pl.lit("Oslo")).write_csv("bad.csv")
    assert run(["evaluate", "customers.csv", "bad.csv", "--quiet"]) == 0
    assert run(["evaluate", "customers.csv", "bad.csv", "--quiet", "--fail-on", "fail"]) == 3


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_keeps_the_finished_parts_and_says_how_to_go_on(model, desk):
    arguments = [sys.executable, "-m", "understudy", "sample", model, "-n", "500M", "-o", "out", "--part-rows", "100k", "--workers", "2"]
    process = subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": SOURCE}, start_new_session=True
    )
    until = time.monotonic() + 180
    while not (desk / "out" / "part-00001.parquet").exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said = words(process.communicate(timeout=60)[1])
    assert process.returncode == 130
    assert "Run the same again" in said
    assert re.search(r"\d+ of \d+ parts", said)
    assert list((desk / "out").glob(".*")) == []


# -- the command itself


def test_help_is_there_at_once_and_loads_nothing_heavy():
    heavy = "polars pyarrow numba sklearn scipy numpy pandas pydantic"
    shown = f"[name for name in '{heavy}'.split() if name in sys.modules]"
    script = f"import sys; from understudy.cli.application import run; run(['--help']); print({shown})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": SOURCE}
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for name in ("fit", "sample", "evaluate", "inspect", "demo"):
        assert name in done.stdout


@pytest.mark.parametrize("name", ["fit", "sample", "evaluate", "inspect", "demo"])
def test_every_command_has_help_with_all_its_options(name, capsys):
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--json" in said
    assert "--quiet" in said


def test_without_a_command_the_help_is_shown(capsys):
    assert run([]) == 0
    assert "evaluate" in capsys.readouterr().out


def test_the_version_is_shown(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"understudy {understudy.__version__}\n"


def test_a_shell_can_complete_commands():
    words = {"_UNDERSTUDY_COMPLETE": "complete_bash", "COMP_WORDS": "understudy sam", "COMP_CWORD": "1"}
    script = "import sys; sys.argv = ['understudy']; from understudy.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE, **words})
    assert done.stdout.split() == ["sample"]
