"""The sweep: what no role of the roster names goes, and what was there before us comes back."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, bundle, converge, file, unit

WEB: dict[str, Any] = {
    "users": {"web": {"home": "/var/lib/web"}},
    "directories": {
        "/etc/web": {"mode": "0755", "owner": "root:root"},
        "/srv/www": {"mode": "0755", "owner": "root:root"},
        "/var/lib/web": {"mode": "0700", "owner": "root:root", "keep": True},
    },
    "files": {
        "/etc/web/conf": file("ours", mode="0600"),
        "/etc/deep/er/conf": file("ours"),
        "/etc/systemd/system/web.service": file("[Service]"),
    },
    "links": {"/etc/alternative": {"target": "/etc/web/conf"}},
    "units": {"web.service": unit()},
}
DNS: dict[str, Any] = {"files": {"/etc/dns.conf": file("dns")}}


def snapshot(root: Path) -> dict[str, tuple[int, str]]:
    """Everything on the machine outside of what is converge.py's own: mode and content."""
    own = {root / "var/lib/sovereign-edge", root / "var/log/sovereign-edge"}
    result = {}
    for found in sorted(root.rglob("*")):
        if not own & {found, *found.parents}:
            content = os.readlink(found) if found.is_symlink() else found.read_text() if found.is_file() else ""
            result[str(found.relative_to(root))] = (stat.S_IMODE(found.lstat().st_mode), content)
    return result


def test_as_it_was_before(node: Node) -> None:
    node.path("/etc/web").mkdir(mode=0o700)
    node.path("/etc/web/conf").write_text("mine")
    node.path("/etc/web/conf").chmod(0o640)
    node.path("/etc/alternative").symlink_to("/mine")
    node.path("/var/lib/sovereign-edge").mkdir(parents=True)
    before = snapshot(node.root)
    node.apply("web", **WEB)
    node.apply("web", **{**WEB, "files": {**WEB["files"], "/etc/web/conf": file("newer", mode="0600")}})
    node.path("/srv/www/cache").write_text("made at run time")
    assert node.text("/etc/web/conf") == "newer"
    lines = node.finish()
    assert lines[0].startswith("changed: swept web.service, ")
    assert lines[1] == "kept: /var/lib/web"
    assert node.system.verbs() == ["stop web.service", "disable web.service", "daemon-reload"]
    after = snapshot(node.root)
    assert after.pop("var/lib/web") == (0o700, "")
    assert after == before
    assert node.finish() == ["unchanged"]


def test_what_other_roles_name_stays(node: Node) -> None:
    shared: dict[str, Any] = {"directories": {"/opt/shared": {"mode": "0755", "owner": "root:root"}}}
    one = {**shared, "files": {"/opt/shared/one": file("1")}}
    two = {**shared, "files": {"/opt/shared/two": file("2")}}
    node.apply("one", **one)
    node.apply("two", **two)
    node.finish(two=two)
    assert not node.path("/opt/shared/one").exists()
    assert node.text("/opt/shared/two") == "2"
    assert node.finish(two=two) == ["unchanged"]
    node.finish()
    assert not node.path("/opt").exists() or list(node.path("/opt").iterdir()) == []


def test_directory_that_others_fill_stays(node: Node) -> None:
    node.apply("one", directories={"/opt/shared": {"mode": "0755", "owner": "root:root"}})
    two = {"files": {"/opt/shared/two": file("2")}}
    node.apply("two", **two)
    node.finish(two=two)
    assert node.text("/opt/shared/two") == "2"


def test_what_a_role_no_longer_names_goes_with_finish(node: Node) -> None:
    node.apply("web", **WEB)
    less = {**WEB, "files": {"/etc/web/conf": file("ours", mode="0600")}, "units": {}}
    node.apply("web", **less)
    assert node.path("/etc/systemd/system/web.service").exists()
    assert node.finish(web=less)[0].startswith("changed: swept web.service, ")
    assert node.system.verbs() == ["stop web.service", "disable web.service", "daemon-reload"]
    assert not node.path("/etc/systemd/system/web.service").exists()
    assert not node.path("/etc/deep").exists()
    assert node.text("/etc/web/conf") == "ours"
    assert node.finish(web=less) == ["unchanged"]
    assert node.apply("web", **less) == ["unchanged"]


def test_a_path_that_moves_to_another_role_stays(node: Node) -> None:
    node.path("/etc/dns.conf").write_text("mine")
    node.apply("old", **DNS)
    node.apply("new", **DNS)
    node.finish(new=DNS)
    assert node.text("/etc/dns.conf") == "dns"
    node.finish()
    assert node.text("/etc/dns.conf") == "mine"


def test_refuses_while_a_role_is_not_applied(node: Node) -> None:
    node.apply("dns", **DNS)
    node.apply("old", files={"/etc/old": file("x")})
    with pytest.raises(converge.Failed, match="^web: not applied yet with this desired state$"):
        node.finish(dns=DNS, web=WEB)
    with pytest.raises(converge.Failed, match="^dns: not applied yet"):
        node.finish(dns={"files": {"/etc/dns.conf": file("newer")}})
    assert node.path("/etc/old").exists()


def test_unit_that_ran_before_us_runs_on(node: Node) -> None:
    node.system.unit("ssh.service", running=True, enabled=True)
    node.path("/etc/sshd.conf").write_text("mine")
    role = {
        "files": {"/etc/sshd.conf": file("ours")},
        "units": {"ssh.service": {"enabled": False, "running": False}},
    }
    node.apply(**role)
    assert node.system.verbs() == ["disable ssh.service", "stop ssh.service"]
    node.finish()
    assert node.system.verbs() == ["enable ssh.service", "reload-or-restart ssh.service"]
    assert node.text("/etc/sshd.conf") == "mine"


