"""Files, links, units, checks: what changes, what does not, and what is put back."""

from __future__ import annotations

import os
import stat
from typing import Any

import pytest

from converge_support import Node, converge, document, file, unit

CADDY: dict[str, Any] = {
    "directories": {"/etc/caddy": {"mode": "0750", "owner": "root:root"}},
    "files": {
        "/etc/caddy/Caddyfile": file("one", validate=["caddy-check", "{}"]),
        "/etc/caddy/key": file("k", mode="0600"),
        "/etc/systemd/system/caddy.service": file("[Service]"),
    },
    "links": {"/usr/local/bin/caddy": {"target": "/opt/caddy"}},
    "units": {
        "caddy.service": unit(
            reloadOn={"/etc/caddy/Caddyfile": True, "/usr/local/bin/caddy": True},
            restartOn={"/etc/systemd/system/caddy.service": True},
        )
    },
}


def with_text(text: str, **more: Any) -> dict[str, Any]:
    """The role with another Caddyfile."""
    files = {**CADDY["files"], "/etc/caddy/Caddyfile": file(text, validate=["caddy-check", "{}"])}
    return {**CADDY, "files": files, **more}


def test_first_apply_then_nothing_to_do(node: Node) -> None:
    lines = node.apply(**CADDY)
    assert lines[0].startswith("changed: /etc/caddy/Caddyfile, /etc/caddy/key")
    assert node.text("/etc/caddy/Caddyfile") == "one"
    assert stat.S_IMODE(node.path("/etc/caddy/key").stat().st_mode) == 0o600
    assert stat.S_IMODE(node.path("/etc/caddy").stat().st_mode) == 0o750
    assert os.readlink(node.path("/usr/local/bin/caddy")) == "/opt/caddy"
    assert node.system.verbs() == ["daemon-reload", "enable caddy.service", "start caddy.service"]
    assert node.apply(**CADDY) == ["unchanged"]
    assert node.system.verbs() == []
    assert node.leftovers() == []


def test_only_what_the_changed_paths_ask_for(node: Node) -> None:
    node.apply(**CADDY)
    node.apply(**with_text("two"))
    assert node.system.verbs() == ["reload caddy.service"]
    again = {**with_text("two"), "files": {**with_text("three")["files"]}}
    again["files"]["/etc/systemd/system/caddy.service"] = file("[Service] new")
    node.apply(**again)
    assert node.system.verbs() == ["daemon-reload", "restart caddy.service"]
    again["files"]["/etc/caddy/key"] = file("k2", mode="0600")
    node.apply(**again)
    assert node.system.verbs() == []


def damage_text(node: Node) -> None:
    node.path("/etc/caddy/Caddyfile").write_text("two")


def damage_mode(node: Node) -> None:
    node.path("/etc/caddy/key").chmod(0o644)


def damage_by_removal(node: Node) -> None:
    node.path("/etc/caddy/Caddyfile").unlink()


def damage_by_link(node: Node) -> None:
    node.path("/etc/caddy/Caddyfile").rename(node.path("/etc/elsewhere"))
    node.path("/etc/caddy/Caddyfile").symlink_to(node.path("/etc/elsewhere"))


def damage_link(node: Node) -> None:
    node.path("/usr/local/bin/caddy").unlink()


def damage_directory(node: Node) -> None:
    node.path("/etc/caddy").chmod(0o777)


def damage_unit(node: Node) -> None:
    node.system.unit("caddy.service", running=False, enabled=False)


@pytest.mark.parametrize(
    ("damage", "verbs"),
    [
        (damage_text, ["reload caddy.service"]),
        (damage_mode, []),
        (damage_by_removal, ["reload caddy.service"]),
        (damage_by_link, ["reload caddy.service"]),
        (damage_link, ["reload caddy.service"]),
        (damage_directory, []),
        (damage_unit, ["enable caddy.service", "start caddy.service"]),
    ],
)
def test_done_by_hand_is_put_right(node: Node, damage: Any, verbs: list[str]) -> None:
    node.apply(**CADDY)
    damage(node)
    assert node.apply(**CADDY)[0].startswith("changed: ")
    assert node.system.verbs() == verbs
    assert node.text("/etc/caddy/Caddyfile") == "one"
    assert not node.path("/etc/caddy/Caddyfile").is_symlink()
    assert node.apply(**CADDY) == ["unchanged"]


