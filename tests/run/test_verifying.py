"""A run's folder, checked against its manifest and its model: what was tampered with is found, and said."""

import json
from pathlib import Path

import fsspec
import polars as pl
import pytest
from small_tables import Shop, SmallTable

import understudy as us
from understudy.core import registry
from understudy.core.errors import ArgumentError, DataError, SinkError
from understudy.run import write
from understudy.tabular.independent import Independent


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The generators of these tests in the registry, as those of a release are: a folder's own word is not enough to load a class."""
    for kind in (SmallTable, Shop):
        monkeypatch.setitem(registry._BUILT_IN["generators"], kind.name, f"{kind.__module__}:{kind.__name__}")


@pytest.fixture(params=["parquet", "csv.gz", "jsonl.zst", "arrow"])
def form(request):
    return request.param


@pytest.fixture
def shop(tmp_path):
    write(Shop(), None, tmp_path / "out", part_rows=200, workers=1)
    return tmp_path / "out"


def said(result):
    return [f"{finding.name}: {finding.what}" for finding in result.findings]


def test_what_is_as_it_was_made_is_found_so(tmp_path, form):
    write(Shop(), None, tmp_path / "out", part_rows=200, workers=1, format=form)
    result = us.verify(tmp_path / "out")
    assert (result.ok, result.files, len(result.remade)) == (True, 9, 8)
    assert len(us.verify(tmp_path / "out", k=None).remade) == 9


def test_the_choice_of_parts_follows_the_seed(shop):
    chosen = [us.verify(shop, k=3, seed=seed).remade for seed in (None, 3, 4)]
    assert chosen[0] == chosen[1] != chosen[2]
    assert us.verify(shop, k=0).remade == []


def test_a_file_that_was_tampered_with_is_named(shop):
    path = shop / "orders" / "part-00001.parquet"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    assert said(us.verify(shop, k=0)) == ["orders/part-00001.parquet: its content is not what was written: the checksum differs"]
    path.write_bytes(content[:-5])
    assert "bytes; " in said(us.verify(shop, k=0))[0]


def test_a_missing_file_is_named(shop):
    (shop / "order lines" / "part-00000.parquet").unlink()
    assert said(us.verify(shop, k=0)) == ["order lines/part-00000.parquet: it is missing"]


def test_a_file_that_is_not_of_the_run_is_named(shop):
    (shop / "orders" / "extra.parquet").write_bytes(b"")
    (shop / "report.html").write_text("a reader of parts does not look at this")
    assert said(us.verify(shop, k=0)) == ["orders/extra.parquet: it is not of this run: the manifest does not list it"]


def test_a_file_and_manifest_that_agree_but_not_with_the_model_are_found_to_the_cell(shop):
    forge(shop, "orders/part-00002.parquet", lambda frame: frame.with_columns(decimal=pl.lit(99.5)))
    (found,) = us.verify(shop, k=None).findings
    assert found.name == "orders/part-00002.parquet"
    assert 'column "decimal", row 1 holds 99.5, made again' in found.what
    forge(shop, "orders/part-00002.parquet", lambda frame: frame.head(-1))
    assert "rows, made again" in us.verify(shop, k=None).findings[0].what


def forge(folder, name, change):
    """Change a part and its line in the manifest."""
    import hashlib

    change(pl.read_parquet(folder / name)).write_parquet(folder / name)
    document = json.loads((folder / "manifest.json").read_text())
    content = (folder / name).read_bytes()
    for part in document["parts"]:
        if part["name"] == name:
            part.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(document))


def test_text_that_differs_is_told_by_its_line(tmp_path):
    write(SmallTable(), 500, tmp_path / "out", workers=1, format="csv")
    path = tmp_path / "out" / "part-00000.csv"
    path.write_text(path.read_text().replace("\n7,", "\n8,"))
    found = said(us.verify(tmp_path / "out"))
    assert "the checksum differs" in found[0]
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    document["parts"][0]["sha256"] = "0" * 64
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(document))
    assert any("line 9 reads '8," in line for line in said(us.verify(tmp_path / "out")))


