"""XML from strangers: read without entities or document types, with a place for every error, and with a list of what nobody looked at.

A document type is refused as such: entities that grow without end, and files fetched from elsewhere, both need one.
A `Node` remembers which of its attributes and children were asked for; `unread` lists the rest, so that a reader cannot drop anything
silently.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from understudy.core.atomic import atomic_file, sink_error
from understudy.core.errors import DataError, did_you_mean

LARGEST = 512 * 2**20
"""Bytes, unpacked; road files of whole cities stay under 100 MiB."""
DEEPEST = 100
GZIP = b"\x1f\x8b"


@dataclass(eq=False)
class Node:
    """An element. Errors of its methods name the file, the line and the elements around it that carry an id."""

    tag: str
    attributes: dict[str, str]
    line: int
    file: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    content: str = ""
    asked: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        named = [f'{node.tag} "{node.attributes["id"]}"' for node in reversed([*self._upwards()]) if "id" in node.attributes]
        return ", ".join([self.file, f"line {self.line}", *named])

    def fault(self, what: str, remedy: str) -> DataError:
        return DataError(what, where=self.where, remedy=remedy)

    def text(self, name: str, default: str | None = None) -> str:
        """The attribute `name`; without a default it must be there."""
        self.asked.add("@" + name)
        value = self.attributes.get(name, default)
        if value is None:
            raise self.fault(
                f'<{self.tag}> has no attribute "{name}".',
                f"Add it. {did_you_mean(name, self.attributes) if self.attributes else ''}".strip(),
            )
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number; an empty attribute counts as none."""
        written = self.text(name, None if default is None else "").strip()
        if not written and default is not None:
            return default
        return self._as_number(written, f'The attribute "{name}" of <{self.tag}>')

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.number(name, default)
        if value != int(value):
            raise self.fault(
                f'The attribute "{name}" of <{self.tag}> is no whole number: "{self.attributes[name]}".', "Write a whole number."
            )
        return int(value)

    def content_number(self) -> float:
        """The element's text as a number."""
        return self._as_number(self.content.strip(), f"<{self.tag}>")

    def all(self, tag: str) -> list[Node]:
        self.asked.add(tag)
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> Node | None:
        found = self.all(tag)
        return found[0] if found else None

    def need(self, tag: str) -> Node:
        found = self.first(tag)
        if found is None:
            there = sorted({child.tag for child in self.children})
            raise self.fault(f"<{self.tag}> has no <{tag}>.", f"Add one. {did_you_mean(tag, there) if there else ''}".strip())
        return found

    def _as_number(self, written: str, what: str) -> float:
        try:
            value = float(written)
        except ValueError:
            raise self.fault(f'{what} is no number: "{written}".', "Write a number with a decimal point.") from None
        if not math.isfinite(value):
            raise self.fault(f'{what} is not finite: "{written}".', "Write a finite number.")
        return value

    def _upwards(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


def read_xml(path: str | Path, root: str) -> Node:
    """The root element of a file (plain or gzip), which must be <`root`>.

    Raises:
        DataError: the file cannot be read, is no XML, has a document type, is larger than `LARGEST` or nested deeper than `DEEPEST`.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            packed = opened.read(2) == GZIP
        with gzip.open(file) if packed else file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"The file cannot be read: {error}.", where=str(file), remedy="Check the path and the permissions.") from error
    if len(raw) > LARGEST:
        raise DataError(f"The file is larger than {LARGEST // 2**20} MiB.", where=str(file), remedy="Split it into smaller networks.")
    return parse_xml(raw, str(file), root)


def parse_xml(raw: bytes, file: str, root: str) -> Node:
    """As `read_xml`, from bytes; `file` is what errors call them."""
    builder = _Builder(file)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: builder.start(tag, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = lambda *_: builder.doctype(parser.CurrentLineNumber)
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise DataError(
            f"The file is no well-formed XML: {expat.ErrorString(error.code)}.",
            where=f"{file}, line {error.lineno}",
            remedy="Mend that line, or export the file again.",
        ) from error
    made = builder.root
    if made is None or made.tag != root:
        found = "nothing" if made is None else f"<{made.tag}>"
        raise DataError(f"The file's root is {found}, not <{root}>.", where=file, remedy=f"Give a file whose root is <{root}>.")
    return made


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.open: list[Node] = []

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        parent = self.open[-1] if self.open else None
        node = Node(tag, attributes, line, self.file, parent)
        if len(self.open) >= DEEPEST:
            raise node.fault(f"Elements are nested deeper than {DEEPEST}.", "Such a file is no road network: check where it comes from.")
        if parent is None:
            self.root = node
        else:
            parent.children.append(node)
        self.open.append(node)

    def end(self, tag: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        self.open[-1].content += text

    def doctype(self, line: int) -> None:
        raise DataError(
            "The file declares a document type, which can hide endless entities and foreign files.",
            where=f"{self.file}, line {line}",
            remedy="Remove the <!DOCTYPE ...> declaration.",
        )


def unread(root: Node) -> list[str]:
    """One line for each kind of element or attribute that nobody asked for, with how often and where first."""
    counts: dict[str, tuple[int, int]] = {}
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        node, path = stack.pop()
        for name in node.attributes:
            if "@" + name not in node.asked and not name.startswith(("xmlns", "xsi:")):
                _count(counts, f'attribute "{name}" of <{path}{node.tag}>', node.line)
        for child in node.children:
            if child.tag in node.asked:
                stack.append((child, f"{path}{node.tag}/"))
            else:
                _count(counts, f"<{path}{node.tag}/{child.tag}>", child.line)
    return [f"{what}: not understood, left out ({number} times, first in line {line})" for what, (number, line) in sorted(counts.items())]


def _count(counts: dict[str, tuple[int, int]], what: str, line: int) -> None:
    number, first = counts.get(what, (0, line))
    counts[what] = (number + 1, min(first, line))


def element(parent: ElementTree.Element | None, tag: str, **attributes: object) -> ElementTree.Element:
    """A new element under `parent`; numbers are written in full, truths as true and false, None not at all. A name's last _ falls off."""
    written = {name.rstrip("_"): _written(value) for name, value in attributes.items() if value is not None}
    return ElementTree.Element(tag, written) if parent is None else ElementTree.SubElement(parent, tag, written)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):  # NumPy's floats are floats, too
        return repr(float(value) + 0.0)
    return str(value)


def write_xml(root: ElementTree.Element, path: str | Path) -> None:
    """Indented, as UTF-8; whole or not at all."""
    ElementTree.indent(root, "  ")
    target = Path(path)
    try:
        with atomic_file(target) as opened:
            opened.write(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    except OSError as error:
        raise sink_error(error, target) from error


def numbers(text: str, count: int, node: Node) -> Sequence[float]:
    """`count` numbers between blanks."""
    parts = text.split()
    if len(parts) != count:
        raise node.fault(f'<{node.tag}> holds {len(parts)} numbers, not {count}: "{text.strip()[:80]}".', f"Write {count} numbers.")
    return [node._as_number(part, f"<{node.tag}>") for part in parts]