def test_refused_by_its_validator(node: Node) -> None:
    node.apply(**CADDY)
    seen: list[str] = []

    def check(words: list[str]) -> tuple[int, str]:
        staged = words[1]
        seen.append(os.path.basename(staged) + ":" + open(staged).read())
        return 1, f"{staged}:3: unknown directive\n"

    node.system.answers["caddy-check"] = check
    with pytest.raises(converge.Failed) as caught:
        node.apply(**with_text("broken"))
    assert seen == ["Caddyfile:broken"]
    assert str(caught.value) == "role: /etc/caddy/Caddyfile is refused by caddy-check (exit 1)"
    assert caught.value.detail == "/etc/caddy/Caddyfile:3: unknown directive\nThe configuration is as it was before."
    assert node.text("/etc/caddy/Caddyfile") == "one"
    assert node.system.verbs() == []
    assert node.leftovers() == []
    assert node.manifest()["result"].startswith("failed: ")
    del node.system.answers["caddy-check"]
    assert node.apply(**CADDY) == ["unchanged"]
    assert node.manifest()["result"] == "applied"


def test_validator_finds_the_files_that_come_with_it(node: Node) -> None:
    there: list[bool] = []

    def check(_: list[str]) -> tuple[int, str]:
        there.append(node.path("/etc/caddy/key").exists())
        return 1, "no"

    node.system.answers["caddy-check"] = check
    with pytest.raises(converge.Failed):
        node.apply(**CADDY)
    assert there == [True]
    assert not node.path("/etc/caddy/key").exists()
    assert not node.path("/usr/local/bin/caddy").is_symlink()


def test_rolled_back_when_the_unit_does_not_take_it(node: Node) -> None:
    node.apply(**CADDY)
    node.system.answers["systemctl reload caddy.service"] = (1, "Job failed.")
    node.system.answers["journalctl"] = (0, "caddy: no such site\n")
    with pytest.raises(converge.Failed) as caught:
        node.apply(**with_text("two"))
    assert str(caught.value) == "role: reload caddy.service failed"
    assert "caddy: no such site" in caught.value.detail
    assert caught.value.detail.endswith("Rolled back: the previous configuration is in place.")
    assert node.text("/etc/caddy/Caddyfile") == "one"
    assert node.system.verbs() == ["reload caddy.service", "reload-or-restart caddy.service"]
    assert node.leftovers() == []
    assert node.apply(**CADDY) == ["unchanged"]


def test_first_apply_that_fails_leaves_nothing(node: Node) -> None:
    node.path("/etc/caddy").mkdir()
    node.path("/etc/caddy/Caddyfile").write_text("mine")
    node.system.answers["systemctl start caddy.service"] = (1, "Job failed.")
    with pytest.raises(converge.Failed) as caught:
        node.apply(**CADDY)
    assert caught.value.detail.endswith("Rolled back: the machine is as it was before this role.")
    assert node.text("/etc/caddy/Caddyfile") == "mine"
    assert not node.path("/etc/caddy/key").exists()
    assert node.system.verbs()[-3:] == ["stop caddy.service", "disable caddy.service", "daemon-reload"]


def test_a_rollback_that_fails_is_said(node: Node) -> None:
    node.apply(**CADDY)
    node.system.answers["systemctl reload caddy.service"] = (1, "no")
    node.system.answers["systemctl reload-or-restart caddy.service"] = (1, "no")
    with pytest.raises(converge.Failed) as caught:
        node.apply(**with_text("two"))
    assert "could not be undone (systemctl reload-or-restart caddy.service (exit 1))" in caught.value.detail
    node.system.answers.clear()
    # The old text stands there again, and Caddy may not know: the next run sees to that.
    assert node.apply(**CADDY) == ["changed: restarted caddy.service"]
    assert node.apply(**CADDY) == ["unchanged"]