def test_removal_runs_before_files_go(node: Node) -> None:
    role: dict[str, Any] = {**DNS, "removal": {"drop": {"argv": ["drop", "example.org"]}}}
    node.apply(**role)
    node.system.answers["drop"] = (1, "database is locked")
    with pytest.raises(converge.Failed, match="role: removal drop: drop failed") as caught:
        node.finish()
    assert caught.value.detail == "database is locked"
    with pytest.raises(converge.Failed, match="role: not applied yet"):
        node.finish(role=role)
    assert node.path("/etc/dns.conf").exists()
    there: list[bool] = []

    def drop(_: list[str]) -> tuple[int, str]:
        there.append(node.path("/etc/dns.conf").exists())
        return 0, ""

    node.system.answers["drop"] = drop
    node.finish()
    assert there == [True]
    assert not node.path("/etc/dns.conf").exists()


def test_user_whose_data_is_kept_stays(node: Node) -> None:
    node.apply("web", **WEB)
    node.finish()
    assert "web:" not in node.text("/etc/passwd")
    if os.geteuid() != 0:
        return
    kept = {"/var/lib/web": {"mode": "0700", "owner": "web:web", "keep": True}}
    node.apply("web", **{**WEB, "directories": kept})
    assert node.finish()[1] == "kept: user web, /var/lib/web"
    assert "web:" in node.text("/etc/passwd")


def test_secrets_that_no_role_uses_go(node: Node) -> None:
    node.secrets(used=(1, "x"), unused=(1, "y"))
    role = {"secrets": {"used": 1}, "files": {"/etc/x": file("{{secret:used}}", mode="0600")}}
    node.apply(**role)
    assert node.finish(role=role) == ["changed: swept secret unused"]
    assert node.machine.names("secrets") == ["used"]


def test_release_leaves_only_data(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(node.root)
    node.secrets(used=(1, "x"))
    monkeypatch.setattr("converge.install.bundle", bundle())
    wanted = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "program": sha256(bundle()).hexdigest()}
    converge.install(node.machine, json.dumps(wanted).encode())
    node.apply("web", **WEB)
    assert converge.release(node.machine) == ["changed: released", "kept: /var/lib/web"]
    assert not node.path("/var/lib/sovereign-edge").exists()
    assert not node.path("/usr/local/lib/sovereign-edge").exists()
    after = snapshot(node.root)
    assert [name for name in after if name not in before] == [
        "etc/systemd",
        "etc/systemd/system",
        "usr/local",
        "usr/local/lib",
        "var/lib/web",
    ]
    assert converge.release(node.machine) == ["unchanged"]


def test_the_old_name_holds_at_once(node: Node) -> None:
    node.path("/etc/hostname").write_text("before\n")
    node.apply("base", files={"/etc/hostname": file("alice\n")})
    node.system.calls.clear()
    node.finish()
    assert node.text("/etc/hostname") == "before\n"
    assert ["hostname", "--file", str(node.path("/etc/hostname"))] in node.system.calls


def test_a_name_that_was_nowhere_written_stays_until_the_next_start(node: Node) -> None:
    node.apply("base", files={"/etc/hostname": file("alice\n")})
    node.system.calls.clear()
    node.finish()
    assert not node.path("/etc/hostname").exists()
    assert not [call for call in node.system.calls if call[0] == "hostname"]


def test_addresses(node: Node) -> None:
    text = "[Peer]\nEndpoint = {{address:gematria}}:51820\nPersistentKeepalive = 25\n"
    role = {"files": {"/etc/wg": file(text)}, "units": {"wg.service": unit(reloadOn={"/etc/wg": True})}}
    node.system.unit("wg.service")
    node.apply(**role)
    assert node.text("/etc/wg") == "[Peer]\nPersistentKeepalive = 25\n"
    told = {"gematria": "203.0.113.4", "lucidia": "203.0.113.5"}
    assert node.finish(told, role=role) == ["changed: /etc/wg; reloaded wg.service"]
    assert node.text("/etc/wg") == text.replace("{{address:gematria}}", "203.0.113.4")
    assert node.finish(told, role=role) == ["unchanged"]
    assert node.finish({**told, "lucidia": "203.0.113.6"}, role=role) == ["unchanged"]
    assert node.apply(**role) == ["unchanged"]


def test_addresses_of_a_role_that_has_to_be_confirmed(node: Node) -> None:
    text = "Endpoint = {{address:gematria}}:51820\n"
    dangerous = {"files": {"/etc/wg": file(text)}, "confirm": {"window": 30}}
    harmless = {"files": {"/etc/hosts": file("{{address:gematria}} gematria\n")}}
    for role, sections in (("wireguard", dangerous), ("base", harmless)):
        with contextlib.suppress(converge.Armed):
            node.apply(role, **sections)
            continue
        node.apply(role, **sections)
    told = {"gematria": "203.0.113.4"}
    with pytest.raises(converge.Armed, match="wireguard is applied; waiting"):
        node.finish(told, wireguard=dangerous, base=harmless)
    assert node.text("/etc/hosts") == "203.0.113.4 gematria\n"
    assert node.finish(told, wireguard=dangerous, base=harmless) == ["changed: /etc/wg"]
    assert node.finish(told, wireguard=dangerous, base=harmless) == ["unchanged"]
