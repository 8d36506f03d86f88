"""A page in a real browser, watched, and what every page has to stand."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.test_pages.conftest import Site

PHONE, LAPTOP = (360, 740), (1280, 800)
#: What the page would not tell otherwise.
_WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@contextmanager
def opened(
    browser: Browser,
    site: Site,
    path: str,
    size: tuple[int, int] = LAPTOP,
    **settings: Any,
) -> Iterator[Page]:
    """The page; at the end, nothing else was asked for and the browser complained of nothing."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", **settings
    )
    said: list[str] = []
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(30_000)
    site.asked.clear()
    page.goto(site.address + path)
    yield page
    if settings.get("java_script_enabled", True):
        said += page.evaluate("window.refused")
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [site.address + path]
    assert site.asked == [path]


def violations(page: Page) -> list[str]:
    """The serious and critical findings of axe-core, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def column(page: Page, table: str, number: int) -> list[str]:
    return [
        text.strip()
        for text in page.locator(f"#{table} tbody tr td:nth-child({number})").all_text_contents()
    ]


every_size = pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])


def in_each_scheme(page: Page) -> Iterator[str]:
    """The names of the schemes, of which the open page takes the colours one after the other."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        yield scheme


def is_judged_first(size: tuple[int, int], scheme: str) -> bool:
    """Which of two pages axe looks at: it takes seconds, and judges size and scheme apart."""
    return (size == LAPTOP) == (scheme == "light")


def check_fits(page: Page, size: tuple[int, int], scheme: str) -> None:
    """With all of it open it is no wider than the screen, and has the colours of the scheme."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
