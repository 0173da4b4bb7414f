"""Downloads, pinned by their hash."""

from __future__ import annotations

import os
import stat
from _collections_abc import Mapping

from converge.documents import ArtifactSpec
from converge.durable import sync_tree, tree
from converge.errors import Failed, shown
from converge.light import sha256
from converge.machine import Machine
from converge.typed import TYPE_CHECKING, TypedDict, cast

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
    digest = sha256(f"{spec['unpack']} {spec['mode']}".encode())
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
    """Puts an artifact at `target`, unpacked when it is an archive. What waits for its use needs no download."""
    from converge.downloads import obtain, put

    file = obtain(machine, name, spec)
    if spec["unpack"]:
        unpack(name, file, target)
    else:
        put(file, target, int(spec["mode"], 8))


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
    sync_tree(target)


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
