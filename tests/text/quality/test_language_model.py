"""A language model as a judge, over a real server whose answers a test decides."""

import polars as pl
import pytest

pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')

from understudy.text.llm import Endpoint, Session
from understudy.text.quality.judging import Judge, PairJudge, calibrate, order_swap
from understudy.text.quality.language_model import LanguageModelJudge
from understudy.text.serving import Options, Server
from understudy.text.serving.writers import Writer


class Marker(Writer):
    """Gives a text the grade that stands in it; prefers the higher grade, and at a tie what comes first."""

    name = "marker"

    def text(self, prompt, number):
        return '{"ready": true}'

    def value(self, schema, prompt, number):
        grades = [int(part.split('"')[0]) for part in prompt.split('"text": "grade ')[1:]]
        if "reason" not in schema["properties"]:
            return None
        if not grades:  # asked once more for one that is on the scale
            return {"reason": "no", "score": 99}
        if "better" in schema["properties"]:
            return {"reason": "so", "better": "first" if grades[0] >= grades[1] else "second"}
        return {"reason": "so", "score": grades[0]}


@pytest.fixture
def judge(tmp_path):
    with Server(Marker(), Options()) as server, Session(Endpoint(server.url, "marker"), journal=tmp_path / "journal.sqlite") as session:
        yield LanguageModelJudge(session, "reviews of kettles", columns=["text"])


def rows(*grades):
    return pl.DataFrame({"text": [f"grade {grade}" for grade in grades], "secret": "hush"})


def test_it_grades_rows_and_leaves_out_what_is_no_grade(judge):
    assert isinstance(judge, Judge)
    assert judge.score(rows(1, 5, 3, 9)) == [1.0, 5.0, 3.0, None]  # 9 is beyond the scale


def test_it_is_held_against_people(judge):
    graded = [1 + i % 5 for i in range(60)]
    people = [min(5, grade + (i % 3 == 0)) for i, grade in enumerate(graded)]
    found = calibrate(judge, rows(*graded), people)
    assert 0.5 < found.kappa < 0.9
    assert found.rows == 60


def test_pairs_are_asked_in_both_orders(judge):
    assert isinstance(judge, PairJudge)
    found = order_swap(judge, rows(1, 4, 3), rows(2, 1, 3))
    assert found.preferred == [1, 0, None]  # at a tie it likes what comes first
