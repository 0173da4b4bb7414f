"""Downloads: checked on the way, unpacked without surprises, fetched once."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from converge_support import Node, converge, file

Serve = Callable[..., dict[str, Any]]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the bytes of the test."""

    bodies: dict[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[type[Handler]]:
    """An HTTP server on a free port."""
    handler = type("TestHandler", (Handler,), {"bodies": {}, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.port = server.server_address[1]  # type: ignore[attr-defined]
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def artifact(server: Any, name: str, body: bytes, **changes: Any) -> dict[str, Any]:
    """Serves `body` and gives the artifact for it."""
    server.bodies[name] = body
    return {
        "url": f"http://127.0.0.1:{server.port}{name}",
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "arch": "any",
        **changes,
    }


def archive(*members: tuple[str, Any]) -> bytes:
    """A tar.gz; a member's content is text, or a TarInfo type with a target."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.uname = 0o4775, 4711, "stranger"
            if isinstance(content, str):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content.encode()))
            else:
                info.type, info.linkname = content
                tar.addfile(info)
    return raw.getvalue()


def test_file_is_fetched_once_and_restarts_its_unit(node: Node, server: Any) -> None:
    path = "/opt/models/weights"
    node.system.unit("x.service", running=True, enabled=True)
    unit = {"x.service": {"enabled": True, "running": True, "restartOn": {path: True}}}
    role = {"artifacts": {path: artifact(server, "/w", b"one", mode="0640")}, "units": unit}
    node.apply(**role)
    assert node.text(path) == "one"
    assert node.path(path).stat().st_mode & 0o777 == 0o640
    assert node.apply(**role) == ["unchanged"]
    assert server.asked == ["/w"]
    node.apply(**{**role, "artifacts": {path: artifact(server, "/w2", b"two", mode="0640")}})
    assert node.text(path) == "two"
    assert node.system.verbs() == ["restart x.service"]
    node.path(path).write_text("by hand")
    node.apply(**{**role, "artifacts": {path: artifact(server, "/w2", b"two", mode="0640")}})
    assert node.text(path) == "two"
    assert node.leftovers() == []


def test_archive_loses_its_folder_its_owners_and_its_setuid(node: Node, server: Any) -> None:
    links = [("top/lib.so", (tarfile.SYMTYPE, "lib.so.1")), ("top/lib.so.1", "lib")]
    body = archive(("top", (tarfile.DIRTYPE, "")), ("top/bin/server", "program"), *links)
    role = {"artifacts": {"/opt/llama-1": artifact(server, "/a", body, unpack="tar.gz")}}
    node.apply(**role)
    program = node.path("/opt/llama-1/bin/server")
    assert program.read_text() == "program"
    assert program.stat().st_mode & 0o7777 == 0o755
    assert program.stat().st_uid == node.root.stat().st_uid
    assert node.path("/opt/llama-1/lib.so").read_text() == "lib"
    assert node.apply(**role) == ["unchanged"]
    program.write_text("by hand")
    assert node.apply(**role) == ["changed: /opt/llama-1"]
    assert program.read_text() == "program"
    assert node.leftovers() == []


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (("/etc/passwd", "x"), '"/etc/passwd" leaves the folder'),
        (("a/../../x", "x"), "leaves the folder"),
        (("null", (tarfile.CHRTYPE, "")), "is a device or a pipe"),
        (("link", (tarfile.SYMTYPE, "/etc")), 'links to "/etc", which is outside'),
        (("a/link", (tarfile.SYMTYPE, "../../x")), "which is outside"),
        (("hard", (tarfile.LNKTYPE, "../x")), "which is outside"),
    ],
)
def test_hostile_archive(node: Node, server: Any, member: tuple[str, Any], words: str) -> None:
    body = archive(("ok", "x"), member)
    with pytest.raises(converge.Failed, match="the archive is refused") as caught:
        node.apply(artifacts={"/opt/x": artifact(server, "/a", body, unpack="tar.gz")})
    assert words in str(caught.value)
    assert not node.path("/opt/x").exists()
    assert node.leftovers() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "has the SHA-256 "),
        ({"bytes": 3}, "is larger than the 3 bytes it should have"),
        ({"bytes": 5}, "4 bytes came, 5 should have"),
        ({"url": "http://127.0.0.1:1/x"}, "cannot be fetched: "),
    ],
)
def test_download_that_is_not_it(node: Node, server: Any, changes: dict[str, Any], words: str) -> None:
    node.path("/etc/old").write_text("old")
    with pytest.raises(converge.Failed) as caught:
        node.apply(artifacts={"/opt/x": artifact(server, "/a", b"body", **changes)}, files={"/etc/old": file("new")})
    assert str(caught.value).startswith("role: artifact /opt/x: ")
    assert words in str(caught.value)
    assert not node.path("/opt/x").exists()
    assert node.text("/etc/old") == "old"
    assert node.leftovers() == []


def test_download_that_has_no_room(node: Node, server: Any) -> None:
    wanted = {"/opt/x": artifact(server, "/a", b"body", bytes=2**50)}
    with pytest.raises(converge.Failed, match="1,125,899,906,842,624 bytes of disk are needed for /opt/x, and "):
        node.apply(artifacts=wanted)
    assert server.asked == []
    assert node.leftovers() == []


def test_missing_on_the_server_is_not_asked_for_again(node: Node, server: Any) -> None:
    with pytest.raises(converge.Failed, match="cannot be fetched: 404 Not Found"):
        node.apply(
            artifacts={"/opt/x": {**artifact(server, "/a", b"body"), "url": f"http://127.0.0.1:{server.port}/b"}}
        )
    assert server.asked == ["/b"]


def test_download_stays_when_a_later_step_fails(node: Node, server: Any) -> None:
    role: dict[str, Any] = {
        "artifacts": {"/opt/x/caddy": artifact(server, "/a", b"program")},
        "files": {"/etc/c": file("c", validate=["check"])},
    }
    node.system.answers["check"] = (1, "no")
    with pytest.raises(converge.Failed):
        node.apply(**role)
    assert not node.path("/etc/c").exists()
    del node.system.answers["check"]
    node.apply(**role)
    assert server.asked == ["/a"]
    assert node.text("/etc/c") == "c"


def test_replaced_artifact_comes_back_when_a_check_fails(node: Node, server: Any) -> None:
    old = {"artifacts": {"/opt/x": artifact(server, "/1", archive(("top/a", "1")), unpack="tar.gz")}}
    node.apply(**old)
    newer = {"/opt/x": artifact(server, "/2", archive(("top/a", "2")), unpack="tar.gz")}
    node.system.answers["never"] = (1, "")
    with pytest.raises(converge.Failed, match="check no did not pass"):
        node.apply(artifacts=newer, checks={"no": {"argv": ["never"], "within": 1}})
    assert node.text("/opt/x/a") == "1"
    assert node.apply(**old) == ["unchanged"]


def test_http_and_tcp_checks(node: Node, server: Any) -> None:
    server.bodies["/health?x=1"] = b"ok"
    at = f"127.0.0.1:{server.port}"
    good = {
        "http": {"http": {"url": f"http://{at}/health?x=1", "status": 200}, "within": 2},
        "tcp": {"tcp": at, "within": 2},
    }
    node.apply(checks=good)
    with pytest.raises(converge.Failed, match=f"check h did not pass within 1 s: http://{at}/no answered 404"):
        node.apply(checks={"h": {"http": {"url": f"http://{at}/no", "status": 200}, "within": 1}})
    with pytest.raises(converge.Failed, match="127.0.0.1:1: Connection refused"):
        node.apply(checks={"t": {"tcp": "127.0.0.1:1", "within": 1}})
