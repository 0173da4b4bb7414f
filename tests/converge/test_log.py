"""The log: who changed what, in a chain that shows every later touch, and that no power cut and no full disk breaks."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import converge_support
from converge_support import Node, converge, digest, document, file, unit

LOG = "/var/log/sovereign-edge/history.jsonl"
KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
FINGERPRINT = "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(KEY)).digest()).decode().rstrip("=")


def lines(node: Node) -> list[dict[str, Any]]:
    """The lines of the log, whose chain is looked at on the way."""
    prev, found = "0" * 64, []
    for number, raw in enumerate(node.path(LOG).read_bytes().splitlines(), 1):
        line = json.loads(raw)
        assert (line["n"], line["prev"]) == (number, prev)
        assert raw == json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        prev = hashlib.sha256(raw).hexdigest()
        found.append(line)
    assert tuple(converge.head(node.machine)) == (len(found), prev)
    return found


def results(node: Node) -> list[str]:
    """What each line ended with."""
    return [f"{line['verb']} {line['role']}: {line['result']}" for line in lines(node)]


def event(text: str = "x") -> Any:
    """Something to log."""
    return converge.Event("apply", "applied", "role", "a" * 64, [text])


def test_a_line_says_what_was_done(node: Node) -> None:
    node.secrets({"bob": "k" * 43 + "="}, db=(2, "hunter2hunter2"))
    node.system.unit("x.service", running=True, enabled=True)
    sections = {"files": {"/etc/x": file("x")}, "units": {"x.service": unit(reloadOn={"/etc/x": True})}}
    node.apply("web", **sections)
    assert node.apply("web", **sections) == ["unchanged"]
    stored, applied = lines(node)
    assert (stored["verb"], stored["role"], stored["hash"], stored["result"]) == ("secrets", "", "", "stored")
    assert stored["changed"] == ["db (generation 2)", "public keys"]
    assert (applied["verb"], applied["role"], applied["result"], applied["node"]) == (
        "apply",
        "web",
        "applied",
        "alice",
    )
    assert applied["hash"] == digest(document("web", **sections))
    assert applied["changed"] == ["/etc/x", "reloaded x.service"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", applied["time"])
    assert isinstance(applied["ms"], int)
    assert applied["ms"] >= 0
    assert applied["found"] == []


def test_for_root_alone(node: Node) -> None:
    converge.append(node.machine, event())
    log = node.path(LOG)
    assert (stat.S_IMODE(log.stat().st_mode), stat.S_IMODE(log.parent.stat().st_mode)) == (0o600, 0o700)


def test_a_link_in_the_way_is_not_followed(node: Node, tmp_path: Path) -> None:
    for place in (node.path(LOG), node.path(LOG).parent):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        if place == node.path(LOG):
            place.parent.mkdir()
            place.symlink_to(elsewhere / "log")
        else:
            node.path(LOG).unlink()
            place.rmdir()
            place.symlink_to(elsewhere)
        with pytest.raises(converge.Failed, match="the log of changes cannot be written"):
            converge.append(node.machine, event())
        assert list(elsewhere.iterdir()) == []


def test_failures_and_what_was_undone(node: Node) -> None:
    node.system.unit("x.service", running=True, enabled=True)
    good = {"files": {"/etc/x": file("x")}, "units": {"x.service": unit(reloadOn={"/etc/x": True})}}
    node.apply("web", **good)
    node.system.answers["bad"] = (1, "syntax error")
    with pytest.raises(converge.Failed):
        node.apply("web", files={"/etc/x": file("y", validate=["bad", "{}"])})
    node.system.answers["systemctl reload x.service"] = (1, "no")
    with pytest.raises(converge.Failed):
        node.apply("web", **{**good, "files": {"/etc/x": file("z")}})
    assert results(node) == [
        "apply web: applied",
        "apply web: failed: /etc/x is refused by bad (exit 1)",
        "apply web: rolled back: reload x.service failed",
    ]
    assert [line["changed"] for line in lines(node)[1:]] == [[], []]


def test_sweep_and_release(node: Node) -> None:
    node.secrets(k=(1, "hunter2hunter2"))
    node.apply("web", files={"/etc/x": file("x")})
    node.finish()
    assert node.finish() == ["unchanged"]
    node.system.unit(converge.RECOVER_UNIT)
    converge.release(node.machine)
    assert results(node) == ["secrets : stored", "apply web: applied", "finish : swept", "release : released"]
    assert lines(node)[2]["changed"] == ["/etc/x", "secret k"]
    # The chain goes on when the machine joins again.
    node.apply("web", files={"/etc/x": file("x")})
    assert len(lines(node)) == 5


def test_a_sweep_that_fails_is_in_the_log(node: Node) -> None:
    node.apply("web", removal={"bye": {"argv": ["bye"]}}, files={"/etc/x": file("x")})
    node.system.answers["bye"] = (1, "no")
    with pytest.raises(converge.Failed):
        node.finish()
    assert results(node)[1] == "finish : failed: web: removal bye: bye failed (exit 1)"


def test_cut_off_and_undone(node: Node) -> None:
    """A kill between the line and the commit: the next run says that the change was undone."""
    sections = {"files": {"/etc/x": file("x")}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("converge.transaction.record_applied", interrupt)
        with pytest.raises(KeyboardInterrupt):
            node.apply("web", **sections)
    node.apply("other")
    hashed = digest(document("web", **sections))
    assert results(node) == ["apply web: applied", "recover web: recovered: a change was cut off; it was undone"]
    assert lines(node)[1]["hash"] == hashed
    assert not node.path("/etc/x").exists()


def interrupt(*_: object) -> None:
    """What a kill looks like from inside."""
    raise KeyboardInterrupt


def test_found_by_hand(node: Node) -> None:
    node.system.unit("x.service")
    node.system.available = {"jq": [], "curl": []}
    node.system.after_update = {}
    setting = node.path("/proc/sys/net/ipv4/ip_forward")
    setting.parent.mkdir(parents=True)
    setting.write_text("0\n")
    sections: dict[str, Any] = {
        "packages": {"jq": {}},
        "directories": {"/srv/a": {"mode": "0755", "owner": "root:root"}},
        "files": {"/etc/a": file("a"), "/etc/b": file("b"), "/etc/c": file("c")},
        "links": {"/etc/l": {"target": "/etc/a"}},
        "units": {"x.service": unit()},
        "sysctl": {"net.ipv4.ip_forward": "1"},
    }
    node.apply(**sections)
    node.path("/etc/a").write_text("edited")
    node.path("/etc/b").unlink()
    node.path("/etc/c").chmod(0o600)
    node.path("/etc/l").unlink()
    node.path("/etc/l").symlink_to("/etc/b")
    node.path("/srv/a").rmdir()
    setting.write_text("0\n")
    del node.system.packages["jq"]
    node.system.unit("x.service")
    changed = {**sections, "packages": {"jq": {}, "curl": {}}}
    node.apply(**changed)
    assert lines(node)[0]["found"] == []
    assert lines(node)[1]["found"] == [
        "/etc/a edited by hand",
        "/etc/b removed by hand",
        "/etc/c has another mode or owner",
        "/etc/l edited by hand",
        "/srv/a removed by hand",
        "package jq removed by hand, or in another version",
        "x.service was not running",
        "x.service disabled by hand",
        "net.ipv4.ip_forward set to 0 by hand",
    ]


def test_what_the_inventory_changes_is_not_called_by_hand(node: Node) -> None:
    node.system.unit("x.service")
    node.apply(files={"/etc/a": file("a"), "/etc/b": file("b")}, units={"x.service": unit()})
    node.apply(
        files={"/etc/a": file("b"), "/etc/b": file("b", mode="0600")},
        units={"x.service": {"enabled": False, "running": False}},
    )
    assert (len(lines(node)), lines(node)[1]["found"]) == (2, [])


# Who


def log_in(node: Node, tmp_path: Path, said: str, keys: str = "", **environment: str) -> dict[str, str]:
    """Who acts when sshd wrote `said` and the login user's authorized_keys hold `keys`."""
    (tmp_path / "auth").write_text(said)
    home = node.path("/home/me/.ssh")
    home.mkdir(parents=True, exist_ok=True)
    (home / "authorized_keys").write_text(keys)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SUDO_USER", "USER"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        machine = converge.Machine(str(node.root), node.system, auth=str(tmp_path / "auth"))
        who: dict[str, str] = machine.who()
        return who


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (f"ssh-ed25519 {KEY} alice@laptop\n", "alice@laptop"),
        (
            f'# old\nssh-rsa AAAA bob\nfrom="10.0.0.1",command="a b" ssh-ed25519 {KEY} alice on the laptop\n',
            "alice on the laptop",
        ),
        (f"ssh-ed25519 {KEY}\nssh-rsa AAAA bob\n", ""),
        (f"#ssh-ed25519 {KEY} was alice\n", ""),
        ("ssh-ed25519 AAAA somebody\n", ""),
        ("", ""),
    ],
)
def test_who(node: Node, tmp_path: Path, keys: str, name: str) -> None:
    who = log_in(node, tmp_path, f"publickey ssh-ed25519 {KEY}\n", keys, SUDO_USER="me", USER="root")
    assert who == {"user": "me", "key": FINGERPRINT, "name": name}


