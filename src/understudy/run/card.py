"""The card of a data set: `README.md` in its folder, as the Hugging Face hub and `datasets` read it.

It is made from the run, not by hand: what the rows are, how many, of which columns, what made them under which seed, that they are
synthetic, and what their generator says of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from understudy.core.generator import Collection, Generator
    from understudy.run.manifest import Manifest
    from understudy.run.store import Store

CARD_NAME = "README.md"
_SIZES = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M")]


def write_card(store: Store, manifest: Manifest, maker: Generator | Collection) -> None:
    """Write the card of a finished folder of Parquet parts."""
    with store.file(CARD_NAME) as file:
        file.write(card(manifest, maker, _columns(store, manifest)).encode())


def card(manifest: Manifest, maker: Generator | Collection, columns: dict[str, list[tuple[str, str]]]) -> str:
    """The card's text. columns: names and types, by table."""
    front = yaml.safe_dump(_front_matter(manifest), sort_keys=False, allow_unicode=True).strip()
    lines = ["---", front, "---", "", "# Synthetic data", ""]
    lines += [
        f"{manifest.rows:,} rows, all of them synthetic: none describes a real person, event or thing. Made by understudy with the "
        f"generator `{manifest.plan.generator}` under the seed {manifest.plan.seed}; the same generator and seed make the same rows again.",
        "",
    ]
    if manifest.plan.given is not None:
        lines += [f"Conditions: `{manifest.plan.given}`", ""]
    for table, found in columns.items():
        lines += [f"## Columns{f' of {table}' if table else ''}", "", "| column | type |", "|---|---|"]
        lines += [f"| `{name}` | {dtype} |" for name, dtype in found]
        lines.append("")
    remarks = list(getattr(maker, "remarks", []))
    if remarks:
        lines += ["## What to know", "", *(f"- {remark}" for remark in remarks), ""]
    learned = "holds no real rows"
    if maker.from_real_data:
        learned = "was learned from real rows; whether it gives them away was not looked at here"
    lines += ["## Origin", "", f"The generator {learned}. Checksums of all files are in `manifest.json`.", ""]
    return "\n".join(lines)


def _front_matter(manifest: Manifest) -> dict[str, Any]:
    tables = [table.name for table in manifest.plan.tables]
    configs = []
    for name in tables:
        path = f"{name}/part-*.parquet" if name else "part-*.parquet"
        configs.append({"config_name": name or "default", "data_files": [{"split": "train", "path": path}]})
    size = next((words for most, words in _SIZES if manifest.rows < most), "n>10M")
    return {"configs": configs, "size_categories": [size], "tags": ["synthetic", "understudy"]}


def _columns(store: Store, manifest: Manifest) -> dict[str, list[tuple[str, str]]]:
    """Names and types of every table's columns, from its first part."""
    import pyarrow.parquet as pq

    found = {}
    for table in manifest.plan.tables:
        records = manifest.of(table.name)
        if records:
            with store.reader(records[0].name) as file, pq.ParquetFile(file) as part:
                found[table.name] = [(field.name, str(field.type)) for field in part.schema_arrow]
    return found
