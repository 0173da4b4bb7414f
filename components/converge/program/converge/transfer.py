"""One HTTP transfer into a file, which goes on where an earlier one stopped."""

from __future__ import annotations

import os
from _collections_abc import Callable

from converge.documents import ArtifactSpec
from converge.errors import Failed, reason
from converge.light import hashlib
from converge.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, BinaryIO

CHUNK = 1 << 20
SILENCE = 30.0
"""Seconds without a byte after which an attempt is given up."""


class Damaged(Exception):
    """The bytes are not the right ones."""


def transfer(spec: ArtifactSpec, part: BinaryIO, tell: Callable[[int], None]) -> None:
    """Completes `part`, tells its size on the way, and checks it.

    Raises Damaged when what is there now is not the artifact, Failed for what no further attempt mends, and OSError for
    an attempt that broke off.
    """
    part.seek(0)
    digest, have = hashlib.sha256(), 0
    while chunk := part.read(CHUNK):
        digest.update(chunk)
        have += len(chunk)
    if have < spec["bytes"]:
        digest, have = _receive(spec, part, digest, have, tell)
    if have > spec["bytes"]:
        raise Damaged(f"{spec['url']} is larger than the {spec['bytes']:,} bytes it should have")
    if have < spec["bytes"]:
        raise OSError(f"{have:,} bytes came, {spec['bytes']:,} should have")
    if digest.hexdigest() != spec["sha256"]:
        raise Damaged(f"{spec['url']} has the SHA-256 {digest.hexdigest()}, and {spec['sha256']} is wanted")


def _receive(
    spec: ArtifactSpec, part: BinaryIO, digest: Any, have: int, tell: Callable[[int], None]
) -> tuple[Any, int]:
    import http.client
    import urllib.error
    import urllib.request

    headers = {"User-Agent": "sovereign-edge", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(spec["url"], headers=headers), timeout=SILENCE) as answer:
            goes_on = answer.status == 206 and str(answer.headers["Content-Range"]).startswith(f"bytes {have}-")
            if have and not goes_on:
                _store(part, lambda: part.truncate(0))
                digest, have = hashlib.sha256(), 0
            while have <= spec["bytes"] and (chunk := answer.read(CHUNK)):
                digest.update(chunk)
                have += len(chunk)
                _store(part, lambda: part.write(chunk))
                tell(have)
    except urllib.error.HTTPError as error:
        if error.code == 416:
            raise Damaged(
                f"{spec['url']} has no more than {have:,} bytes, {spec['bytes']:,} should have come"
            ) from None
        raise
    except http.client.HTTPException as error:
        raise OSError(f"broken answer ({type(error).__name__})") from None
    finally:
        _store(part, lambda: os.fsync(part.fileno()))
    return digest, have


def _store(part: BinaryIO, change: Callable[[], object]) -> None:
    """Changes the file. On a full disk it gives its room back: the machine needs it more than the next attempt does."""
    try:
        change()
        part.flush()
    except OSError as error:
        part.truncate(0)
        raise Failed(f"it cannot be stored: {reason(error)}") from None
