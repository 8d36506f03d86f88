"""One object store of the tests' own that speaks the API of S3, on loopback.

It is moto's, in a process of its own. Where moto or s3fs is missing such tests are skipped, or
fail when OOMDB_S3_TESTS is `required`.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_LIMIT_S = 180
_LOOPBACK = "127.0.0.1"
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The server's URL; it is started when the first test asks for it."""
    missing = [
        name
        for name in ("moto", "flask", "flask_cors", "s3fs")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        reason = f"missing: {', '.join(missing)}"
        if os.environ.get("OOMDB_S3_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind((_LOOPBACK, 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", _LOOPBACK, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://{_LOOPBACK}:{port}"
        _wait_for(url, server)
        yield url
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_LIMIT_S
    while True:
        with suppress(OSError), urllib.request.urlopen(url):
            return
        if server.poll() is not None or time.monotonic() > end:
            raise TimeoutError(f"no answer from {url}")
        time.sleep(0.05)


@pytest.fixture(scope="module")
def bucket(s3_server: str) -> Iterator[str]:
    """The URL of an empty bucket, which this process and those that it starts reach."""
    name = f"bucket-{next(_NUMBERS)}"
    with pytest.MonkeyPatch.context() as patch:
        for setting, value in (
            ("AWS_ENDPOINT_URL", s3_server),
            ("AWS_ACCESS_KEY_ID", "nobody"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", os.devnull),
            ("AWS_SHARED_CREDENTIALS_FILE", os.devnull),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            patch.setenv(setting, value)
        made = urllib.request.Request(f"{s3_server}/{name}", method="PUT")
        urllib.request.urlopen(made).close()
        yield f"s3://{name}"
