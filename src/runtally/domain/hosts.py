"""How a host is written: in a Host or Origin header, and in a setting that names one."""

import ipaddress
import re
from typing import Final, NamedTuple

_HOST: Final = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?"
)
_PORT_MAX: Final = 65_535


class Host(NamedTuple):
    """A host in the one form in which hosts are compared: in small letters, without a dot at its end, an IPv6 address
    compressed and without its brackets; `port` is None where none was written.
    """

    name: str
    port: int | None


def parse_host(told: str) -> Host | None:
    """The host that is written there, with or without a port from 1 to 65535; None if it is none."""
    found = _HOST.fullmatch(told)
    if found is None:
        return None
    name = found["name"].lower().removesuffix(".")
    if name.startswith("["):
        try:
            name = ipaddress.IPv6Address(name[1:-1]).compressed
        except ValueError:
            return None
    if found["port"] is None:
        return Host(name, None)
    port = int(found["port"])
    return Host(name, port) if 1 <= port <= _PORT_MAX else None
