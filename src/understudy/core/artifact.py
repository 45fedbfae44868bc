"""A model as one file: a zip of `manifest.json`, `arrays.safetensors` and one Arrow IPC file a table.

No member can carry code: JSON, numbers, and Arrow columns of a fixed list of flat types are all there is, and nothing is ever
unpacked to the disk. A file may come from a stranger, so before anything is read the zip's directory is checked against a list of
allowed names and limits (members, sizes, compression ratio); then every member is read to its checked length and its CRC compared.
The same model gives the same bytes: members carry no time and keep their order.
"""

from __future__ import annotations

import io
import json
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from understudy.core.atomic import atomic_file
from understudy.core.errors import ArtifactError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

T = TypeVar("T")

FORMAT = 1
"""The format that this release writes; it reads this and all before."""

MAX_BYTES = 4 * 2**30
MAX_MEMBERS = 256
MAX_MANIFEST_BYTES = 64 * 2**20
MAX_JSON_DEPTH = 64
MAX_RATIO = 200
"""Deflate packs nothing honest much tighter; members that would be are stored as they are."""

_FREE_OF_RATIO_BYTES = 2**20
_DIRECTORY_BYTES = 2**17
_END_BYTES = 22 + 20 + 56
"""A zip's three closing records; the last two are there in files of more than 2 GiB."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MANIFEST = "manifest.json"
_ARRAYS = "arrays.safetensors"
_TABLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_NUMBER_TAG = "$number"


@dataclass
class State:
    """All that a generator needs to be made again.

    Attributes:
        manifest: JSON values (dictionaries with string keys, lists, strings, numbers, booleans, None), at most 60 levels deep.
        arrays: NumPy arrays of numbers or booleans.
        tables: Arrow tables with flat columns (numbers, text, binary, times, decimals, dictionaries of them).
    """

    manifest: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)


def below(named: Mapping[str, T], prefix: str) -> dict[str, T]:
    """What has names that begin so, by the rest of them."""
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def save_artifact(path: str | Path, name: str, state: State) -> None:
    """Write `state` of the generator called `name` to `path`, whole or not at all.

    Raises:
        ArtifactError: the state holds what no artifact can (the message says what).
        SinkError: the file cannot be written.
    """
    members = {_MANIFEST: _manifest_bytes(name, state.manifest)}
    if state.arrays:
        members[_ARRAYS] = _arrays_bytes(state.arrays)
    for table_name in sorted(state.tables):
        members[f"{table_name}.arrow"] = _table_bytes(table_name, state.tables[table_name])
    if len(members) > MAX_MEMBERS:
        raise ArtifactError(f"A model file holds at most {MAX_MEMBERS - 2} tables, not {len(state.tables)}.")
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for member, content in members.items():
            _add(archive, member, content)


def load_artifact(path: str | Path, *, max_bytes: int = MAX_BYTES) -> tuple[str, State]:
    """The generator's name and state from a file that anybody may have made.

    Args:
        path: the file.
        max_bytes: most bytes of the file, and of its contents unpacked.

    Raises:
        ArtifactError: there is no such file, or it is damaged, hostile, too large, or of a newer release.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            members = _checked_members(file, max_bytes)
            name, manifest = _read_manifest(members.pop(_MANIFEST))
            arrays = _read_arrays(members.pop(_ARRAYS)) if _ARRAYS in members else {}
            tables = {member.removesuffix(".arrow"): _read_table(member, content) for member, content in members.items()}
    except ArtifactError as error:
        where = f"{path}, {error.where}" if error.where else str(path)
        raise ArtifactError(error.what, where=where, remedy=error.remedy or _REMEDY) from error
    except FileNotFoundError:
        raise ArtifactError("There is no such file.", where=str(path), remedy="Check the path.") from None
    except OSError as error:
        raise ArtifactError(f"The file cannot be read: {error.strerror or error}.", where=str(path)) from error
    except Exception as error:
        # Whatever else a stranger's bytes make a parser do, the caller meets one kind of error.
        raise ArtifactError(f"The file is damaged: {type(error).__name__}: {error}", where=str(path), remedy=_REMEDY) from error
    return name, State(manifest, arrays, tables)


