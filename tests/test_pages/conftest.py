"""A real browser for pages, and a server that tells what it was asked for."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from oomdb import databases
from oomdb.fleet_report import as_html
from oomdb.fleet_report.site import write_site
from oomdb.ingest import ingest
from tests import fleets, samples
from tests.test_pages import pages
from tools.browser import launched, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

#: Set where a browser must be there: its absence is then a failure.
REQUIRED = "OOMDB_BROWSER_TESTS"
#: Pages that differ in what is on them, by the sample that they show.
SHOWN = ("rocketmq-8g.log", "6.1-amd64--memcg-v2-pod.log", "6.1-amd64--many-processes.log")


@dataclass
class Site:
    """Pages on a server, by their paths; `asked` has every path that was asked for."""

    address: str
    pages: dict[str, bytes]
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    found = program()
    if found is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, and there is no chromium to run")
        pytest.skip("no chromium is installed")
    with launched(found) as browser:
        yield browser


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The pages of some samples."""
    database = tmp_path_factory.mktemp("site") / "oomdb.duckdb"
    ingest([samples.ROOT / name for name in SHOWN], database)
    served = Site("", {})
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute(
            "SELECT DISTINCT path, event_id FROM sightings JOIN sources USING (source_id)"
        ).fetchall()
        for path, event_id in found:
            name = next(name for name in SHOWN if path.endswith(name))
            served.pages[f"/{name}.html"] = pages.of(reader.connection, event_id).encode()
    with serving(served):
        yield served


@pytest.fixture(scope="package")
def fleet_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fleet report of a week as a page, and the site of a day in it."""
    folder = tmp_path_factory.mktemp("fleet")
    day = fleets.report_of("30h", "2026-06-06T18:00")
    with databases.open_for_reading(fleets.of_samples()) as reader:
        write_site(reader.connection, day, fleets.of_samples(), folder, jobs=1)
    found = {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*.html")}
    served = Site("", {**found, "/week.html": as_html(fleets.report_of()).encode()})
    with serving(served):
        yield served


@contextmanager
def serving(served: Site) -> Iterator[None]:
    """A server of the pages, which notes what it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            content = served.pages.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()
