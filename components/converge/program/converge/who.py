"""Who acts: what sshd says of the key that opened the connection (sshd_config(5), ExposeAuthInfo)."""

from __future__ import annotations

import binascii
import os
import stat

from converge.light import sha256, suppress
from converge.machine import Machine

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
LARGEST = 1 << 20
"""Bytes that are read of a file which is the operator's own."""


def login(machine: Machine) -> dict[str, str]:
    """Login user, fingerprint of the SSH key, and the comment that the key has on this machine; "" for what is unknown.

    sshd removes the file that says so when the connection ends.
    """
    user = os.environ.get("SUDO_USER") or os.environ.get("USER", "")
    key = _key(_small(machine.auth))
    if not key:
        return {"user": user, "key": "", "name": ""}
    digest = binascii.b2a_base64(sha256(_decoded(key)).digest()).decode().rstrip("=\n")
    return {"user": user, "key": "SHA256:" + digest, "name": _comment(machine, user, key)}


def _key(text: str) -> str:
    """The first public key of what sshd wrote, in base64; "" when there is none."""
    for line in text.split("\n"):
        method, _, rest = line.partition(" ")
        key = rest.partition(" ")[2]
        if method == "publickey" and _decoded(key):
            return key
    return ""


def _decoded(key: str) -> bytes:
    """The bytes of a text in base64; none when it is something else."""
    with suppress(ValueError):
        if _BASE64.issuperset(key):
            return binascii.a2b_base64(key)
    return b""


def _comment(machine: Machine, user: str, key: str) -> str:
    """What stands behind a key in the user's authorized_keys."""
    account = machine.account(user)
    for name in ("authorized_keys", "authorized_keys2"):
        text = _small(machine.at(f"{account[5]}/.ssh/{name}")) if account else ""
        for line in text.split("\n"):
            options, there, comment = line.partition(key)
            if there and "#" not in options and options[-1:].isspace() and comment[:1] in (" ", "\t"):
                return comment.lstrip(" \t")
    return ""


def _small(name: str) -> str:
    """Text of a plain file; "" for everything else, which must not keep this run waiting."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.read(descriptor, LARGEST).decode("utf-8", "replace") if plain else ""
    finally:
        os.close(descriptor)
