"""Downloads: fetched before the machine's lock is taken, each once, and waiting in a place of their own until used.

A download waits on the file system that it is wanted on, in a directory that only root can read, under its SHA-256:
`SHA256.part` while it comes, `SHA256` once it was verified, `SHA256.json` beside it with what it looked like then. What
a run that was cut off left goes on where it stopped. Roles that want the same file wait for one download and share its
blocks. `sweep_downloads` clears the places when all roles have what they want.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from _collections_abc import Iterator

from converge.documents import ArtifactSpec
from converge.durable import content, make_durably, now, remove, sync_tree, write_durably
from converge.errors import Failed
from converge.light import contextmanager, dumps, hashlib, loads, re, suppress
from converge.machine import Machine
from converge.paths import STATE
from converge.room import existing, room_at
from converge.transfer import Damaged, transfer
from converge.typed import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from typing import BinaryIO

FETCHED = "fetched"
"""Directory of our own for downloads, and for notes of the places on other file systems."""
PLACE = ".sovereign-edge.get"
"""Directory at the top of another file system."""
RUNS = "runs"
TRIES = 3
"""Attempts in a row that bring nothing new before it is given up."""
UNPACKED = 4
"""How many times its size an archive takes on the disk, itself included, while it is unpacked."""
QUIET = 10.0
"""Seconds after which a download says how far it is."""
TOLD = 60.0
"""Seconds between two such words."""
LIVELY = 60.0
"""Seconds for which a note of progress is believed."""


class Progress(TypedDict):
    """How far a download is, in bytes."""

    artifact: str
    url: str
    bytes: int
    of: int


def obtain(machine: Machine, name: str, spec: ArtifactSpec) -> str:
    """Where the verified download of an artifact stands; fetches it when it is not there."""
    place = place_for(machine, name)
    file = f"{place}/{spec['sha256']}"
    with _alone(file + ".part") as part:
        if not is_verified(file) and not _verify_again(file, spec):
            _require_room(machine, name, spec, os.path.getsize(file + ".part"))
            _bring(machine, name, spec, part)
            os.replace(file + ".part", file)
            write_durably(file + ".json", dumps(_looks(file)).encode())
    return file


def _verify_again(file: str, spec: ArtifactSpec) -> bool:
    """Reads a download that looks otherwise than noted, or was not noted; removes one that is not right."""
    if not os.path.isfile(file):
        return False
    digest = hashlib.sha256()
    with open(file, "rb") as found:
        while chunk := found.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() == spec["sha256"]:
        write_durably(file + ".json", dumps(_looks(file)).encode())
        return True
    remove(file)
    return False


def is_verified(file: str) -> bool:
    """Whether a download is there just as it was verified."""
    noted = content(file + ".json")
    return bool(noted) and os.path.isfile(file) and loads(noted) == _looks(file)


def is_obtained(machine: Machine, name: str, spec: ArtifactSpec) -> bool:
    """Whether the download of an artifact waits to be used."""
    directory = _directory(machine, name)
    return os.path.isdir(directory) and is_verified(f"{directory}/{spec['sha256']}")


def put(file: str, target: str, mode: int) -> None:
    """Gives a download its second name; a copy where that cannot be, or where it has another mode already."""
    found = os.stat(file)
    if found.st_nlink == 1:
        os.chmod(file, mode)
        sync_tree(file)
    if found.st_nlink == 1 or found.st_mode & 0o7777 == mode:
        with suppress(OSError):
            os.link(file, target)
            return
    import shutil

    shutil.copyfile(file, target)
    os.chmod(target, mode)
    sync_tree(target)


def place_for(machine: Machine, name: str) -> str:
    """The directory for downloads on the file system of a path; makes it."""
    directory = _directory(machine, name)
    if not os.path.isdir(directory):
        ours = machine.state(FETCHED)
        make_durably(ours, 0o700)
        if directory != ours:
            note = f"{ours}/place-{hashlib.sha256(directory.encode()).hexdigest()[:16]}"
            write_durably(note, directory[len(machine.root) :].encode())
            make_durably(directory, 0o700)
    return directory


def _directory(machine: Machine, name: str) -> str:
    if room_at(machine, name)[0] == room_at(machine, STATE)[0]:
        return machine.state(FETCHED)
    top = existing(machine, name)
    while top not in ("/", machine.root) and os.stat(os.path.dirname(top)).st_dev == os.stat(top).st_dev:
        top = os.path.dirname(top)
    return os.path.join(top, PLACE)


def sweep_downloads(machine: Machine) -> list[str]:
    """Removes all downloads that no run is at work on, and the places when they are empty. Returns their hashes."""
    ours = machine.state(FETCHED)
    notes = [f"{ours}/{name}" for name in _list(ours) if name.startswith("place-")]
    gone: list[str] = []
    for place in [*(machine.at(content(note).decode()) for note in notes), ours]:
        hashes = {name.partition(".")[0] for name in _list(place) if not name.startswith("place-")}
        for digest in sorted(hashes):
            gone += [digest] if _forget(f"{place}/{digest}") else []
        if place != ours:
            with suppress(OSError):
                os.rmdir(place)
    for note in notes:
        if not os.path.isdir(machine.at(content(note).decode())):
            remove(note)
    return gone


def _forget(file: str) -> bool:
    with suppress(OSError), open(file + ".part", "ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for ending in (".json.new", ".json", "", ".part"):
            remove(file + ending)
        return True
    return False


def _list(directory: str) -> list[str]:
    return sorted(os.listdir(directory)) if os.path.isdir(directory) else []


def _looks(file: str) -> list[int]:
    found = os.stat(file)
    return [found.st_size, found.st_mtime_ns, found.st_ino]


@contextmanager
def _alone(name: str) -> Iterator[BinaryIO]:
    """Opens a file of which one run at a time is the writer; the others wait for it, and say so."""
    told = False
    while True:
        with open(name, "a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    print(f"waiting for another run that downloads {os.path.basename(name)[:12]}…", file=sys.stderr)
                told = True
                time.sleep(0.2)
                continue
            # Meanwhile it may have become the download itself; then the name is free, or of another file.
            if os.path.exists(name) and os.path.samestat(os.fstat(file.fileno()), os.stat(name)):
                try:
                    yield file
                finally:
                    if os.path.exists(name) and os.path.getsize(name) == 0:
                        os.unlink(name)
                return


def _require_room(machine: Machine, name: str, spec: ArtifactSpec, have: int) -> None:
    needed = spec["bytes"] * (UNPACKED if spec["unpack"] else 1) - have
    free = room_at(machine, name)[1]
    if free < needed:
        raise Failed(f"artifact {name}: {needed:,} bytes of disk are needed, {free:,} are free")


def _bring(machine: Machine, name: str, spec: ArtifactSpec, part: BinaryIO) -> None:
    """Fetches until the file is whole and right. Each attempt goes on where the one before ended."""
    teller = _Teller(machine, name, spec)
    best, futile = 0, 0
    while True:
        begun = part.seek(0, os.SEEK_END)
        try:
            return transfer(spec, part, teller.tell)
        except Failed as failure:
            raise Failed(f"artifact {name}: {failure}") from None
        except Damaged as damaged:
            part.truncate(0)
            # What lay there from an earlier run may be at fault; a whole answer that is wrong stays wrong.
            if begun == 0:
                raise Failed(f"artifact {name}: {damaged}") from None
        except OSError as error:
            have = part.seek(0, os.SEEK_END)
            futile = 0 if have > best else futile + 1
            best = max(best, have)
            code = getattr(error, "code", 0)
            if futile >= TRIES or (400 <= code < 500 and code not in _AGAIN):
                words = _with_clock(str(getattr(error, "reason", error)))
                answer = f"{code} {words}" if code else words
                raise Failed(f"artifact {name}: {spec['url']} cannot be fetched: {answer}") from None
            time.sleep(futile + 1)
        finally:
            teller.end()


_AGAIN = (408, 425, 429)


def _with_clock(words: str) -> str:
    """OpenSSL's words; when a certificate is not valid at this time, with the time that this machine believes in."""
    if re.search(r"certificate (is not yet valid|has expired)", words):
        return f"{words}; this machine's clock says {now()}: is it right?"
    return words