def test_an_unfinished_run_is_told(shop):
    document = json.loads((shop / "manifest.json").read_text())
    document["parts"] = document["parts"][:-2]
    (shop / "manifest.json").write_text(json.dumps(document))
    assert said(us.verify(shop, k=1)) == ["manifest.json: the run is not finished: 2 of 9 parts are not made"]


def test_other_releases_are_told_where_parts_differ(shop):
    forge(shop, "orders/part-00000.parquet", lambda frame: frame.reverse())
    document = json.loads((shop / "manifest.json").read_text())
    document["versions"]["polars"] = "0.1"
    (shop / "manifest.json").write_text(json.dumps(document))
    (found,) = us.verify(shop, k=None).findings
    assert found.why == f"the run was made with polars 0.1 (here {pl.__version__})"


def test_a_model_that_is_not_the_runs_is_told(shop, tmp_path):
    Shop(1).save(tmp_path / "other.understudy")
    assert "not the one that the run was made with" in said(us.verify(shop, model=tmp_path / "other.understudy"))[0]
    (shop / "model.understudy").write_bytes((tmp_path / "other.understudy").read_bytes())
    assert "not the one that the run was made with" in said(us.verify(shop))[0]
    (shop / "model.understudy").unlink()
    assert said(us.verify(shop)) == ["model.understudy: it is missing, so that no part can be made again"]
    assert us.verify(shop, model=Shop()).ok


def test_what_was_learned_from_real_data_is_kept_only_on_request(tmp_path):
    frame = pl.DataFrame({"a": [1, 2, 3, 4] * 20, "b": ["x", "y"] * 40})
    model = Independent().fit(frame)
    write(model, 100, tmp_path / "out")
    assert not (tmp_path / "out" / "model.understudy").exists()
    with pytest.raises(DataError, match=r"did not keep its model(?s:.)*--model FILE"):
        us.verify(tmp_path / "out")
    assert us.verify(tmp_path / "out", k=0).ok
    assert us.verify(tmp_path / "out", model=model).remade == ["part-00000.parquet"]
    write(model, 100, tmp_path / "out", keep_model=True)
    assert us.verify(tmp_path / "out").ok


def test_a_run_behind_a_url_is_verified_alike():
    write(Shop(), None, "memory://verified", part_rows=200)
    assert us.verify("memory://verified").ok
    fsspec.filesystem("memory").rm("memory://verified/orders/part-00000.parquet")
    assert said(us.verify("memory://verified", k=0)) == ["orders/part-00000.parquet: it is missing"]


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(DataError, match="no manifest"):
        us.verify(tmp_path)
    with pytest.raises(DataError, match="no manifest"):
        us.verify(tmp_path / "nowhere")


@pytest.mark.parametrize(("form", "says"), [(99, "newer release(?s:.)*Upgrade"), (1, "older release")])
def test_a_manifest_of_another_release_is_told(shop, form, says):
    document = json.loads((shop / "manifest.json").read_text())
    document["understudy_manifest"] = form
    (shop / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(SinkError, match=says):
        us.verify(shop)


def test_a_strangers_manifest_leads_to_no_file_outside_and_loads_no_class_of_its_own(shop, monkeypatch):
    document = json.loads((shop / "manifest.json").read_text())
    for change in ({"model_file": "../../secret"}, {"parts": [{**document["parts"][0], "name": "../x"}]}):
        (shop / "manifest.json").write_text(json.dumps({**document, **change}))
        with pytest.raises(SinkError, match="name"):
            us.verify(shop)
    table = {**document["plan"]["tables"][0], "name": ".."}
    (shop / "manifest.json").write_text(json.dumps({**document, "plan": {**document["plan"], "tables": [table]}, "parts": []}))
    with pytest.raises(SinkError, match="folder of that name"):
        us.verify(shop)


@pytest.mark.parametrize("k", [-1, 1.5, True])
def test_a_bad_k_is_refused(shop, k):
    with pytest.raises(ArgumentError, match="`k`"):
        us.verify(shop, k=k)
    assert Path(shop).exists()


def test_a_folder_with_its_model_is_still_read_as_a_table(tmp_path):
    write(SmallTable(), 500, tmp_path / "out", workers=1, part_rows=100)
    assert (tmp_path / "out" / "model.understudy").exists()
    assert us.read(tmp_path / "out").rows == 500