_REMEDY = "Get the file anew, or save the model again."
_TRUST = "Raise the limit (max_bytes) if you trust the file."


# -- zip


def _add(archive: zipfile.ZipFile, member: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(member, date_time=_EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if _packs_modestly(content) else zipfile.ZIP_STORED
    archive.writestr(entry, content, compresslevel=6)


def _packs_modestly(content: bytes) -> bool:
    import zlib

    return len(content) <= _FREE_OF_RATIO_BYTES or len(content) <= len(zlib.compress(content, 6)) * MAX_RATIO


def _checked_members(file: BinaryIO, max_bytes: int) -> dict[str, bytes]:
    """All members' contents by name, read only once the directory as a whole has been found in order."""
    count = _checked_count_of_members(file, max_bytes)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != count:
                raise ArtifactError(f"The file is damaged: it announces {count} members and lists {len(entries)}.")
            _check_directory(entries, max_bytes)
            return {entry.filename: _read_member(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise ArtifactError(f"The file is damaged: {error}.") from error


def _checked_count_of_members(file: BinaryIO, max_bytes: int) -> int:
    """Check size, first and last bytes, and the directory's length, before `zipfile` reads a directory of any length into memory."""
    length = file.seek(0, io.SEEK_END)
    if length > max_bytes:
        raise ArtifactError(f"The file is larger than the limit of {max_bytes:,} bytes.", remedy=_TRUST)
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise ArtifactError("This is no understudy model file." if length else "The file is empty.", remedy="Check the path.")
    file.seek(-min(length, _END_BYTES), io.SEEK_END)
    members, directory_bytes, directory_end = _end_of_directory(file.read())
    if members > MAX_MEMBERS or directory_bytes > _DIRECTORY_BYTES:
        raise ArtifactError("The file holds more members than a model has.")
    if directory_end > length:
        raise ArtifactError("The file is incomplete.")
    return members


def _end_of_directory(tail: bytes) -> tuple[int, int, int]:
    """Members, bytes of the directory, and where it ends, from a zip's last bytes (APPNOTE 6.3.10, sections 4.3.14 to 4.3.16)."""
    end = tail[-22:]
    if len(end) < 22 or end[:4] != b"PK\x05\x06" or end[20:] != b"\0\0":
        raise ArtifactError("The file is incomplete: its end is missing or something was added after it.")
    if tail[-42:-38] != b"PK\x06\x07":
        members, size, offset = struct.unpack("<HII", end[10:20])
    elif len(tail) == _END_BYTES and tail[:4] == b"PK\x06\x06":
        members, size, offset = struct.unpack("<QQQ", tail[32:56])
    else:
        raise ArtifactError("The file is damaged: its directory cannot be found.")
    return members, size, offset + size


def _check_directory(entries: list[zipfile.ZipInfo], max_bytes: int) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise ArtifactError("The file holds two members of the same name.")
    if _MANIFEST not in names:
        raise ArtifactError("This is no understudy model file: it has no manifest.json.", remedy="Check the path.")
    for entry in entries:
        _check_entry(entry)
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise ArtifactError(f"The contents are larger than the limit of {max_bytes:,} bytes.", remedy=_TRUST)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.orig_filename != name or not _is_allowed(name):
        raise ArtifactError(f"The file holds {name!r}, which no model has.")
    if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArtifactError(f"{name} is encrypted or packed in a way that no model is.")
    if entry.file_size > _FREE_OF_RATIO_BYTES and entry.file_size > entry.compress_size * MAX_RATIO:
        raise ArtifactError(f"{name} would unpack to more than {MAX_RATIO} times its size.")
    if name == _MANIFEST and entry.file_size > MAX_MANIFEST_BYTES:
        raise ArtifactError(f"manifest.json is larger than {MAX_MANIFEST_BYTES:,} bytes.")


def _is_allowed(name: str) -> bool:
    return name in (_MANIFEST, _ARRAYS) or bool(name.endswith(".arrow") and _TABLE_NAME.fullmatch(name.removesuffix(".arrow")))


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A member to its declared length; `zipfile` compares the CRC at its end."""
    import zlib

    try:
        with archive.open(entry) as member:
            content = member.read(entry.file_size + 1)
    except zlib.error as error:
        raise ArtifactError(f"{entry.filename} is damaged: {error}.") from error
    if len(content) != entry.file_size:
        raise ArtifactError(f"{entry.filename} is incomplete.")
    return content


# -- manifest.json


def _manifest_bytes(name: str, manifest: Mapping[str, Any]) -> bytes:
    from understudy import __version__

    document = {"format": FORMAT, "name": name, "understudy": __version__, "state": _plain(manifest, "manifest", 0)}
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "surrogatepass")
    if len(content) > MAX_MANIFEST_BYTES:
        raise ArtifactError("The manifest is too large.", remedy="Keep long lists in State.arrays or State.tables.")
    return content


def _plain(value: Any, where: str, depth: int) -> Any:
    """`value` as strict JSON; numbers that JSON lacks become {"$number": "nan"}."""
    if depth > MAX_JSON_DEPTH - 4:
        raise ArtifactError("The manifest is nested too deeply.", where=where)
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER_TAG: repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(entry, f"{where}[{position}]", depth + 1) for position, entry in enumerate(value)]
    if not isinstance(value, Mapping):
        raise ArtifactError(f"The manifest cannot hold a {type(value).__name__}.", where=where, remedy="Use JSON values, arrays or tables.")
    for key in value:
        if not isinstance(key, str) or key == _NUMBER_TAG:
            raise ArtifactError(f"The manifest cannot hold the key {key!r}.", where=where, remedy="Keys are strings.")
    return {key: _plain(entry, f"{where}.{key}", depth + 1) for key, entry in value.items()}


def _read_manifest(content: bytes) -> tuple[str, dict[str, Any]]:
    _check_depth(content)
    try:
        document = json.loads(content.decode("utf-8", "surrogatepass"), object_hook=_unplain, parse_constant=_refuse_constant)
    except (ValueError, TypeError, RecursionError) as error:
        raise ArtifactError(f"manifest.json is damaged: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise ArtifactError("manifest.json does not state its format.")
    if document["format"] > FORMAT:
        made_by = document.get("understudy", "a newer release")
        raise ArtifactError(
            f"The file was made by a newer release ({made_by}, format {document['format']}; this one reads up to {FORMAT}).",
            remedy="Upgrade: pip install -U understudy",
        )
    name, state = document.get("name"), document.get("state")
    if document["format"] < 1 or not isinstance(name, str) or not isinstance(state, dict):
        raise ArtifactError("manifest.json lacks the name or the state of a model.")
    return name, state


def _check_depth(content: bytes) -> None:
    """Count brackets outside strings, so that the parser never recurses deeper than the limit."""
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', content, re.DOTALL):
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    if deepest > MAX_JSON_DEPTH:
        raise ArtifactError(f"manifest.json is nested deeper than {MAX_JSON_DEPTH} levels.")


def _unplain(entry: dict[str, Any]) -> Any:
    return float(entry[_NUMBER_TAG]) if entry.keys() == {_NUMBER_TAG} else entry


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


# -- arrays.safetensors


def _arrays_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    packed = {}
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise ArtifactError(
                f'The array "{name}" holds {array.dtype}, not numbers or booleans.', remedy="Keep text and times in State.tables."
            )
        # safetensors writes an array's memory as it lies, whatever its strides and byte order.
        packed[name] = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C")
    return bytes(save(packed))


def _read_arrays(content: bytes) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArtifactError(f"{_ARRAYS} is damaged: {error}.") from error
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ArtifactError(f'{_ARRAYS} holds {array.dtype} in "{name}", which no model has.')
    return {name: array if array.flags.writeable else array.copy() for name, array in arrays.items()}


# -- NAME.arrow


def _table_bytes(name: str, table: pa.Table) -> bytes:
    import pyarrow as pa

    if not _TABLE_NAME.fullmatch(name):
        raise ArtifactError(f"A model file cannot hold a table called {name!r}.", remedy="Use letters, digits, '_', '.' and '-'.")
    plain = table.replace_schema_metadata(None)
    _check_columns(plain.schema, name)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, plain.schema) as writer:
        writer.write_table(plain.combine_chunks())
    return sink.getvalue()


def _read_table(member: str, content: bytes) -> pa.Table:
    """Read the stream inside the file, message by message, so that what is checked is what is read."""
    import pyarrow as pa

    stream = content[8:]
    try:
        if content[:6] != b"ARROW1" or content[-6:] != b"ARROW1":
            raise ArtifactError(f"{member} is no Arrow file.")
        _check_messages(member, stream)
        with pa.ipc.open_stream(stream) as reader:
            _check_columns(reader.schema, member)
            table = reader.read_all()
        # Columns of no bytes (all missing) may claim any number of rows; real ones take at least a bit a row.
        if table.num_rows > 8 * len(content):
            raise ArtifactError(f"{member} claims more rows than it has bytes for.")
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, struct.error) as error:
        raise ArtifactError(f"{member} is damaged: {error}.") from error
    return table


def _check_columns(schema: pa.Schema, where: str) -> None:
    for column in schema:
        if not _is_flat(column.type) or b"ARROW:extension:name" in (column.metadata or {}):
            raise ArtifactError(f'The column "{column.name}" has the type {column.type}, which no model file holds.', where=where)


def _is_flat(kind: pa.DataType) -> bool:
    import pyarrow.types as is_

    if is_.is_dictionary(kind):
        return _is_flat(kind.value_type) and not is_.is_dictionary(kind.value_type)
    if isinstance(kind, _extension_types()):
        return False
    text = is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind)
    binary = is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_binary_view(kind) or is_.is_fixed_size_binary(kind)
    return bool(text or binary or is_.is_primitive(kind) or is_.is_decimal(kind) or is_.is_null(kind))


def _extension_types() -> tuple[type, ...]:
    import pyarrow as pa

    return (pa.ExtensionType, pa.BaseExtensionType)


def _check_messages(member: str, stream: bytes) -> None:
    """Refuse compressed buffers: they state their unpacked size themselves, and it is allocated before it is checked."""
    import pyarrow as pa

    reader = pa.ipc.MessageReader.open_stream(stream)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if message.type in ("record batch", "dictionary") and _is_compressed(message.metadata.to_pybytes(), message.type):
            raise ArtifactError(f"{member} is compressed inside, which no model is.")


def _is_compressed(metadata: bytes, kind: str) -> bool:
    """Whether an IPC message's flatbuffer sets RecordBatch.compression (Arrow format, Message.fbs)."""
    message = struct.unpack_from("<I", metadata, 0)[0]
    header = _flatbuffer_field(metadata, message, 2)
    batch = header and header + struct.unpack_from("<I", metadata, header)[0]
    if batch and kind == "dictionary":
        data = _flatbuffer_field(metadata, batch, 1)
        batch = data and data + struct.unpack_from("<I", metadata, data)[0]
    return bool(batch and _flatbuffer_field(metadata, batch, 3))


def _flatbuffer_field(buffer: bytes, table: int, field_index: int) -> int:
    """The position of a table's field, or 0 where it is left out."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    if vtable < 0 or 4 + 2 * field_index >= struct.unpack_from("<H", buffer, vtable)[0]:
        return 0
    offset = struct.unpack_from("<H", buffer, vtable + 4 + 2 * field_index)[0]
    return table + int(offset) if offset else 0
