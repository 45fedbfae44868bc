"""The code on the pages runs: Python blocks of a page one after the other, in one namespace, and the commands between them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ understudy "


def customers(rows, seed):
    """Customers of a telephone company; who pays much and came lately leaves more often."""
    draw = np.random.default_rng(seed)
    age = np.clip(draw.normal(45, 15, rows).round(), 18, 90).astype(int)
    plan = draw.choice(["basic", "plus", "family"], rows, p=[0.5, 0.3, 0.2])
    fee = np.round(20 + 15 * (plan == "plus") + 30 * (plan == "family") + draw.gamma(2, 2, rows), 2)
    months = draw.integers(1, 72, rows)
    leaves = draw.random(rows) < 1 / (1 + np.exp(1.2 + months / 20 - fee / 20))
    joined = np.datetime64("2024-06-30") - (months * 30).astype("timedelta64[D]")
    phone = [None if draw.random() < 0.2 else f"+43 660 {draw.integers(1000000, 9999999)}" for _ in range(rows)]
    return pl.DataFrame(
        {
            "customer_id": [f"C-{number:05d}" for number in range(10_000 * seed, 10_000 * seed + rows)],
            "phone": phone,
            "city": draw.choice(["Paris", "Rome", "Vienna", "Oslo"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "age": age,
            "plan": plan,
            "joined": pl.Series(joined).cast(pl.Date),
            "months": months,
            "monthly_fee": fee,
            "churn": np.where(leaves, "yes", "no"),
        }
    )


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the files that the pages speak of."""
    customers(800, 1).write_csv(tmp_path / "customers.csv")
    customers(300, 2).write_csv(tmp_path / "later.csv")
    begun = pl.DataFrame({"city": ["Paris", None, "Oslo"], "age": [None, 30, 45], "churn": ["yes", "no", None]})
    begun.write_csv(tmp_path / "begun.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_on_a_page_runs(page, desk):
    namespace = {"__name__": "page"}
    for kind, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(code, page.name, "exec"), namespace)
        else:
            for command in commands(code):
                run(command)


def commands(block):
    joined = block.replace("\\\n", " ")
    return [line[2:] for line in joined.splitlines() if line.startswith(PROMPT)]


def run(command):
    arguments = [sys.executable, "-m", "understudy", *shlex.split(command, comments=True)[1:]]
    environment = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