def test_a_role_that_is_never_rolled_back(node: Node) -> None:
    node.apply(**CADDY)
    node.system.answers["systemctl reload caddy.service"] = (1, "no")
    with pytest.raises(converge.Failed) as caught:
        node.apply(**with_text("two", rollback="never"))
    assert caught.value.detail.endswith(
        "Stopped at the new version: its data may have changed, so the old one is not put back."
    )
    assert node.text("/etc/caddy/Caddyfile") == "two"


def test_unit_that_does_not_stay_up(node: Node) -> None:
    node.system.answers["systemctl start caddy.service"] = (0, "")
    with pytest.raises(converge.Failed, match="caddy.service did not stay up"):
        node.apply(**CADDY)


def test_check_is_polled_and_its_last_answer_told(node: Node) -> None:
    answers = iter([(1, "not yet"), (0, "")])
    node.system.answers["is-it-up"] = lambda _: next(answers)
    node.apply(checks={"up": {"argv": ["is-it-up"], "within": 5}})
    node.system.answers["is-it-up"] = (1, "still\nnot")
    with pytest.raises(converge.Failed, match="check up did not pass within 1 s: is-it-up: not"):
        node.apply(checks={"up": {"argv": ["is-it-up"], "within": 1}}, files={"/etc/x": file("x")})
    assert not node.path("/etc/x").exists()


def test_check_that_only_the_old_process_passed(node: Node, clock: Any) -> None:
    node.apply(**CADDY)
    answers = iter([(0, ""), (1, "no site")])
    node.system.answers["ask"] = lambda _: next(answers, (1, "no site"))
    with pytest.raises(converge.Failed, match="check site did not pass within 1 s: ask: no site"):
        node.apply(**with_text("two", checks={"site": {"argv": ["ask"], "within": 1}}))
    assert clock.slept > converge.SETTLE
    assert node.text("/etc/caddy/Caddyfile") == "one"


def test_actions_run_in_order_when_their_paths_changed(node: Node) -> None:
    role: dict[str, Any] = {
        "files": {"/etc/a": file("a"), "/etc/b": file("b")},
        "actions": {
            "2": {"argv": ["act", "2"], "on": {"/etc/a": True}},
            "1": {"argv": ["act", "1"], "on": {"/etc/b": True}},
        },
    }
    node.apply(**role)
    assert [words[1] for words in node.system.calls if words[0] == "act"] == ["1", "2"]
    role["files"]["/etc/a"] = file("a2")
    node.apply(**role)
    assert [words[1] for words in node.system.calls if words[0] == "act"] == ["2"]
    role["files"]["/etc/a"] = file("a3")
    fail_once = iter([(1, "bad"), (0, "")])
    node.system.answers["act"] = lambda _: next(fail_once)
    with pytest.raises(converge.Failed, match=r"action 2: act failed \(exit 1\)"):
        node.apply(**role)
    # Once with the new file, once more with the old one that was put back.
    assert [words for words in node.system.calls if words[0] == "act"] == [["act", "2"], ["act", "2"]]
    assert node.text("/etc/a") == "a2"


def test_half_written_files_of_a_cut_run_go(node: Node) -> None:
    node.apply(**CADDY)
    node.path("/var/lib/sovereign-edge/secrets/k.json.new").write_text("half")
    assert node.apply(**CADDY) == ["unchanged"]
    assert node.leftovers() == []


