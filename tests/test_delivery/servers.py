"""A mail server and a web server that take what is sent, at first unwillingly if asked to."""

from __future__ import annotations

import email
import email.policy
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from oomdb.delivery.retry import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path


@dataclass
class Hours:
    """Time that passes only while somebody waits."""

    now_s: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds

    def patience(self, patience_s: float = 300, least_try_s: float = 30) -> Patience:
        return Patience(patience_s, least_try_s, lambda: self.now_s, self.sleep, lambda: 0.0)


class Authority:
    """An authority that nobody trusts but who has its file."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(self.context)
        self.for_another_host = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("other.example").configure_cert(self.for_another_host)


@dataclass
class Mailbox:
    """What a mail server took: the mails, by whom, and whether privately."""

    answers: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    were_private: list[bool] = field(default_factory=list)
    refused_recipients: dict[str, str] = field(default_factory=dict)
    port: int = 0
    farewell: str = "221 Bye"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return self.farewell

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        self.logins.append(session.auth_data)
        self.were_private.append(session.ssl is not None)
        return "250 taken"


@contextmanager
def mail_server(
    mailbox: Mailbox,
    context: ssl.SSLContext | None = None,
    *,
    is_tls_from_the_start: bool = False,
    password: str | None = None,
) -> Iterator[int]:
    """The port of a server that fills the mailbox; with a password it wants a login."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (b"oomdb", (password or "").encode())
        return AuthResult(success=right, handled=False, auth_data="oomdb" if right else None)

    starts_tls = context is not None and not is_tls_from_the_start
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port or _free_port(),
        ssl_context=context if is_tls_from_the_start else None,
        tls_context=context if starts_tls else None,
        require_starttls=starts_tls,
        auth_required=password is not None,
        # To aiosmtpd TLS from the start is no TLS.
        auth_require_tls=starts_tls,
        authenticator=check,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Posted:
    """What a web server got: paths, headers, bodies; `answers` are given first, then 200."""

    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    on_post: Callable[[], object] = bool


@contextmanager
def web_server(posted: Posted, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The URL of a server, without a path."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.paths.append(self.path)
            posted.headers.append({key.title(): value for key, value in self.headers.items()})
            posted.bodies.append(json.loads(body))
            posted.on_post()
            code, headers, text = posted.answers.pop(0) if posted.answers else (200, {}, "ok")
            self.send_response(code)
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping_server(whole: bytes, drop: bytes) -> Iterator[int]:
    """The port of a server that sends `whole`, then a `drop` again and again, and no end."""
    import socket

    is_over = threading.Event()

    def drip(client: socket.socket) -> None:
        with client:
            try:
                client.sendall(whole)
                while not is_over.wait(0.1):
                    client.sendall(drop)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=drip, args=(client,)))
            threads[-1].start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        taking = threading.Thread(target=serve)
        taking.start()
        try:
            yield server.getsockname()[1]
        finally:
            is_over.set()
            server.shutdown(socket.SHUT_RDWR)
            taking.join()
            for thread in threads:
                thread.join()