def test_fingerprint_is_that_of_ssh_keygen(node: Node, tmp_path: Path) -> None:
    """An ed25519 key whose fingerprint `ssh-keygen -lf` printed."""
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIBd5vdDvRkEAaf4B1xkQGqDXAU2pmTEJVHo1Gd1t5LSV"
    who = log_in(node, tmp_path, f"publickey ssh-ed25519 {key}\n", SUDO_USER="me")
    assert who["key"] == "SHA256:m3Lx4RH1t9n28wB7Fzk0gH5vvsjOoaoW7xF6p0CLTGw"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "password\n",
        "publickey\n",
        "publickey ssh-ed25519 A===\n",
        "publickey ssh-ed25519 ====\n",
        "keyboard-interactive/pam\n",
        "\0\xff binary",
    ],
)
def test_unknown_who(node: Node, tmp_path: Path, said: str) -> None:
    assert log_in(node, tmp_path, said, USER="root") == {"user": "root", "key": "", "name": ""}
    assert log_in(node, tmp_path, said) == {"user": "", "key": "", "name": ""}


def test_who_in_the_second_file(node: Node, tmp_path: Path) -> None:
    node.path("/home/me/.ssh").mkdir(parents=True)
    node.path("/home/me/.ssh/authorized_keys2").write_text(f"ssh-ed25519 {KEY} alice\n")
    assert log_in(node, tmp_path, f"publickey ssh-ed25519 {KEY}\n", SUDO_USER="me")["name"] == "alice"


