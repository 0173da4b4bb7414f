"""Who answers an echo (RFC 792): asked of many at once, because a packet may be lost on the way."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Collection

AGAIN = 0.25
"""Seconds between two questions to one who has not answered."""


def answering(hosts: Collection[str], seconds: float) -> set[str]:
    """Those of the IPv4 addresses that answer within `seconds`; returns as soon as all have."""
    if not hosts:
        return set()
    own = os.getpid() & 0xFFFF
    found: set[str] = set()
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as line:
        for turn in range(int(seconds / AGAIN)):
            for host in sorted(set(hosts) - found):
                # A peer without an endpoint, or without a route: nobody who answers.
                with contextlib.suppress(OSError):
                    line.sendto(request(own, turn), (host, 0))
            found |= _heard(line, own, set(hosts) - found, min(time.monotonic() + AGAIN, deadline))
            if found == set(hosts):
                break
    return found


def _heard(line: socket.socket, own: int, wanted: set[str], until: float) -> set[str]:
    found: set[str] = set()
    while found != wanted:
        left = until - time.monotonic()
        if left <= 0:
            break
        line.settimeout(left)
        try:
            packet, (host, _) = line.recvfrom(1500)
        except OSError:
            # Nobody within that time; or a notice that a packet could not be delivered.
            continue
        if host in wanted and is_reply(packet, own):
            found.add(host)
    return found


def request(own: int, turn: int) -> bytes:
    """An echo request: type 8, code 0, checksum, identifier, sequence number."""
    blank = struct.pack("!BBHHH", 8, 0, 0, own, turn)
    return struct.pack("!BBHHH", 8, 0, checksum(blank), own, turn)


def is_reply(packet: bytes, own: int) -> bool:
    """Whether an IPv4 packet is the reply (type 0) to a request of ours."""
    start = (packet[0] & 0x0F) * 4 if packet else 0
    if len(packet) < start + 8:
        return False
    kind, _, _, identifier, _ = struct.unpack("!BBHHH", packet[start : start + 8])
    return bool(kind == 0 and identifier == own)


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
