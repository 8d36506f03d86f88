"""Pages in a real browser: nothing leaves them, they sort, fit, and can be used by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_pages.browsing import (
    LAPTOP,
    check_fits,
    column,
    every_size,
    in_each_scheme,
    is_judged_first,
    opened,
    violations,
)
from tests.test_pages.conftest import SHOWN, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SEED, CGROUP, CROWD = (f"/{name}.html" for name in SHOWN)


@every_size
def test_a_page_is_quiet_fits_and_is_accessible(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    for path in (SEED, CGROUP):
        with opened(browser, site, path, size) as page:
            for scheme in in_each_scheme(page):
                check_fits(page, size, scheme)
                if path == (SEED if is_judged_first(size, scheme) else CGROUP):
                    assert violations(page) == []
                fill = page.evaluate("getComputedStyle(document.querySelector('svg .f-ink')).fill")
                assert (fill == "rgb(26, 32, 39)") == (scheme == "light")


def test_the_first_screen_is_the_answer(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED) as page:
        for text in ("iZ23tpcto8eZ: java", "Jun  4 17:19:10", "held 6,151,080 kB", "find out why"):
            box = page.get_by_text(text).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= LAPTOP[1]


def test_a_table_is_sorted_by_mouse_and_keyboard(browser: Browser, site: Site) -> None:
    with opened(browser, site, CROWD) as page:
        heads = page.locator("#table-processes thead th")
        rss, name, pid = heads.nth(3), heads.nth(1), heads.nth(0)
        assert rss.get_attribute("aria-sort") == "descending"
        before = column(page, "table-processes", 4)
        rss.get_by_role("button").click()
        assert rss.get_attribute("aria-sort") == "ascending"
        numbers = [int(text.replace(",", "")) for text in column(page, "table-processes", 4)]
        assert numbers == sorted(numbers)
        assert sorted(before) == sorted(column(page, "table-processes", 4))
        name.get_by_role("button").focus()
        page.keyboard.press("Enter")
        assert name.get_attribute("aria-sort") == "ascending"
        assert rss.get_attribute("aria-sort") is None
        names = column(page, "table-processes", 2)
        assert names == page.evaluate("names => names.sort((a, b) => a.localeCompare(b))", names)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        assert pid.get_attribute("aria-sort") == "descending"
        pids = [int(text) for text in column(page, "table-processes", 1)]
        assert pids == sorted(pids, reverse=True)


def test_what_is_absent_comes_last_in_both_directions(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED) as page:
        button = page.locator("#table-ranking thead th").nth(5).get_by_role("button")
        for _ in range(2):
            button.click()
            assert column(page, "table-ranking", 6)[0] == "800"
            assert set(column(page, "table-ranking", 6)[1:]) == {"–"}  # noqa: RUF001


def test_a_fact_leads_to_its_line(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED) as page:
        line = page.locator("#L63")
        assert not line.is_visible()
        page.locator('#killing .cited a[href="#L63"]').first.click()
        line.wait_for(state="visible")
        assert "Killed process 5424" in line.inner_text()
        page.wait_for_function("document.querySelector('#L63').getBoundingClientRect().top < 800")
        page.locator("details.evidence > summary").click()
        page.locator('#table-processes a[href="#L52"]').focus()
        page.keyboard.press("Enter")
        page.locator("#L52").wait_for(state="visible")
        assert "[ 5424]" in page.locator("#L52").inner_text()


def test_an_address_with_a_line_opens_it(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED) as page:
        page.evaluate("location.hash = 'L63'")
        page.locator("#L63").wait_for(state="visible")


def test_the_keyboard_comes_past_the_navigation(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.locator("nav a", has_text="Memory").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "Math.abs(document.querySelector('#memory').getBoundingClientRect().top) < 200"
        )


def test_all_is_there_without_script(browser: Browser, site: Site) -> None:
    with opened(browser, site, SEED, java_script_enabled=False) as page:
        assert page.locator("h1").is_visible()
        assert page.locator("#table-processes tbody tr").count() == 36
        assert page.locator("#table-processes thead button").count() == 0


def test_paper_is_white_and_has_whole_tables(browser: Browser, site: Site) -> None:
    with opened(browser, site, CROWD, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        assert not page.locator("nav").is_visible()
        hidden = page.evaluate(
            "[...document.querySelectorAll('.scroll')]"
            ".filter(box => box.scrollHeight > box.clientHeight + 1).length"
        )
        assert hidden == 0


def test_the_policy_bites(browser: Browser, site: Site) -> None:
    """What a hostile log could add to a page, would anything let it through."""
    with pytest.raises(AssertionError) as failed, opened(browser, site, SEED) as page:
        page.evaluate(
            """() => {
              const main = document.querySelector("main");
              main.innerHTML += '<img src="/stolen.png"><p style="color: red">x</p>'
                + '<iframe src="/frame.html"></iframe>';
              const script = document.createElement("script");
              script.textContent = "window.ran = true";
              main.append(script);
              fetch("/fetched.json").catch(() => {});
            }"""
        )
        page.wait_for_function("window.refused.length >= 5")
        assert page.evaluate("window.ran") is None
        kinds = {entry.split()[0] for entry in page.evaluate("window.refused")}
        assert {"img-src", "style-src-attr", "script-src-elem", "connect-src"} <= kinds
    assert "Content Security Policy" in str(failed.value)
    assert site.asked == [SEED]
