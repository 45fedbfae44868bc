from __future__ import annotations

import io
import json
import math
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.core import artifact
from understudy.core.artifact import State, load_artifact, save_artifact
from understudy.core.errors import ArtifactError, SinkError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda key: key != "$number"), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.understudy"


def some_state() -> State:
    table = pa.table(
        {
            "word": ["a", None, "é"],
            "level": pa.array(["x", "y", "x"]).dictionary_encode(),
            "when": pa.array([0, None, 5], pa.timestamp("us", "Europe/Berlin")),
            "price": pa.array([1, 2, None]).cast(pa.decimal128(30, 2)),
            "flag": [True, None, False],
            "raw": [b"\0", b"", None],
        }
    )
    arrays = {
        "across": np.arange(6).reshape(2, 3).T,
        "scalar": np.array(3.5),
        "none": np.zeros((0, 2), bool),
        "big_endian": np.arange(3, dtype=">i4"),
        "half": np.ones(2, np.float16),
    }
    return State(
        {"columns": ["b", "a"], "limits": [math.inf, -math.inf, math.nan], "n": np.int64(3), "é": "\ud800"}, arrays, {"words": table}
    )


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)


def manifest(**changes: Any) -> bytes:
    return json.dumps({"format": 1, "name": "dice", "understudy": "0.1.0", "state": {}} | changes).encode()


def refusal(path: Path, **options: Any) -> str:
    """The message with which the file is refused."""
    with pytest.raises(ArtifactError) as caught:
        load_artifact(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


# -- what is saved comes back


def test_a_state_comes_back_as_it_was(path: Path) -> None:
    state = some_state()
    save_artifact(path, "dice", state)
    name, loaded = load_artifact(path)
    assert name == "dice"
    assert list(loaded.manifest) == list(state.manifest)
    assert loaded.manifest["limits"][:2] == [math.inf, -math.inf]
    assert math.isnan(loaded.manifest["limits"][2])
    assert (loaded.manifest["n"], loaded.manifest["é"]) == (3, "\ud800")
    assert loaded.tables["words"].equals(state.tables["words"])
    assert loaded.arrays.keys() == state.arrays.keys()
    for key, array in state.arrays.items():
        np.testing.assert_array_equal(loaded.arrays[key], array)
        assert loaded.arrays[key].dtype == array.dtype.newbyteorder("=")


@given(JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_json_value_comes_back(path: Path, value: Any) -> None:
    save_artifact(path, "dice", State({"value": value}))
    assert repr(load_artifact(path)[1].manifest["value"]) == repr(value)


def test_the_same_state_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    save_artifact(path, "dice", some_state())
    save_artifact(tmp_path / "again", "dice", load_artifact(path)[1])
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_the_file_is_a_plain_zip_of_json_safetensors_and_arrow(path: Path) -> None:
    save_artifact(path, "dice", some_state())
    assert sorted(members_of(path)) == ["arrays.safetensors", "manifest.json", "words.arrow"]
    assert pa.ipc.open_file(members_of(path)["words.arrow"]).read_all().num_rows == 3
    document = json.loads(members_of(path)["manifest.json"], parse_constant=pytest.fail)
    assert (document["format"], document["name"]) == (1, "dice")


def test_arrays_that_pack_too_well_are_stored_so_that_they_load_again(path: Path) -> None:
    save_artifact(path, "dice", State(arrays={"zeros": np.zeros(2_000_000)}))
    assert load_artifact(path)[1].arrays["zeros"].sum() == 0


def test_loaded_arrays_can_be_written_to(path: Path) -> None:
    save_artifact(path, "dice", State(arrays={"a": np.zeros(3)}))
    load_artifact(path)[1].arrays["a"][0] = 1


def test_a_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="does not exist"):
        save_artifact(tmp_path / "no" / "model", "dice", State())
    with pytest.raises(ArtifactError):
        save_artifact(tmp_path / "model", "dice", State({"a": object()}))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State({"a": [1, {"b": {1, 2}}]}), ["manifest.a[1].b", "set"]),
        (State({"a": {1: 2}}), ["manifest.a", "key 1"]),
        (State({"a": {"$number": 2}}), ["manifest.a", "$number"]),
        (State(arrays={"a": np.array(["x"])}), ['"a"', "State.tables"]),
        (State(arrays={"a": np.array([object()])}), ['"a"', "object"]),
        (State(arrays={"a": np.zeros(1, "M8[s]")}), ['"a"', "datetime64"]),
        (State(tables={"../a": pa.table({"x": [1]})}), ["../a"]),
        (State(tables={"a": pa.table({"x": [[1]]})}), ['"x"', "list"]),
        (State(tables={"a": pa.table({"x": [{"y": 1}]})}), ['"x"', "struct"]),
        (State(tables={f"t{i}": pa.table({"x": [1]}) for i in range(300)}), ["300"]),
    ],
)
def test_what_no_file_can_hold_is_refused_by_name(path: Path, state: State, words: list[str]) -> None:
    with pytest.raises(ArtifactError) as caught:
        save_artifact(path, "dice", state)
    assert all(word in str(caught.value) for word in words)


