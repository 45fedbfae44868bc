"""The page in a real browser: its scripts run, its pictures are drawn, nothing goes wrong, nothing hangs out of a phone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from understudy.evaluate.report import render
from understudy.evaluate.result import Evaluation

Maker = Callable[..., Evaluation]

BROWSER = os.environ.get("UNDERSTUDY_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path; set UNDERSTUDY_CHROMIUM to one"),
]
AWKWARD = ["</script><script>document.documentElement.dataset.owned = 1</script>", "a\nb", "x" * 3000, "", "名前 " * 30]

# Presses everything there is to press, then tells the outer page what it measured.
PRESS = """
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
addEventListener("load", async () => {
  const press = (selector) => document.querySelectorAll(selector).forEach((element) => element.click());
  const find = document.getElementById("find");
  find.value = "a"; find.dispatchEvent(new Event("input", { bubbles: true }));
  find.value = ""; find.dispatchEvent(new Event("input", { bubbles: true }));
  for (const open of document.querySelectorAll(".column .open")) { open.click(); document.querySelector("dialog .close").click(); }
  press("#theme"); press(".switch button"); press(".more"); press("summary");
  document.querySelector(".canvasbox canvas").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
  await wait(500);
  const found = { scroll: document.documentElement.scrollWidth, inner: innerWidth, errors: document.documentElement.dataset.errors,
    theme: document.documentElement.dataset.theme, reading: document.getElementById("map-reading").textContent };
  parent.postMessage(found, "*");
});
"""


def dump(page: Path) -> str:
    assert BROWSER is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync", "--virtual-time-budget=6000"]  # fmt: skip
    command = [BROWSER, *options, f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, encoding="utf-8").stdout


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Evaluation], str]:
    def open_(evaluation: Evaluation) -> str:
        page = tmp_path / "report.html"
        page.write_text(render(evaluation), encoding="utf-8")
        return dump(page)

    return open_


@pytest.fixture
def pressed(tmp_path: Path) -> Callable[[Evaluation, int], dict[str, Any]]:
    """The page in a frame of a phone's width, without its policy, which would rightly refuse the script that presses its buttons."""

    def press(evaluation: Evaluation, width: int) -> dict[str, Any]:
        page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", render(evaluation))
        (tmp_path / "inner.html").write_text(page.replace("</body>", f"<script>{PRESS}</script></body>"), encoding="utf-8")
        outer = tmp_path / "outer.html"
        told = '<script>addEventListener("message", (event) => { document.title = JSON.stringify(event.data); });</script>'
        outer.write_text(f"<title></title>{told}<iframe width={width} height=800 src=inner.html></iframe>", encoding="utf-8")
        title = re.search(r"<title>(.*?)</title>", dump(outer))
        assert title is not None
        assert title[1], "the page told nothing"
        found: dict[str, Any] = json.loads(title[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
        return found

    return press


def drawn(page: str) -> int:
    return len(re.findall(r'<div class="plot"[^>]*><svg', page))


def test_scripts_run_without_errors_and_draw_every_picture(an_evaluation: Maker, opened: Callable[[Evaluation], str]) -> None:
    page = opened(an_evaluation())
    assert re.search(r'<html[^>]* data-ready="true"', page)
    assert re.search(r'<html[^>]* data-errors="0"', page)
    assert drawn(page) == 4
    assert "made anew: 100" in page


def test_hostile_names_run_nothing(an_evaluation: Maker, opened: Callable[[Evaluation], str]) -> None:
    page = opened(an_evaluation(AWKWARD, label="</script><img src=x onerror=alert(1)>"))
    root = re.search(r"<html[^>]*>", page)
    assert root is not None
    assert 'data-errors="0"' in root[0]
    assert "owned" not in root[0]
    assert "<img" not in re.sub(r'="[^"]*"', "", page.split('id="evaluation"')[0])


def test_five_hundred_columns_open_with_the_first_ones_drawn(an_evaluation: Maker, opened: Callable[[Evaluation], str]) -> None:
    page = opened(an_evaluation([f"sensor {at}" for at in range(500)]))
    assert re.search(r'<html[^>]* data-errors="0"', page)
    assert drawn(page) == 24
    assert "more of 500" in page


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_one_way_only_and_every_button_works(
    an_evaluation: Maker, pressed: Callable[[Evaluation, int], dict[str, Any]], width: int
) -> None:
    found = pressed(an_evaluation(AWKWARD), width)
    assert found["inner"] == width
    assert found["scroll"] <= width
    assert found["errors"] == "0"
    assert found["theme"] in ("light", "dark")
    assert "Spearman" in found["reading"]