def test_who_does_not_wait_for_a_pipe(node: Node, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        machine = converge.Machine(str(node.root), node.system, auth=str(place))
        assert machine.who()["key"] == ""


def test_who_is_in_every_line(node: Node) -> None:
    who = {"user": "me", "key": FINGERPRINT, "name": "alice\x1b[2J\nlaptop" + "x" * 400}
    node.machine.known_as = who
    converge.append(node.machine, event())
    assert lines(node)[0]["who"] == {"user": "me", "key": FINGERPRINT, "name": ("alice [2J laptop" + "x" * 400)[:300]}


# Power cuts


@pytest.mark.parametrize("left", [1, 60, -1])
def test_a_torn_line_is_cut_off(node: Node, left: int) -> None:
    for text in ("one", "two", "three"):
        converge.append(node.machine, event(text))
    whole = node.path(LOG).read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    node.path(LOG).write_bytes(whole[: start + left] if left > 0 else whole[:-1])
    # A run that changes nothing leaves it, and tells of the last whole line.
    assert converge.anchor(node.machine) == f"log 2 {hashlib.sha256(whole[:start].splitlines()[-1]).hexdigest()}"
    converge.append(node.machine, event("four"))
    assert [line["changed"] for line in lines(node)] == [["one"], ["two"], [], ["four"]]
    assert results(node)[2] == "recover : recovered: a line was cut off"


@pytest.mark.parametrize(
    "rest",
    [
        b"\0" * 300,
        b"\0" * 300 + b"\n",
        b'{"n":"4"}\n',
        b"[4]\n",
        b"{}\n",
        b'{"n":0}\n\n',
        b'{"n":-4}\n',
        b'{"n":true}\n',
    ],
)
def test_what_is_no_line_is_cut_off(node: Node, rest: bytes) -> None:
    converge.append(node.machine, event())
    with node.path(LOG).open("ab") as log:
        log.write(rest)
    converge.append(node.machine, event())
    assert results(node) == ["apply role: applied", "recover : recovered: a line was cut off", "apply role: applied"]


def test_many_writers_and_readers(node: Node) -> None:
    """Processes that append at the same time, while others ask for the head: no head that was told is ever gone."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from converge.log import Event, anchor, append\n"
        "from converge.machine import Machine\n"
        "machine = Machine(sys.argv[2])\n"
        "event = Event('apply', 'applied', changed=['x' * 300] * 40)\n"
        "for _ in range(30): append(machine, event); print(anchor(machine))\n"
    )
    command = [sys.executable, "-c", script, str(converge_support.PROGRAM), str(node.root)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = {line for process in running for line in process.communicate(timeout=60)[0].splitlines()}
    assert [process.returncode for process in running] == [0] * 4
    assert len(lines(node)) == 120
    raw = node.path(LOG).read_bytes().splitlines()
    assert told <= {f"log {number} {hashlib.sha256(line).hexdigest()}" for number, line in enumerate(raw, 1)}


def test_whoever_reads_waits_for_whoever_writes(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    locks: list[int] = []
    monkeypatch.setattr(fcntl, "flock", lambda _, how: locks.append(how))
    converge.append(node.machine, event())
    converge.head(node.machine)
    converge.print_lines(node.machine, [])
    assert locks == [fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_SH]


def test_nothing_but_a_torn_line(node: Node) -> None:
    node.path(LOG).parent.mkdir(mode=0o700)
    node.path(LOG).write_bytes(b'{"n":1,"prev"')
    assert converge.anchor(node.machine) == "log 0 " + "0" * 64
    converge.append(node.machine, event())
    assert len(lines(node)) == 2


def test_order_of_what_reaches_the_disk(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories before the first line; a torn line is gone, and the line there, before append returns."""
    steps: list[str] = []
    real = {name: getattr(os, name) for name in ("write", "ftruncate")}

    def place(descriptor: int) -> str:
        return os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))

    def step(name: str) -> Any:
        def run(descriptor: int, *rest: Any) -> Any:
            steps.append(f"{name} {place(descriptor)}")
            return real[name](descriptor, *rest)

        return run

    for name in real:
        monkeypatch.setattr(os, name, step(name))
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append(f"sync {place(descriptor)}"))
    converge.append(node.machine, event())
    assert steps == ["sync sovereign-edge", "sync log", "write history.jsonl", "sync history.jsonl"]
    steps.clear()
    converge.append(node.machine, event())
    assert steps == ["write history.jsonl", "sync history.jsonl"]
    steps.clear()
    with node.path(LOG).open("ab") as log:
        log.write(b"torn")
    converge.append(node.machine, event())
    assert steps == ["ftruncate history.jsonl", "write history.jsonl", "sync history.jsonl"]
    steps.clear()
    converge.head(node.machine)
    assert steps == ["sync history.jsonl"]