def test_users_and_owners(node: Node) -> None:
    role = {
        "users": {"caddy": {"home": "/var/lib/caddy"}},
        "files": {"/etc/x": file("x", owner="caddy:caddy", mode="0640")},
    }
    node.apply(**role)
    assert node.system.calls[0][:5] == ["useradd", "--system", "--user-group", "--no-create-home", "--home"]
    if os.geteuid() == 0:
        assert node.path("/etc/x").stat().st_uid == 990
    assert node.apply(**role) == ["unchanged"]
    with pytest.raises(converge.Failed, match="user me: was on this machine before, with home /home/me"):
        node.apply(users={"me": {"home": "/elsewhere"}})
    with pytest.raises(converge.Failed, match="there is no user or group for the owner nobody:here"):
        node.apply(files={"/etc/y": file("y", owner="nobody:here")})


def test_kernel_settings(node: Node) -> None:
    setting = node.path("/proc/sys/net/ipv4/ip_forward")
    setting.parent.mkdir(parents=True)
    setting.write_text("0\n")
    node.apply(sysctl={"net.ipv4.ip_forward": "1"})
    assert setting.read_text() == "1\n"
    assert node.text("/etc/sysctl.d/60-sovereign-edge-role.conf") == "net.ipv4.ip_forward = 1\n"
    assert node.apply(sysctl={"net.ipv4.ip_forward": "1"}) == ["unchanged"]
    node.finish()
    assert setting.read_text() == "0\n"
    assert converge.sysctl_file(node.machine, "net/ipv4/conf/eth0.1/x").endswith("/net/ipv4/conf/eth0.1/x")
    assert converge.sysctl_file(node.machine, "net.ipv4.conf.eth0/1.x").endswith("/net/ipv4/conf/eth0.1/x")


def test_a_directory_in_the_way(node: Node) -> None:
    node.path("/etc/x").mkdir()
    with pytest.raises(converge.Failed, match="/etc/x is a directory") as caught:
        node.apply(files={"/etc/x": file("x")})
    assert caught.value.detail.endswith("Nothing was changed.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's link")
def test_link_of_another_user_is_not_followed(node: Node) -> None:
    node.path("/srv").mkdir()
    node.path("/srv/app").symlink_to(node.path("/etc"))
    os.lchown(node.path("/srv/app"), 1000, 1000)
    with pytest.raises(converge.Failed, match="/srv/app is a link that belongs to user 1000"):
        node.apply(files={"/srv/app/passwd": file("x")})
    assert node.text("/etc/passwd").startswith("root:")


def test_a_signal_between_swap_and_record_waits(node: Node) -> None:
    node.apply(**CADDY)

    def reload(_: list[str]) -> tuple[int, str]:
        node.machine.on_signal(15, None)
        return 0, ""

    node.system.answers["systemctl reload caddy.service"] = reload
    assert node.apply(**with_text("two"))[0].startswith("changed: ")

    def check(_: list[str]) -> tuple[int, str]:
        node.machine.on_signal(15, None)
        return 0, ""

    node.system.answers["caddy-check"] = check
    with pytest.raises(converge.Failed, match="stopped by SIGTERM"):
        node.apply(**with_text("three"))
    assert node.text("/etc/caddy/Caddyfile") == "two"
    assert node.leftovers() == []


def test_a_full_disk_while_staging(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(**CADDY)
    original = converge.write_new

    def full(name: str, *rest: Any) -> None:
        if converge.STAGE in name:
            raise OSError(28, "No space left on device", name)
        original(name, *rest)

    monkeypatch.setattr("converge.transaction.write_new", full)
    with pytest.raises(converge.Failed, match="No space left on device") as caught:
        node.apply(**with_text("two"))
    assert caught.value.detail.endswith("The configuration is as it was before.")
    assert node.text("/etc/caddy/Caddyfile") == "one"
    assert node.leftovers() == []


def test_new_record_without_a_change_on_the_machine(node: Node) -> None:
    node.apply(**CADDY)
    before = node.manifest()["hash"]
    assert node.apply(**CADDY, checks={"x": {"argv": ["true"], "within": 1}}) == ["unchanged"]
    assert (
        node.manifest()["hash"]
        == converge.parse_desired(document(**CADDY, checks={"x": {"argv": ["true"], "within": 1}}))[1]
    )
    assert node.manifest()["hash"] != before
