"""Downloads: fetched without the lock, each once, going on where they stopped, and swept when nobody waits for them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import http.client
import http.server
import io
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from converge_support import Node, converge

BODY = bytes(range(256)) * 40
HASH = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY as the test says; `asked` are the ranges of the requests."""

    asked: list[str]
    plan: list[Any]
    """what each request gets: bytes to send before the line breaks, a status, or None for all"""
    ranges = True

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.asked.append(wanted)
        plan = self.plan.pop(0) if self.plan else None
        start = int(wanted[len("bytes=") : -1]) if wanted and self.ranges else 0
        if isinstance(plan, int) and plan < 0:
            self.send_error(-plan)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        self.wfile.write(BODY[start:] if plan is None else BODY[start : start + plan])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Any]:
    """An HTTP server on a free port."""
    handler = type("TestHandler", (Handler,), {"asked": [], "plan": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_address[1]}/file"  # type: ignore[attr-defined]
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def artifact(server: Any, **changes: Any) -> dict[str, Any]:
    """The artifact that the server has."""
    return {"url": server.url, "sha256": HASH, "bytes": len(BODY), "arch": "any", **changes}


def obtain(node: Node, server: Any, name: str = "/opt/x") -> str:
    """Obtains the artifact for a path."""
    node.machine.prepare()
    found: str = converge.obtain(node.machine, name, {**artifact(server), "unpack": "", "mode": "0644"})
    return found


def waiting(node: Node) -> list[str]:
    """Files in the place for downloads."""
    place = node.path("/var/lib/sovereign-edge/fetched")
    return sorted(found.name.replace(HASH, "HASH") for found in place.iterdir()) if place.is_dir() else []


def test_broken_line_goes_on_where_it_broke(node: Node, server: Any) -> None:
    server.plan = [1000, 2000]
    assert Path(obtain(node, server)).read_bytes() == BODY
    assert server.asked == ["", "bytes=1000-", "bytes=3000-"]
    assert waiting(node) == ["HASH", "HASH.json"]


def test_run_that_was_cut_off_is_gone_on_with(node: Node, server: Any) -> None:
    server.plan = [4000, -503, -503, -503]
    with pytest.raises(converge.Failed, match=f"artifact /opt/x: {server.url} cannot be fetched: 503 "):
        node.apply(artifacts={"/opt/x": artifact(server)})
    assert waiting(node) == ["HASH.part"]
    server.asked.clear()
    assert node.apply(artifacts={"/opt/x": artifact(server)}) == ["changed: /opt/x"]
    assert server.asked == ["bytes=4000-"]
    assert node.path("/opt/x").read_bytes() == BODY


def test_server_that_knows_no_ranges(node: Node, server: Any) -> None:
    server.ranges = False
    server.plan = [1000]
    assert Path(obtain(node, server)).read_bytes() == BODY
    assert server.asked == ["", "bytes=1000-"]


@pytest.mark.parametrize("rest", [b"zeros" * 10, BODY[:-1] + b"x", BODY + b"more"], ids=["short", "whole", "long"])
def test_bad_remains_are_fetched_anew(node: Node, server: Any, rest: bytes) -> None:
    place = node.path("/var/lib/sovereign-edge/fetched")
    place.mkdir(parents=True)
    (place / f"{HASH}.part").write_bytes(rest)
    assert Path(obtain(node, server)).read_bytes() == BODY
    assert server.asked[-1] == ""


@pytest.mark.parametrize("what", ["is not yet valid", "has expired"])
def test_a_certificate_of_another_time_comes_with_the_clock(
    node: Node, server: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise URLError(f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate {what} (_ssl.c:1)")

    monkeypatch.setattr("converge.downloads.transfer", refuse)
    with pytest.raises(converge.Failed, match=rf"certificate {what} .*; this machine's clock says \d{{4}}-.*Z: is it"):
        obtain(node, server)


def test_no_end_to_a_line_that_brings_nothing(node: Node, server: Any) -> None:
    server.plan = [100] + [0] * 20
    with pytest.raises(converge.Failed, match=r"cannot be fetched: 100 bytes came, 10,240 should have$"):
        obtain(node, server)
    assert len(server.asked) == 4
    assert waiting(node) == ["HASH.part"]


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (429, 3), (500, 3)])
def test_what_is_not_asked_for_again(node: Node, server: Any, status: int, requests: int) -> None:
    server.plan = [-status] * 9
    with pytest.raises(converge.Failed, match=f"cannot be fetched: {status} "):
        obtain(node, server)
    assert len(server.asked) == requests
    assert waiting(node) == []


def test_wrong_from_the_first_byte_is_not_fetched_twice(node: Node, server: Any) -> None:
    wrong = {**artifact(server), "sha256": "0" * 64}
    with pytest.raises(converge.Failed, match=f"has the SHA-256 {HASH}, and 0000"):
        node.apply(artifacts={"/opt/x": wrong})
    assert len(server.asked) == 1
    assert node.path("/var/lib/sovereign-edge/roles").is_dir()
    assert waiting(node) == []


def test_shorter_on_the_server_than_it_should_be(node: Node, server: Any) -> None:
    server.plan = [None, -416, None, -416, None, -416, None, -416]
    with pytest.raises(converge.Failed, match="10,240 bytes came, 20,000 should have"):
        node.apply(artifacts={"/opt/x": artifact(server, bytes=20000)})


def test_disk_that_fills_up_gets_its_room_back(node: Node, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    node.machine.prepare()
    converge.place_for(node.machine, "/opt/x")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(converge.Failed, match="artifact /opt/x: it cannot be stored: No space left on device"):
        obtain(node, server)
    assert len(server.asked) == 1
    assert waiting(node) == []


# One download for many


def test_two_roles_share_one_download_and_its_blocks(node: Node, server: Any) -> None:
    node.apply("one", artifacts={"/opt/one": artifact(server)})
    node.apply("two", artifacts={"/srv/two": artifact(server), "/srv/three": artifact(server, mode="0600")})
    assert len(server.asked) == 1
    one, two, three = (node.path(name).stat() for name in ("/opt/one", "/srv/two", "/srv/three"))
    assert one.st_ino == two.st_ino != three.st_ino
    assert [found.st_mode & 0o777 for found in (one, two, three)] == [0o644, 0o644, 0o600]
    assert node.path("/srv/three").read_bytes() == BODY


class Waits(io.StringIO):
    """Standard error in which a run says that it waits. What is read by capsys while a thread writes may be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.said = threading.Event()

    def write(self, text: str) -> int:
        if "waiting for another run" in text:
            self.said.set()
        return super().write(text)


def test_one_waits_for_the_download_of_another(node: Node, server: Any) -> None:
    place = node.path("/var/lib/sovereign-edge/fetched")
    place.mkdir(parents=True)
    ours = (place / f"{HASH}.part").open("a+b")
    fcntl.flock(ours, fcntl.LOCK_EX)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(obtain(node, server)), daemon=True)
    with contextlib.redirect_stderr(Waits()) as waits:
        thread.start()
        assert waits.said.wait(30)
    ours.write(BODY)
    ours.flush()
    os.replace(place / f"{HASH}.part", place / HASH)
    (place / f"{HASH}.json").write_text(json.dumps(looks(place / HASH)))
    ours.close()
    thread.join(30)
    assert found == [str(place / HASH)]
    assert server.asked == []
    assert waiting(node) == ["HASH", "HASH.json"]


def test_download_of_another_that_was_swept_is_begun_anew(node: Node, server: Any) -> None:
    place = node.path("/var/lib/sovereign-edge/fetched")
    place.mkdir(parents=True)
    with (place / f"{HASH}.part").open("a+b") as ours:
        fcntl.flock(ours, fcntl.LOCK_EX)
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(obtain(node, server)), daemon=True)
        with contextlib.redirect_stderr(Waits()) as waits:
            thread.start()
            assert waits.said.wait(30)
        os.unlink(place / f"{HASH}.part")
    thread.join(30)
    assert found == [str(place / HASH)]
    assert waiting(node) == ["HASH", "HASH.json"]


def looks(file: Path) -> list[int]:
    """What is noted of a download."""
    found = file.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def test_checked_again_before_its_use(node: Node, server: Any) -> None:
    file = Path(obtain(node, server))
    # Right, though it looks otherwise: it is read, and not fetched.
    os.utime(file, (1, 1))
    assert obtain(node, server) == str(file)
    assert len(server.asked) == 1
    file.write_bytes(BODY[:-1] + b"x")
    assert Path(obtain(node, server)).read_bytes() == BODY
    assert len(server.asked) == 2


def test_nothing_is_fetched_under_the_lock(node: Node, server: Any) -> None:
    free: list[bool] = []
    node.apply("first")

    def looked(handler: Any) -> None:
        with open(node.path("/var/lib/sovereign-edge/lock"), "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free.append(True)
            except BlockingIOError:
                free.append(False)
        Handler.do_GET(handler)

    server.do_GET = looked
    node.apply(artifacts={"/opt/x": artifact(server)})
    assert free == [True]


def test_machine_that_is_not_fit_downloads_nothing(node: Node, server: Any) -> None:
    with pytest.raises(converge.Failed, match="preflight: "):
        node.apply(artifacts={"/opt/x": artifact(server)}, requires={"memory": 2**50})
    assert server.asked == []


# Where it waits


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system than the machine."""
    places = [place for place in ("/dev/shm", "/var/tmp", "/run") if os.stat(place).st_dev != tmp_path.stat().st_dev]
    with tempfile.TemporaryDirectory(dir=places[0]) as name:
        yield Path(name)


def test_waits_on_the_file_system_that_it_is_for(node: Node, server: Any, other_disk: Path) -> None:
    os.symlink(other_disk, node.path("/mnt"))
    file = obtain(node, server, "/mnt/models/a")
    assert file == f"{node.root}/mnt/.sovereign-edge.get/{HASH}"
    assert (other_disk / ".sovereign-edge.get").stat().st_mode & 0o777 == 0o700
    assert [name[:6] for name in waiting(node)] == ["place-"]
    assert converge.sweep_downloads(node.machine) == [HASH]
    assert list(other_disk.iterdir()) == []
    assert waiting(node) == []


def test_own_state_on_a_file_system_of_its_own(node: Node, server: Any, other_disk: Path) -> None:
    os.symlink(other_disk, node.path("/var/lib/sovereign-edge"))
    assert obtain(node, server, "/opt/x") == f"{node.root}/.sovereign-edge.get/{HASH}"
    converge.sweep_downloads(node.machine)
    assert not node.path("/.sovereign-edge.get").exists()


def test_file_systems_without_second_names_get_a_copy(node: Node, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_link)
    node.apply(artifacts={"/opt/x": artifact(server, mode="0700")})
    assert node.path("/opt/x").read_bytes() == BODY
    assert node.path("/opt/x").stat().st_mode & 0o777 == 0o700
    assert node.path("/opt/x").stat().st_nlink == 1


def test_swept_when_all_roles_have_what_they_want(node: Node, server: Any) -> None:
    role = {"artifacts": {"/opt/x": artifact(server)}}
    node.apply(**role)
    assert waiting(node) == ["HASH", "HASH.json"]
    node.finish(role=role)
    assert waiting(node) == []
    assert node.path("/opt/x").read_bytes() == BODY
    assert node.apply(**role) == ["unchanged"]


def test_download_that_goes_on_is_not_swept(node: Node) -> None:
    place = node.path("/var/lib/sovereign-edge/fetched")
    place.mkdir(parents=True)
    with (place / f"{HASH}.part").open("a+b") as ours:
        fcntl.flock(ours, fcntl.LOCK_EX)
        assert converge.sweep_downloads(node.machine) == []
        assert waiting(node) == ["HASH.part"]
    assert converge.sweep_downloads(node.machine) == [HASH]
    assert waiting(node) == []


# How far it is


def test_progress_for_status_and_for_whoever_waits(
    node: Node, server: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []
    read = http.client.HTTPResponse.read

    def slowly(answer: Any, _size: int = 0) -> bytes:
        clock.slept += 31
        seen.extend(json.loads(converge.status(node.machine)[0])["downloads"])
        return read(answer, 4096)

    clock.slept = 0
    http.client.HTTPResponse.read = slowly  # type: ignore[method-assign,assignment]
    try:
        obtain(node, server)
    finally:
        http.client.HTTPResponse.read = read  # type: ignore[method-assign]
    assert [found["bytes"] for found in seen] == [4096, 8192, 10240]
    assert seen[0] == {"artifact": "/opt/x", "url": server.url, "bytes": 4096, "of": 10240}
    told = capsys.readouterr().err.splitlines()
    assert told == ["downloading /opt/x: 40 % of 10,240 bytes", "downloading /opt/x: 100 % of 10,240 bytes"]
    assert json.loads(converge.status(node.machine)[0])["downloads"] == []


def test_note_of_a_run_that_was_killed_is_not_believed(node: Node) -> None:
    node.machine.prepare()
    note = node.path("/var/lib/sovereign-edge/runs/download-x")
    note.write_text('{"bytes": 1}')
    assert converge.downloads_under_way(node.machine) == [{"bytes": 1}]
    os.utime(note, (1, 1))
    assert converge.downloads_under_way(node.machine) == []
