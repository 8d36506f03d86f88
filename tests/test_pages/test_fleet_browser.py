"""A fleet report in a real browser, as the pages of incidents are tested there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_pages.browsing import (
    LAPTOP,
    PHONE,
    check_fits,
    column,
    every_size,
    in_each_scheme,
    is_judged_first,
    opened,
    violations,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.test_pages.conftest import Site

WEEK, INDEX, LIST = "/week.html", "/index.html", "/incidents.html"


@every_size
def test_it_is_quiet_fits_and_is_accessible(
    browser: Browser, fleet_site: Site, size: tuple[int, int]
) -> None:
    for path in (WEEK, INDEX, LIST):
        with opened(browser, fleet_site, path, size) as page:
            for scheme in in_each_scheme(page):
                check_fits(page, size, scheme)
                if path == (WEEK if is_judged_first(size, scheme) else INDEX):
                    assert violations(page) == []


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_first_screen_is_the_answer(
    browser: Browser, fleet_site: Site, size: tuple[int, int]
) -> None:
    with opened(browser, fleet_site, WEEK, size) as page:
        for text in (
            "29 OOM incidents in 7 days, 40 processes killed on 20 hosts",
            "the kernel panicked out of memory once on db2",
            "worse: java was killed 19 times on 14 hosts, 4 in the period before",
            "worse: host build1 ran out of memory 5 times",
        ):
            box = (
                page.locator("h1, .findings")
                .get_by_text(text)
                .or_(page.get_by_role("heading", name=text))
                .first.bounding_box()
            )
            assert box is not None
            assert box["y"] + box["height"] <= size[1], text


def test_a_number_leads_to_its_incidents(browser: Browser, fleet_site: Site) -> None:
    with opened(browser, fleet_site, WEEK) as page:
        behind = page.locator("#behind-victims-1")
        assert not behind.is_visible()
        page.locator("#table-victims tbody tr").first.locator("td:nth-child(3) a").click()
        behind.wait_for(state="visible")
        assert behind.locator("li").first.is_visible()
        assert "19 incidents" in behind.inner_text()
        assert "WHERE comm = 'java'" in (behind.locator("pre").text_content() or "")


def test_a_line_of_attention_leads_to_its_section(browser: Browser, fleet_site: Site) -> None:
    with opened(browser, fleet_site, WEEK) as page:
        page.locator(".findings a", has_text="a limit was hit").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "Math.abs(document.querySelector('#limits').getBoundingClientRect().top) < 200"
        )


def test_its_tables_are_sorted(browser: Browser, fleet_site: Site) -> None:
    with opened(browser, fleet_site, WEEK) as page:
        before = column(page, "table-hosts", 1)
        page.locator("#table-hosts thead th").nth(0).get_by_role("button").click()
        names = column(page, "table-hosts", 1)
        assert names != before
        assert names == page.evaluate("names => names.sort((a, b) => a.localeCompare(b))", names)
        page.locator("#table-hosts thead th").nth(2).get_by_role("button").click()
        numbers = [int(text) for text in column(page, "table-hosts", 3)]
        assert numbers == sorted(numbers, reverse=True)


def test_from_the_fleet_to_an_incident_and_back(browser: Browser, fleet_site: Site) -> None:
    """The links of a site, which ask for its own pages alone."""
    context = browser.new_context(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
    page = context.new_page()
    page.set_default_timeout(30_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    fleet_site.asked.clear()
    page.goto(fleet_site.address + INDEX)
    link = page.locator("#table-incidents tbody a").first
    event_id = link.inner_text()
    link.click()
    page.wait_for_url(f"**/events/{event_id}.html")
    assert page.locator("h1").is_visible()
    page.get_by_role("link", name="Fleet", exact=True).click()
    page.wait_for_url("**/index.html")
    page.get_by_role("link", name="All incidents of the period").click()
    page.wait_for_url("**/incidents.html")
    context.close()
    assert said == []
    assert fleet_site.asked == [INDEX, f"/events/{event_id}.html", INDEX, LIST]


def test_all_is_there_without_script(browser: Browser, fleet_site: Site) -> None:
    with opened(browser, fleet_site, WEEK, java_script_enabled=False) as page:
        assert page.locator(".findings li").first.is_visible()
        page.locator("summary", has_text="more lines").click()
        assert page.locator(".findings li").last.is_visible()
