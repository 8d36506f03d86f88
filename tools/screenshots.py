"""Screenshots of pages made of samples/: python -m tools.screenshots FOLDER."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from oomdb import explain
from oomdb.ingest import ingest
from oomdb.store import Store
from tools import browser

_SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "rocketmq-8g.log"
#: name: width, height, colour scheme, the element whose top is at the top (None: the page).
_VIEWS = {
    "event-laptop-light": (1280, 800, "light", None),
    "event-laptop-dark": (1280, 800, "dark", "#zones"),
    "event-phone-light": (390, 844, "light", None),
    "event-phone-dark": (390, 844, "dark", "#zones"),
}


def main(folder: Path) -> None:
    """Write a PNG for each view into `folder`."""
    chromium = browser.program()
    if chromium is None:
        sys.exit("there is no chromium: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oomdb-pages-") as scratch:
        page_file = Path(scratch, "event.html")
        page_file.write_text(_page(Path(scratch, "oomdb.duckdb")), encoding="utf-8")
        with browser.launched(chromium) as program:
            for name, (width, height, scheme, top) in _VIEWS.items():
                context = program.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                page = context.new_page()
                page.goto(page_file.as_uri() + (top or ""))
                page.screenshot(path=folder / f"{name}.png")
                context.close()


def _page(database: Path) -> str:
    """The page of the sample's event."""
    ingest([_SAMPLE], database)
    with Store.open_for_reading(database) as reader:
        found = reader.connection.execute("SELECT event_id FROM events").fetchall()
        return explain.as_html(reader.connection, explain.explain(reader.connection, found[0][0]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
