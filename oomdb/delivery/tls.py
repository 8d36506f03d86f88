"""How private a way to a server is."""

from __future__ import annotations

import ipaddress
import ssl

from oomdb.errors import UsageError


def is_this_machine(host: str) -> bool:
    """Whether what goes to `host` leaves the machine at no time."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """A context that checks certificates and names, by the system's authorities or a file's.

    UsageError when the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UsageError(f"cannot use the certificates in {ca_file}: {error.strerror}") from error
