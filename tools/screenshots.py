"""Screenshots of pages made of samples/: python -m tools.screenshots FOLDER [README_FOLDER].

The two of the README are written to README_FOLDER, with few colours, so that they are small.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from oomdb import databases, explain, fleet_report
from oomdb.ingest import ingest
from tools import browser, fleet_of_samples

_SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "rocketmq-8g.log"
#: name: width, height, colour scheme, the element whose top is at the top (None: the page).
_VIEWS = {
    "event-laptop-light": (1280, 800, "light", None),
    "event-laptop-dark": (1280, 800, "dark", "#zones"),
    "event-phone-light": (390, 844, "light", None),
    "event-phone-dark": (390, 844, "dark", "#zones"),
    "fleet-laptop-light": (1280, 800, "light", None),
    "fleet-laptop-dark": (1280, 800, "dark", "#victims"),
    "fleet-phone-light": (390, 844, "light", "#hosts"),
    "fleet-phone-dark": (390, 844, "dark", None),
}
#: The README's, as above.
_README_VIEWS = {
    "fleet": (1280, 1130, "light", None),
    "event": (1280, 1130, "light", None),
}
_README_COLOURS = 64


def main(folder: Path, readme_folder: Path | None) -> None:
    """Write a PNG for each view into its folder."""
    chromium = browser.program()
    if chromium is None:
        sys.exit("there is no chromium: apt-get install chromium")
    wanted = {folder / f"{name}.png": view for name, view in _VIEWS.items()}
    if readme_folder is not None:
        wanted |= {readme_folder / f"{name}.png": view for name, view in _README_VIEWS.items()}
    with tempfile.TemporaryDirectory(prefix="oomdb-pages-") as scratch:
        for name, page in (("event", _page(Path(scratch, "event.duckdb"))), ("fleet", _fleet())):
            Path(scratch, f"{name}.html").write_text(page, encoding="utf-8")
        with browser.launched(chromium) as program:
            for path, (width, height, scheme, top) in wanted.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                context = program.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                page_file = Path(scratch, path.stem.partition("-")[0] + ".html")
                page = context.new_page()
                page.goto(page_file.as_uri() + (top or ""))
                page.screenshot(path=path)
                context.close()
                if path.parent == readme_folder:
                    _reduce(path)


def _reduce(path: Path) -> None:
    """Write the picture anew with few colours."""
    with Image.open(path) as picture:
        reduced = picture.convert("RGB").quantize(_README_COLOURS, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


def _fleet() -> str:
    """The page of the last week of the fleet that is made of the samples."""
    with tempfile.TemporaryDirectory(prefix="oomdb-pages-") as scratch:
        database = Path(scratch, "fleet.duckdb")
        fleet_of_samples.read_into(database)
        with databases.open_for_reading(database) as reader:
            period = fleet_report.period_of(
                reader.connection, "7d", fleet_of_samples.UNTIL, (), datetime.now(UTC)
            )
            return fleet_report.as_html(fleet_report.fleet_report(reader.connection, period))


def _page(database: Path) -> str:
    """The page of the sample's event."""
    ingest([_SAMPLE], database)
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute("SELECT event_id FROM events").fetchall()
        return explain.as_html(reader.connection, explain.explain(reader.connection, found[0][0]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
