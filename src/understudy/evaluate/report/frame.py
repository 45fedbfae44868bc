"""The frame of a page: head, bar of sections, foot, one style sheet, one script, the data; no request ever leaves it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from understudy.evaluate.report.markup import Child, Markup, join, tag
from understudy.evaluate.report.verdicts import shapes


@dataclass(frozen=True)
class Frame:
    """What a page is besides its sections.

    Attributes:
        title: of the window. embedded: JSON that is safe inside a script element; also what the download button gives.
        file: the name under which it is downloaded. scripts: files of `assets/`, in order.
        made: the last line of the page.
    """

    title: str
    embedded: str
    file: str
    scripts: tuple[str, ...]
    made: str

    def page(self, top: Markup, sections: dict[str, tuple[str, Markup | None]], *after: Child) -> str:
        """The whole page: the top, then the sections by their id, each with its name in the bar; those without content are left out."""
        style, script = _asset("report.css"), _script(self.scripts)
        present = [(section, title) for section, (title, content) in sections.items() if content is not None]
        body = tag(
            "body",
            tag("a", "Skip to the verdict", href="#top", class_="skip"),
            shapes(),
            _bar(present),
            tag("main", top, join(*(content for _, content in sections.values()))),
            tag("footer", tag("p", self.made)),
            *after,
            tag("script", Markup(self.embedded), type="application/json", id="evaluation"),
            tag("script", Markup(script)),
        )
        whole = tag("html", _head(self.title, style, script), body, lang="en", data_file=self.file)
        return f"<!doctype html>\n{whole}\n".encode("utf-8", "replace").decode("utf-8")


def _head(title: str, style: str, script: str) -> Markup:
    # Only this very style and this very script may run, and nothing may be fetched, whatever a column is called.
    policy = (
        f"default-src 'none'; style-src {_fingerprint(style)}; script-src {_fingerprint(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="generator", content="understudy"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )


def _bar(present: Sequence[tuple[str, str]]) -> Markup:
    links = [tag("a", title, href=f"#{section}") for section, title in present]
    buttons = tag(
        "div",
        tag("button", "JSON", type="button", id="download", title="Download the figures as JSON", hidden=True),
        tag("button", "Theme", type="button", id="theme", title="Light or dark", aria_label="Switch between light and dark", hidden=True),
        class_="tools",
    )
    brand = tag("a", "understudy", href="#top", class_="brand")
    return tag("div", brand, tag("nav", links, aria_label="Sections"), buttons, class_="topbar")


def made_on(when: str, release: str | None) -> str:
    """The last line of a page."""
    by = f"Made by understudy {release} " if release else "Made by understudy "
    return f"{by}on {when}. This page makes no request and needs no network."


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _script(names: Sequence[str]) -> str:
    return "(() => {\n" + "\n".join(_asset(name) for name in names) + "\n})();"


def _asset(name: str) -> str:
    text = resources.files("understudy.evaluate.report").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