def test_a_manifest_nested_too_deeply_is_refused_on_saving(path: Path) -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    with pytest.raises(ArtifactError, match="too deeply"):
        save_artifact(path, "dice", State({"a": deep}))


def test_the_deepest_manifest_that_can_be_saved_can_be_loaded(path: Path) -> None:
    deep: Any = math.nan
    for _ in range(artifact.MAX_JSON_DEPTH - 5):
        deep = [deep]
    save_artifact(path, "dice", State({"a": deep}))
    assert load_artifact(path)[0] == "dice"


# -- damaged and foreign files


def test_a_missing_file_is_named(path: Path) -> None:
    assert "no such file" in refusal(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize(("content", "words"), [(b"", "empty"), (b"age,sex\n1,f\n", "no understudy model"), (b"PK\x03\x04", "incomplete")])
def test_foreign_files_are_refused(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_zip_of_something_else_is_refused(path: Path) -> None:
    write_zip(path, [("word/document.xml", b"<x/>")])
    assert "no manifest.json" in refusal(path)


def test_every_truncation_is_refused(path: Path) -> None:
    save_artifact(path, "dice", State({"a": 1}, {"b": np.arange(4)}))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refusal(path)


def test_appended_bytes_are_refused(path: Path) -> None:
    save_artifact(path, "dice", State())
    path.write_bytes(path.read_bytes() + b"x")
    assert "incomplete" in refusal(path)


def test_no_flipped_byte_changes_what_is_loaded(path: Path) -> None:
    state = State({"a": 1}, {"b": np.arange(4)}, {"t": pa.table({"x": ["u", "v"]})})
    save_artifact(path, "dice", state)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 3):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :])
        try:
            name, loaded = load_artifact(path)
        except ArtifactError:
            refused += 1
            continue
        assert (name, loaded.manifest) == ("dice", state.manifest)
        assert loaded.arrays["b"].tolist() == [0, 1, 2, 3]
        assert loaded.tables["t"].equals(state.tables["t"])
    assert refused > len(whole) / 3 * 0.6


def test_a_newer_format_asks_for_an_upgrade(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest(format=2, understudy="3.1.4"))])
    message = refusal(path)
    assert "newer release (3.1.4" in message
    assert "pip install -U understudy" in message


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"format": "1"}', manifest(name=7), manifest(state=[]),
        manifest(format=0), manifest(format=-1),
        b'{"format": 1, "name": "dice", "state": {"a": NaN}}', b'{"format": 1, "name": "dice", "state": {"a": {"$number": "many"}}}',
        b'{"format": 1, "name": "dice", "state": {"a": {"$number": [1]}}}', b'{"format": 1, "name": "dice", "state": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(path: Path, content: bytes) -> None:
    write_zip(path, [("manifest.json", content)])
    assert "manifest.json" in refusal(path)