class _Teller:
    """Says how far a download is: to `status` every second, to whoever waits for it now and then."""

    def __init__(self, machine: Machine, name: str, spec: ArtifactSpec) -> None:
        self.name = name
        self.spec = spec
        self.file = machine.state(f"{RUNS}/download-{spec['sha256'][:32]}")
        self.said = time.monotonic() + QUIET - TOLD
        self.noted = 0.0

    def tell(self, size: int) -> None:
        """Takes the bytes that are there."""
        at = time.monotonic()
        if at - self.noted >= 1:
            self.noted = at
            note: Progress = {"artifact": self.name, "url": self.spec["url"], "bytes": size, "of": self.spec["bytes"]}
            with open(self.file + ".new", "w", encoding="utf-8") as file:
                file.write(dumps(note))
            os.replace(self.file + ".new", self.file)
        if at - self.said >= TOLD:
            self.said = at
            share = size * 100 // max(1, self.spec["bytes"])
            print(f"downloading {self.name}: {share} % of {self.spec['bytes']:,} bytes", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Nothing goes on any more."""
        remove(self.file)


def downloads_under_way(machine: Machine) -> list[Progress]:
    """For `status`: the downloads that are going on. What a run that was killed left is older than its last second."""
    found: list[Progress] = []
    for name in _list(machine.state(RUNS)):
        with suppress(OSError, ValueError):
            file = machine.state(f"{RUNS}/{name}")
            if name.startswith("download-") and time.time() - os.stat(file).st_mtime < LIVELY:
                found.append(cast(Progress, loads(content(file))))
    return found