# Disks that are full or read-only


class Full:
    """os.write that takes so many bytes and then has no room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.real = os.write

    def __call__(self, descriptor: int, data: Any) -> int:
        if not os.readlink(f"/proc/self/fd/{descriptor}").endswith("history.jsonl"):
            return self.real(descriptor, data)
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = self.real(descriptor, bytes(data)[: self.room])
        self.room -= done
        return done


def test_a_line_that_finds_no_room_leaves_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    converge.append(node.machine, event())
    before = node.path(LOG).read_bytes()
    monkeypatch.setattr(os, "write", Full(100))
    with pytest.raises(converge.Failed, match=r"the log of changes cannot be written \(No space left on device"):
        converge.append(node.machine, event())
    assert node.path(LOG).read_bytes() == before
    converge.note(node.machine, event())
    assert node.path(LOG).read_bytes() == before


def test_no_change_without_its_line(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.system.unit("x.service", running=True, enabled=True)
    good = {"files": {"/etc/x": file("old")}, "units": {"x.service": unit(reloadOn={"/etc/x": True})}}
    node.apply("web", **good)
    monkeypatch.setattr(os, "write", Full(0))
    with pytest.raises(converge.Failed) as caught:
        node.apply("web", **{**good, "files": {"/etc/x": file("new")}})
    assert "the log of changes cannot be written" in str(caught.value)
    assert "Rolled back" in caught.value.detail
    assert node.text("/etc/x") == "old"
    with pytest.raises(converge.Failed):
        node.secrets(k=(1, "x"))
    assert not node.path("/var/lib/sovereign-edge/secrets/k.json").exists()
    with pytest.raises(converge.Failed):
        node.finish()
    assert "web" in node.machine.manifests()
    monkeypatch.undo()
    assert node.finish()[0].startswith("changed: swept")
    assert [line["result"] for line in lines(node)] == ["applied", "swept"]


def test_secrets_that_could_not_be_stored_are_not_called_stored(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("converge.machine.write_durably", full)
    with contextlib.suppress(OSError):
        node.secrets(k=(1, "x"))
    node.path("/var/lib/sovereign-edge/node.json").write_text('{"fleet": "dev", "node": "alice"}')
    with pytest.raises(OSError, match="No space"):
        node.secrets(k=(1, "x"))
    assert results(node) == ["secrets : stored", "secrets : failed: No space left on device"]


def test_no_room_is_found_out_before_anything_is_touched(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    class Room:
        f_bavail, f_frsize, f_flag = 15, 4096, 0

    monkeypatch.setattr(os, "statvfs", lambda _: Room)
    with pytest.raises(converge.Failed, match="the disk of /var/log/sovereign-edge is full"):
        node.apply("web", files={"/etc/x": file("x")})
    assert not node.path("/etc/x").exists()
    Room.f_bavail = 16
    assert node.apply("web", files={"/etc/x": file("x")}) == ["changed: /etc/x"]


# Secrets


def test_no_secret_in_any_text(node: Node) -> None:
    canary = 'canary "ä" 5Zt/q+7 ~?>'
    node.secrets(k=(1, canary))
    raw = canary.encode()
    loud = f"{canary} {base64.b64encode(raw).decode()} {raw.hex()} {json.dumps(canary)} " + "y" * 290 + canary
    node.machine.known_as = {"user": canary, "key": "k", "name": loud}
    converge.append(node.machine, converge.Event("apply", f"failed: {loud}", "r", "h", [loud, loud], [loud]))
    text = node.text(LOG)
    for spelled in ("canary", base64.b64encode(raw).decode(), raw.hex()):
        assert spelled not in text
    assert lines(node)[1]["who"]["user"] == "***"


# Size


def test_a_big_log_is_read_from_its_end(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"n": 0, "prev": "0" * 64, "changed": ["x" * 900]}
    count = 50_000
    node.path(LOG).parent.mkdir(mode=0o700)
    with node.path(LOG).open("wb") as log:
        for number in range(1, count + 1):
            log.write(json.dumps({**line, "n": number}).encode() + b"\n")
    assert node.path(LOG).stat().st_size > 50_000_000
    read: list[int] = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda *words: read.append(words[1]) or real(*words))
    assert converge.head(node.machine).number == count
    converge.append(node.machine, event())
    assert converge.head(node.machine).number == count + 1
    assert sum(read) == 3 * 65536


def test_lines_longer_than_a_block(node: Node) -> None:
    for count in (1, 200, 4, 300):
        converge.append(node.machine, converge.Event("apply", "applied", changed=["ä" * 400] * count))
    found = lines(node)
    assert [len(line["changed"]) for line in found] == [1, 200, 4, 201]
    assert found[3]["changed"][-1] == "and 100 more"
    assert len(node.path(LOG).read_bytes().splitlines()[1]) > 65536 * 1.5


# The verb


def test_the_verb_history(node: Node, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def history(*words: str) -> tuple[int, bytes]:
        code: int = converge.main(["--root", str(node.root), "history", *words])
        return code, capfdbinary.readouterr().out

    assert history() == (0, b"")
    for text in ("one", "two", "three"):
        converge.append(node.machine, event(text))
    with node.path(LOG).open("ab") as log:
        log.write(b"torn")
    raw = node.path(LOG).read_bytes()
    assert history() == (0, raw)
    assert history("0") == (0, raw)
    assert history("2") == (0, raw.splitlines(keepends=True)[2] + b"torn")
    assert history("9") == (0, b"")
    assert history("x")[0] == 64
    assert node.path(LOG).read_bytes() == raw


def test_the_head_ends_every_answer(
    node: Node, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("converge.main.Machine", lambda *_, **__: node.machine)

    def answer(verb: str, data: bytes) -> list[str]:
        monkeypatch.setattr("converge.main.read_input", lambda: data)
        assert converge.main(["--root", str(node.root), verb]) == 0
        return capsys.readouterr().out.splitlines()

    role = document("web", files={f"/etc/{name}": file("x") for name in "abc"})
    first = answer("apply", role)
    assert first == ["changed: /etc/a, /etc/b, /etc/c", converge.anchor(node.machine)]
    assert answer("apply", role) == ["unchanged", first[1]]
    monkeypatch.setattr("converge.apply.apply", lambda *_: [f"line {number}" for number in range(20)])
    assert answer("apply", role) == [*(f"line {number}" for number in range(9)), first[1]]
    assert json.loads(answer("status", b"")[0])["node"] == "alice"


def test_a_log_that_cannot_be_read_is_no_success(
    node: Node, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("converge.main.Machine", lambda *_, **__: node.machine)
    monkeypatch.setattr("converge.main.read_input", lambda: document("web", files={"/etc/x": file("x")}))
    monkeypatch.setattr("converge.log.head", broken)
    assert converge.main(["--root", str(node.root), "apply"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("apply is done, but the log of changes cannot be read (Input/output error)\nchanged: /etc/x")