# -- hostile files


@pytest.mark.parametrize(
    "name",
    [
        "../evil.arrow", "/etc/passwd", "a/b.arrow", "..\\evil.arrow", "C:\\evil.arrow", "evil.py", "data.pkl", ".arrow", "..arrow",
        "x.arrow/", "manifest.json\0.arrow", "MANIFEST.JSON", "a b.arrow", "ünï.arrow", "x" * 200 + ".arrow", "arrays.safetensors/",
    ],
)  # fmt: skip
def test_members_that_no_model_has_are_refused(path: Path, name: str) -> None:
    raw = name.encode()
    marker = "Q" * len(raw)
    write_zip(path, [("manifest.json", manifest()), (marker, b"x")])
    path.write_bytes(path.read_bytes().replace(marker.encode(), raw))
    refusal(path)


def test_two_members_of_one_name_are_refused(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        write_zip(path, [("manifest.json", manifest()), ("manifest.json", manifest(name="evil"))])
    assert "same name" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), ("arrays.safetensors", bytes(50_000_000))])
    assert path.stat().st_size < 100_000
    assert "200 times" in refusal(path)


def test_a_bomb_that_understates_its_size_is_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), ("arrays.safetensors", bytes(50_000_000))])
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1000)))
    refusal(path)


def test_contents_over_the_limit_are_refused(path: Path) -> None:
    save_artifact(path, "dice", State(arrays={"a": np.tile(np.arange(256, dtype=np.uint8), 1000)}))
    assert path.stat().st_size < 100_000
    assert "contents are larger than the limit of 100,000 bytes" in refusal(path, max_bytes=100_000)
    assert "file is larger than the limit of 1,000 bytes" in refusal(path, max_bytes=1000)


def test_too_many_members_are_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), *((f"t{i}.arrow", b"") for i in range(300))])
    assert "more members" in refusal(path)


def test_a_directory_that_hides_behind_a_small_count_is_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), *((f"t{i}.arrow", b"") for i in range(300))])
    raw = bytearray(path.read_bytes())
    raw[-14:-10] = struct.pack("<HH", 2, 2)
    path.write_bytes(raw)
    assert "announces 2 members and lists 301" in refusal(path)


def test_a_directory_too_long_to_be_read_is_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), *((f"t{i}.arrow", b"") for i in range(4000))])
    raw = bytearray(path.read_bytes())
    raw[-14:-10] = struct.pack("<HH", 2, 2)
    path.write_bytes(raw)
    assert "more members" in refusal(path)


def test_a_second_directory_end_that_leads_nowhere_is_refused(path: Path) -> None:
    save_artifact(path, "dice", State())
    raw = path.read_bytes()
    path.write_bytes(raw[:-22] + b"PK\x06\x07" + bytes(16) + raw[-22:])
    assert "directory cannot be found" in refusal(path)


