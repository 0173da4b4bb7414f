"""The program as it is run: a process, a root directory, and stubs for systemctl and the like."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from converge_support import SOURCE, Node, bundle, converge, document, file, unit
from processes import environment, install, run, said


def test_installed_program_applies(node: Node, stubs: Path) -> None:
    first = install(node, stubs, bundle())
    assert (said(first), first.stderr) == (b"changed: /usr/local/lib/sovereign-edge/converge.py\n", b"")
    assert not (node.root / "upload.json").exists()
    program = node.path(converge.PROGRAM)
    assert os.access(program, os.X_OK)
    root = ("--root", str(node.root))
    assert said(install(node, stubs, bundle())) == b"unchanged\n"
    (stubs / "calls").unlink()
    role = document("caddy", files={"/etc/x": file("x")}, units={"x.service": unit(reloadOn={"/etc/x": True})})
    assert said(run(program, stubs, *root, "apply", stdin=role)) == b"changed: /etc/x; reloaded x.service\n"
    again = run(program, stubs, *root, "apply", stdin=role)
    assert (again.returncode, said(again), again.stderr) == (0, b"unchanged\n", b"")
    assert [line.split()[1] for line in (stubs / "calls").read_text().splitlines()] == [
        "show",
        "show",
        "reload",
        "show",
        "show",
    ]


def test_versions_of_the_program(node: Node, stubs: Path) -> None:
    def versions() -> list[str]:
        return os.listdir(node.path("/usr/local/lib/sovereign-edge/versions"))

    install(node, stubs, bundle())
    for number in range(3):
        newer = bundle(f"# newer {number}\n")
        assert install(node, stubs, newer).stdout.startswith(b"changed")
        assert node.path("/usr/local/lib/sovereign-edge/program.json").read_bytes() == newer
        assert len(versions()) == 2
    broken = install(node, stubs, bundle("def broken(:"))
    assert broken.returncode != 0
    assert node.path("/usr/local/lib/sovereign-edge/program.json").read_bytes() == newer
    other = install(node, stubs, bundle(), "0" * 64)
    assert other.stderr == b"the program that was uploaded is not the one that is wanted; run `up` again\n"
    damaged = node.path("/usr/local/lib/sovereign-edge/current/converge/paths.py")
    damaged.write_text("")
    assert install(node, stubs, newer).stdout.startswith(b"changed")
    assert "newer 2" in damaged.read_text()


def test_exit_codes_and_short_words(node: Node, stubs: Path) -> None:
    root = ("--root", str(node.root))
    refused = run(SOURCE, stubs, *root, "apply", stdin=document(fils={}))
    assert (refused.returncode, refused.stdout) == (64, b"")
    assert refused.stderr == b"refused: fils is an unknown field. Nothing was touched.\n"
    assert not node.path("/var/lib/sovereign-edge").exists()
    role = document(files={"/etc/x": file("x", validate=["sh", "-c", "seq 100; exit 3", "{}"])})
    failed = run(SOURCE, stubs, *root, "apply", stdin=role)
    assert failed.returncode == 1
    assert failed.stderr.decode().splitlines() == [
        "role: /etc/x is refused by sh (exit 3)",
        *("96", "97", "98", "99", "100"),
        "The configuration is as it was before.",
    ]
    assert run(SOURCE, stubs, *root, "nonsense").returncode == 64
    assert run(SOURCE, stubs, *root, "apply", stdin=b" " * (8 * 1024 * 1024 + 1)).returncode == 64


def test_killed_in_the_middle_and_run_again(node: Node, stubs: Path) -> None:
    root = ("--root", str(node.root))
    flag = node.root / "killed"
    action = {"argv": ["sh", "-c", f"test -e {flag} || {{ touch {flag}; kill -9 $PPID; }}"], "on": {"/etc/x": True}}
    first = document(files={"/etc/x": file("one")}, units={"x.service": unit(reloadOn={"/etc/x": True})})
    second = first.replace(b"one", b"two")[:-1] + b', "actions": {"kill": ' + json.dumps(action).encode() + b"}}"
    run(SOURCE, stubs, *root, "apply", stdin=first)
    assert run(SOURCE, stubs, *root, "apply", stdin=second).returncode == -9
    assert node.leftovers() != []
    assert json.loads(run(SOURCE, stubs, *root, "status").stdout)["roles"]["role"]["result"] == "is being applied"
    again = run(SOURCE, stubs, *root, "apply", stdin=second)
    assert said(again) == b"changed: /etc/x; ran kill; reloaded x.service\n"
    assert node.leftovers() == []
    assert said(run(SOURCE, stubs, *root, "apply", stdin=second)) == b"unchanged\n"


def test_never_more_than_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    converge.say(sys.stdout, [str(number) for number in range(20)])
    assert capsys.readouterr().out == "".join(f"{number}\n" for number in range(10))


def test_not_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert converge.main(["status"]) == 1
    assert capsys.readouterr().err == "converge.py has to run as root: put `sudo -n` before it\n"


def test_a_module_that_this_python_cannot_run(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    files = json.loads(bundle())
    files["converge/zones.py"] += "def broken(:\n"
    refused = install(node, stubs, json.dumps(files, ensure_ascii=False).encode())
    assert refused.returncode == 64
    assert refused.stderr.startswith(b"refused: the program is not one that this Python can run: ")
    library = node.path("/usr/local/lib/sovereign-edge")
    assert os.listdir(library / "versions") == [os.path.basename(os.readlink(library / "current"))]
    assert (library / "program.json").read_bytes() == bundle()


def test_released_from_the_command_line(node: Node, stubs: Path) -> None:
    root = ("--root", str(node.root))
    install(node, stubs, bundle())
    run(SOURCE, stubs, *root, "apply", stdin=document(files={"/etc/x": file("x")}))
    assert said(run(SOURCE, stubs, *root, "release")) == b"changed: released\n"
    assert not node.path("/etc/x").exists()
    assert not node.path(converge.PROGRAM).exists()


def test_nobody_listens(node: Node, stubs: Path) -> None:
    command = [sys.executable, "-I", str(SOURCE), "--root", str(node.root), "apply"]
    role = document(files={"/etc/x": file("x")})
    with open("/dev/full", "w") as full:
        pipe = subprocess.PIPE
        done = subprocess.run(command, input=role, stdout=full, stderr=pipe, env=environment(stubs), check=False)
    assert b"Traceback" not in done.stderr
    assert node.text("/etc/x") == "x"
    assert node.manifest()["result"] == "applied"


def test_second_run_waits_and_says_for_whom(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.machine.prepare()
    with open(node.machine.state("lock"), "w") as other:
        other.write("pid 4711 (role packages, since 2026-11-21T10:00:00Z)")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(converge.Failed) as caught:
            node.apply(files={"/etc/x": file("x")})
    waiting = "pid 4711 (role packages, since 2026-11-21T10:00:00Z)"
    assert capsys.readouterr().err == f"waiting for {waiting}\n"
    assert str(caught.value) == f"role: the machine is busy: {waiting} still holds its lock after 15 min"
    assert not node.path("/etc/x").exists()


def test_status_says_who_holds_the_lock_since_when(node: Node) -> None:
    def asked() -> str:
        return str(json.loads(converge.status(node.machine)[0])["lock"])

    assert asked() == ""
    node.machine.known_as = {"user": "pi", "key": "", "name": "alice@laptop"}
    with converge.locked(node.machine, "role caddy"):
        assert re.fullmatch(rf"pid {os.getpid()} \(role caddy, since 20\S+Z, by alice@laptop\)", asked())
    assert asked() == ""
    with pytest.raises(converge.Armed):
        node.apply(files={"/etc/x": file("x")}, confirm={"window": 30})
    assert asked() == "role role, which waits for a fresh connection"


def test_real_commands() -> None:
    system = converge.System()
    assert system.run(["sh", "-c", "echo out; echo err >&2; exit 3"]) == (3, "out\nerr\n")
    assert system.run(["no-such-command"]) == (127, "no-such-command: No such file or directory")
    code, output = system.run(["sh", "-c", "echo begun; exec sleep 9"], 0.2)
    assert (code, output) == (124, "begun\n\nsh did not end within 0.2 s")
    assert "TERM" not in system.run(["env"]).output


def test_status(node: Node) -> None:
    key = "k" * 43 + "="
    node.system.answers["wg"] = lambda _: (0, f"wg0\t{key}\t{int(converge.time.time()) - 30}\nwg0\t{'n' * 43}=\t0\n")
    node.system.unit("x.service", running=True, enabled=True)
    node.secrets(k=(1, "canary"))
    node.apply("caddy", units={"x.service": unit()}, secrets={"k": 1})
    node.system.answers["bad"] = (1, "no")
    with pytest.raises(converge.Failed):
        node.apply("dns", files={"/etc/x": file("x", validate=["bad", "{}"])})
    node.path("/etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    lines = converge.status(node.machine)
    report: dict[str, Any] = json.loads(lines[0])
    assert (report["fleet"], report["node"]) == ("dev", "alice")
    assert report["os"] == {"id": "debian", "name": "debian-13", "version": "13"}
    assert report["roles"]["caddy"]["result"] == "applied"
    assert report["roles"]["dns"]["result"] == "failed: /etc/x is refused by bad (exit 1)"
    assert report["units"] == {"x.service": {"running": True, "enabled": True, "failed": False}}
    assert report["wireguard"][key] in (30, 31)
    assert report["wireguard"]["n" * 43 + "="] is None
    assert report["memory"]["total"] > report["memory"]["available"] > 0
    assert "canary" not in lines[0]


def test_status_of_an_empty_machine(node: Node) -> None:
    report = json.loads(converge.status(node.machine)[0])
    assert (report["fleet"], report["roles"], report["units"], report["wireguard"]) == ("", {}, {}, {})
    assert not node.path("/var/lib/sovereign-edge").exists()


def test_a_mistake_of_the_program_shows_no_content(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> list[str]:
        raise KeyError("canary")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("converge.status.status", broken)
        assert converge.main(["--root", str(node.root), "status"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("KeyError in converge.py, line ")
    assert "canary" not in said
