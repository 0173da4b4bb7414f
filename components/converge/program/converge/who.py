"""Who acts: what sshd says of the key that opened the connection (sshd_config(5), ExposeAuthInfo)."""

from __future__ import annotations

import hashlib
import os
import re
import stat

from converge.machine import Machine

LARGEST = 1 << 20
"""Bytes that are read of a file which is the operator's own."""


def login(machine: Machine) -> dict[str, str]:
    """Login user, fingerprint of the SSH key, and the comment that the key has on this machine; "" for what is unknown.

    sshd removes the file that says so when the connection ends.
    """
    user = os.environ.get("SUDO_USER") or os.environ.get("USER", "")
    keys = re.findall(r"^publickey \S+ ([A-Za-z0-9+/]+=*)$", _small(machine.auth), re.MULTILINE)
    if not keys:
        return {"user": user, "key": "", "name": ""}
    import base64

    digest = base64.b64encode(hashlib.sha256(base64.b64decode(keys[0])).digest()).decode().rstrip("=")
    return {"user": user, "key": "SHA256:" + digest, "name": _comment(machine, user, keys[0])}


def _comment(machine: Machine, user: str, key: str) -> str:
    """What stands behind a key in the user's authorized_keys."""
    account = machine.account(user)
    for name in ("authorized_keys", "authorized_keys2"):
        text = _small(machine.at(f"{account[5]}/.ssh/{name}")) if account else ""
        found = re.search(rf"^[^#\n]*\s{re.escape(key)}[ \t]+(.*)$", text, re.MULTILINE)
        if found:
            return found.group(1)
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