def test_files_with_64_bit_directories_load_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of more than 2 GiB have them; a lower limit brings them about here."""
    state = State({"a": 1}, {"b": np.arange(4)})
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZIP64_LIMIT", 100)
        save_artifact(path, "dice", state)
    assert b"PK\x06\x06" in path.read_bytes()
    assert load_artifact(path)[1].arrays["b"].tolist() == [0, 1, 2, 3]
    raw = bytearray(path.read_bytes())
    raw[-98 + 32 : -98 + 40] = struct.pack("<Q", 2**40)
    path.write_bytes(raw)
    assert "more members" in refusal(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(path: Path, compression: int) -> None:
    write_zip(path, [("manifest.json", manifest())], compression)
    assert "packed in a way" in refusal(path)


def test_an_encrypted_member_is_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest())])
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert "encrypted" in refusal(path)


def test_a_deep_manifest_is_refused_before_it_is_parsed(path: Path) -> None:
    write_zip(
        path, [("manifest.json", b'{"format": 1, "name": "dice", "state": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")], zipfile.ZIP_STORED
    )
    assert "deeper than 64" in refusal(path)


def test_brackets_in_text_are_no_depth(path: Path) -> None:
    text = "[{" * 500 + '\\"[[['
    save_artifact(path, "dice", State({"a": text}))
    assert load_artifact(path)[1].manifest["a"] == text


def test_a_manifest_full_of_quotes_is_read_in_reasonable_time(path: Path) -> None:
    write_zip(path, [("manifest.json", b'"' + b"\\" * 2_000_001)], zipfile.ZIP_STORED)
    assert "manifest.json" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff" * 8, struct.pack("<Q", 2**62), struct.pack("<Q", 2) + b"{}" + b"x",
        struct.pack("<Q", 60) + b'{"a":{"dtype":"F64","shape":[9999],"data_offsets":[0,79992]}}'.ljust(60),
    ],
)  # fmt: skip
def test_damaged_arrays_are_refused(path: Path, content: bytes) -> None:
    write_zip(path, [("manifest.json", manifest()), ("arrays.safetensors", content)])
    assert "arrays.safetensors" in refusal(path)


def test_arrays_of_types_that_numpy_lacks_are_refused(path: Path) -> None:
    header = b'{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'
    write_zip(path, [("manifest.json", manifest()), ("arrays.safetensors", struct.pack("<Q", len(header)) + header + b"xx")])
    assert "arrays.safetensors" in refusal(path)


def arrow_file(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"ARROW1\0\0" + b"\xff" * 64 + b"ARROW1", b"ARROW1\0\0ARROW1"])
def test_damaged_tables_are_refused(path: Path, content: bytes) -> None:
    write_zip(path, [("manifest.json", manifest()), ("t.arrow", content)])
    assert "t.arrow" in refusal(path)


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("column", [["abc"] * 10_000, pa.array(["abc", "d"] * 5_000).dictionary_encode()])
def test_tables_compressed_inside_are_refused(path: Path, codec: str, column: Any) -> None:
    write_zip(path, [("manifest.json", manifest()), ("t.arrow", arrow_file(pa.table({"x": column}), compression=codec))])
    assert "compressed inside" in refusal(path)


def test_a_table_of_nothing_but_rows_is_refused(path: Path) -> None:
    write_zip(path, [("manifest.json", manifest()), ("t.arrow", arrow_file(pa.table({"x": pa.nulls(10**9)})))])
    assert "more rows" in refusal(path)


@pytest.mark.parametrize("column", [[[1]], [{"y": 1}], pa.array([1, 1]).cast(pa.int32())])
def test_tables_with_nested_or_extension_columns_are_refused(path: Path, column: Any) -> None:
    table = pa.table({"x": column})
    if pa.types.is_int32(table.schema.field("x").type):
        marked = pa.field("x", pa.int32(), metadata={"ARROW:extension:name": "evil"})
        table = table.cast(pa.schema([marked]))
    write_zip(path, [("manifest.json", manifest()), ("t.arrow", arrow_file(table))])
    assert "no model file holds" in refusal(path)


def test_text_whose_offsets_leave_its_buffer_is_refused(path: Path) -> None:
    sound = arrow_file(pa.table({"x": ["ab", "cd"]}))
    assert sound.count(struct.pack("<3i", 0, 2, 4)) == 1
    content = sound.replace(struct.pack("<3i", 0, 2, 4), struct.pack("<3i", 0, 2, 1_000_000))
    write_zip(path, [("manifest.json", manifest()), ("t.arrow", content)])
    assert "t.arrow is damaged" in refusal(path)


@given(st.binary(max_size=300), st.sampled_from(["manifest.json", "arrays.safetensors", "t.arrow"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_noise_in_any_member_is_refused_with_an_artifact_error(path: Path, noise: bytes, member: str) -> None:
    members = {"manifest.json": manifest()} | {member: noise}
    write_zip(path, list(members.items()))
    refusal(path)
