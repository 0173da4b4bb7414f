"""Downloads, pinned by their hash."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict, cast

from converge.documents import ArtifactSpec
from converge.durable import tree
from converge.errors import Failed, shown
from converge.machine import Machine

if TYPE_CHECKING:
    import tarfile


class Stamp(TypedDict):
    """A verified artifact: which archive it came from, and a fingerprint of what stands on the machine."""

    sha256: str
    fingerprint: str


def load_stamps(machine: Machine) -> dict[str, Stamp]:
    """Stamps of all artifacts by path."""
    return cast("dict[str, Stamp]", machine.load("artifacts.json") or {})


def stamp_holds(machine: Machine, stamps: Mapping[str, Stamp], name: str, spec: ArtifactSpec) -> bool:
    """Whether an artifact is there as it was verified: by sizes and times, not by reading it again."""
    stamp = stamps.get(name)
    return stamp == {"sha256": spec["sha256"], "fingerprint": fingerprint(machine.at(name), spec)}


def fingerprint(name: str, spec: ArtifactSpec) -> str:
    """Hash over names, modes, sizes and times of a file or a whole directory; empty when there is nothing."""
    digest = hashlib.sha256(f"{spec['unpack']} {spec['mode']}".encode())
    for entry in tree(name):
        found = os.lstat(entry)
        what = (
            entry[len(name) :],
            found.st_mode,
            found.st_uid,
            found.st_size if not stat.S_ISDIR(found.st_mode) else 0,
        )
        digest.update(repr((*what, found.st_mtime_ns)).encode())
    return digest.hexdigest() if os.path.lexists(name) else ""


def fetch(machine: Machine, name: str, spec: ArtifactSpec, target: str) -> None:
    """Downloads an artifact to `target`, checks it on the way, and unpacks it there when it is an archive."""
    needed = spec["bytes"] * (4 if spec["unpack"] else 1)
    room = os.statvfs(os.path.dirname(target))
    free = room.f_bavail * room.f_frsize
    if free < needed:
        raise Failed(f"artifact {name}: {needed:,} bytes of disk are needed, {free:,} are free")
    archive = target + ".download" if spec["unpack"] else target
    for attempt in (1, 2, 3):
        try:
            download(spec, archive)
            break
        except OSError as error:
            reason = getattr(error, "reason", error)
            if attempt == 3 or 400 <= getattr(error, "code", 0) < 500:
                raise Failed(f"artifact {name}: {spec['url']} cannot be fetched: {reason}") from None
            time.sleep(attempt)
        except Failed as failure:
            raise Failed(f"artifact {name}: {failure}") from None
    if spec["unpack"]:
        unpack(name, archive, target)
        os.unlink(archive)
    else:
        os.chmod(target, int(spec["mode"], 8))


def download(spec: ArtifactSpec, target: str) -> None:
    """Streams a URL into a file; size and hash have to be those of the artifact."""
    import http.client
    import urllib.request

    request = urllib.request.Request(spec["url"], headers={"User-Agent": "sovereign-edge"})
    digest = hashlib.sha256()
    size = 0
    try:
        with urllib.request.urlopen(request, timeout=30) as answer, open(target, "wb") as file:
            while chunk := answer.read(1 << 20):
                size += len(chunk)
                if size > spec["bytes"]:
                    raise Failed(f"{spec['url']} is larger than the {spec['bytes']:,} bytes it should have")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except http.client.HTTPException as error:
        raise OSError(f"broken answer ({type(error).__name__})") from None
    if size != spec["bytes"]:
        raise OSError(f"{size:,} bytes came, {spec['bytes']:,} should have")
    if digest.hexdigest() != spec["sha256"]:
        raise Failed(f"{spec['url']} has the SHA-256 {digest.hexdigest()}, and {spec['sha256']} is wanted")


def unpack(name: str, archive: str, target: str) -> None:
    """Unpacks a tar.gz into the directory `target`, without the one folder that may be around everything."""
    import tarfile

    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            for member in members:
                _check_member(member)
            os.mkdir(target, 0o755)
            if hasattr(tarfile, "data_filter"):
                tar.extractall(target, members=members, filter="data")
            else:
                tar.extractall(target, members=members)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise Failed(f"artifact {name}: the archive is refused: {error}") from None
    entries = os.listdir(target)
    if (
        len(entries) == 1
        and os.path.isdir(os.path.join(target, entries[0]))
        and not os.path.islink(os.path.join(target, entries[0]))
    ):
        os.rename(os.path.join(target, entries[0]), target + ".inner")
        os.rmdir(target)
        os.rename(target + ".inner", target)
    os.chmod(target, 0o755)
    for entry in tree(target):
        if not os.path.islink(entry):
            descriptor = os.open(entry, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _check_member(member: tarfile.TarInfo) -> None:
    """Raises ValueError for what has no business in an archive of programs; makes the rest root's and plain."""
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise ValueError(f"{shown(member.name)} leaves the folder")
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise ValueError(f"{shown(member.name)} is a device or a pipe")
    if member.issym() or member.islnk():
        base = os.path.dirname(member.name) if member.issym() else ""
        inside = os.path.normpath(os.path.join(base, member.linkname))
        if member.linkname.startswith("/") or inside == ".." or inside.startswith("../"):
            raise ValueError(f"{shown(member.name)} links to {shown(member.linkname)}, which is outside")
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode &= 0o755
