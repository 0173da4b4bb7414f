"""Groups, users, memberships, kernel modules and masks: brought, put right, and taken away when they were ours."""

from __future__ import annotations

import os

import pytest

from converge_support import Node, converge, unit

ACCOUNTS = {
    "groups": {"render": {}, "data": {}},
    "users": {"svc": {"home": "/srv", "groups": {"render": True, "video": True}}, "me": {"home": "/home/me"}},
}
ACCOUNTS["users"]["me"].update(shell="/bin/sh", groups={"data": True})


@pytest.fixture
def host(node: Node) -> Node:
    """A machine with a group of its own."""
    with node.path("/etc/group").open("a") as file:
        file.write("video:x:44:me\n")
    return node


def groups(node: Node) -> dict[str, str]:
    """Members by group."""
    return {line.split(":")[0]: line.split(":")[3] for line in node.text("/etc/group").splitlines()}


def test_groups_and_users_come_and_go(host: Node) -> None:
    before = (host.text("/etc/passwd"), host.text("/etc/group"))
    assert host.apply(**ACCOUNTS) == ["changed: group data; group render; user me; user svc"]
    assert groups(host) == {
        "root": "",
        "me": "",
        "video": "me,svc",
        "data": "me",
        "render": "svc",
        "svc": "",
    }
    assert host.apply(**ACCOUNTS) == ["unchanged"]
    memberships = "membership me:data, membership svc:render, membership svc:video"
    assert host.finish() == [f"changed: swept {memberships}, user svc, group data, group render"]
    assert (host.text("/etc/passwd"), host.text("/etc/group")) == before


def test_membership_that_was_there_stays(host: Node) -> None:
    user = {"home": "/home/me", "shell": "/bin/sh", "groups": {"video": True, "me": True}}
    assert host.apply(users={"me": user}) == ["unchanged"]
    host.finish()
    assert groups(host)["video"] == "me"


def test_membership_goes_when_the_role_does_not_want_it_any_more(host: Node) -> None:
    host.apply(**ACCOUNTS)
    slim = {"groups": ACCOUNTS["groups"], "users": {"svc": {"home": "/srv", "groups": {"render": True}}}}
    host.apply(**slim)
    host.finish(role=slim)
    assert (groups(host)["video"], groups(host)["render"], groups(host)["data"]) == ("me", "svc", "")
    assert "svc:video" not in host.manifest()["touched"]["memberships"]
    host.system.calls.clear()
    host.finish(role=slim)
    assert not [words for words in host.system.calls if words[0] == "gpasswd"]


def test_group_that_was_there_stays(host: Node) -> None:
    assert host.apply(groups={"video": {}}) == ["unchanged"]
    assert host.finish() == ["unchanged"]
    assert groups(host)["video"] == "me"


def test_put_right_what_was_changed_by_hand(host: Node) -> None:
    host.apply(**ACCOUNTS)
    host.path("/etc/group").write_text(host.text("/etc/group").replace("video:x:44:me,svc", "video:x:44:me"))
    assert host.apply(**ACCOUNTS) == ["changed: user svc"]
    assert groups(host)["video"] == "me,svc"


def test_group_of_others_has_to_be_there(host: Node) -> None:
    with pytest.raises(converge.Failed, match="user svc: there is no group gpio; add it to groups, or its package"):
        host.apply(users={"svc": {"home": "/srv", "groups": {"gpio": True}}})


def test_user_of_ours_moves(host: Node) -> None:
    host.apply(users={"svc": {"home": "/srv"}})
    assert host.apply(users={"svc": {"home": "/opt", "shell": "/bin/sh"}}) == ["changed: user svc"]
    assert "svc:x:990:990::/opt:/bin/sh" in host.text("/etc/passwd")


def test_user_that_was_here_keeps_home_and_shell(host: Node) -> None:
    with pytest.raises(converge.Failed, match="user me: was on this machine before, with home /home/me"):
        host.apply(users={"me": {"home": "/srv"}})


def test_group_that_owns_kept_data_or_has_members_stays(host: Node) -> None:
    role = {"groups": {"data": {}, "staff": {}}, "directories": {}}
    host.apply(**role)
    host.path("/etc/group").write_text(host.text("/etc/group").replace("staff:x:979:", "staff:x:979:me"))
    assert host.finish() == ["changed: swept group data", "kept: group staff"]
    assert "staff" in groups(host)


def test_primary_group_of_somebody_stays(host: Node) -> None:
    host.apply(groups={"data": {}})
    host.path("/etc/passwd").write_text(host.text("/etc/passwd") + "x:x:1001:980::/x:/bin/sh\n")
    assert host.finish() == ["unchanged", "kept: group data"]


# People

PERSON = {"users": {"alexa": {"home": "/home/alexa", "shell": "/bin/bash", "person": True}}}


def test_person_comes_leaves_and_comes_back(host: Node) -> None:
    assert host.apply(**PERSON) == ["changed: user alexa"]
    assert "alexa:x:1001:1001::/home/alexa:/bin/bash" in host.text("/etc/passwd")
    host.path("/home/alexa/letter").write_text("mine")
    assert host.apply(**PERSON) == ["unchanged"]
    left = ["changed: swept login of alexa", "kept: /home/alexa and the closed account alexa"]
    assert host.finish() == left
    assert ["loginctl", "terminate-user", "alexa"] in host.system.calls
    assert (host.text("/home/alexa/letter"), host.text("/etc/shadow")) == ("mine", "alexa:*:1:0:99999:7::1:\n")
    assert host.apply(**PERSON) == ["changed: user alexa"]
    assert host.text("/etc/shadow") == "alexa:*:1:0:99999:7:::\n"
    assert host.apply(**PERSON) == ["unchanged"]
    assert host.finish() == left


def test_person_without_a_home_goes_as_a_whole(host: Node) -> None:
    host.apply(**PERSON)
    host.path("/home/alexa").rmdir()
    assert host.finish() == ["changed: swept user alexa"]
    assert "alexa" not in host.text("/etc/passwd")


def test_person_who_was_here_keeps_everything(host: Node) -> None:
    line = "alexa:x:1000:1000::/srv/alexa:/bin/zsh\n"
    host.path("/etc/passwd").write_text(host.text("/etc/passwd") + line)
    host.path("/etc/group").write_text(host.text("/etc/group") + "alexa:x:1000:\n")
    assert host.apply(**PERSON) == ["unchanged"]
    assert host.finish() == ["unchanged"]
    assert line in host.text("/etc/passwd")


def test_account_of_the_system_is_no_person(host: Node) -> None:
    host.path("/etc/passwd").write_text(host.text("/etc/passwd") + "alexa:x:33:33::/srv:/usr/sbin/nologin\n")
    host.path("/etc/group").write_text(host.text("/etc/group") + "alexa:x:33:\n")
    with pytest.raises(converge.Failed, match=r"user alexa: is an account of the system's own here \(number 33\)"):
        host.apply(**PERSON)


# Kernel modules


def test_modules_are_loaded_now_and_at_boot(node: Node) -> None:
    node.path("/sys/module/loop").mkdir(parents=True)
    built_in = node.path(f"/lib/modules/{os.uname().release}")
    built_in.mkdir(parents=True)
    (built_in / "modules.builtin").write_text("kernel/net/ipv4/tcp-bbr.ko\n")
    role = {"modules": {"loop": {}, "tcp_bbr": {}, "wireguard": {}}}
    file = "/etc/modules-load.d/60-sovereign-edge-role.conf"
    assert node.apply(**role) == [f"changed: {file}; module wireguard"]
    assert node.text(file) == "loop\ntcp_bbr\nwireguard\n"
    assert [words for words in node.system.calls if words[0] == "modprobe"] == [["modprobe", "--", "wireguard"]]
    assert node.apply(**role) == ["unchanged"]
    assert node.finish() == [f"changed: swept {file}, module wireguard"]
    assert node.path("/sys/module/loop").exists()
    assert not node.path("/sys/module/wireguard").exists()


def test_module_in_use_stays_loaded(node: Node) -> None:
    node.apply(modules={"wireguard": {}})
    node.path("/sys/module/wireguard/refcnt").write_text("2\n")
    node.finish()
    assert node.path("/sys/module/wireguard").exists()


def test_module_that_this_kernel_does_not_have(node: Node) -> None:
    node.system.answers["modprobe"] = (1, "modprobe: FATAL: Module nope not found in directory /lib/modules/6\n")
    with pytest.raises(converge.Failed, match=r"module nope: modprobe failed \(exit 1\); this kernel is ") as caught:
        node.apply(modules={"nope": {}})
    assert "FATAL: Module nope not found" in caught.value.detail
    assert not node.path("/etc/modules-load.d/60-sovereign-edge-role.conf").exists()


def test_modules_come_before_the_settings_that_they_bring(node: Node) -> None:
    setting = node.path("/proc/sys/net/nf")
    setting.parent.mkdir(parents=True)

    def load(words: list[str]) -> tuple[int, str]:
        setting.write_text("1")
        return node.system._modprobe(words)

    node.system.answers["modprobe"] = load
    node.apply(modules={"nf": {}}, sysctl={"net.nf": "2"})
    assert setting.read_text() == "2\n"


# Masks


MASKED = {"enabled": False, "running": False, "masked": True}


def test_mask_comes_after_the_stop_and_goes_with_the_role(node: Node) -> None:
    node.system.unit("sleep.target")
    node.system.unit("x.service", running=True, enabled=True)
    role = {"units": {"x.service": MASKED, "sleep.target": MASKED}}
    assert node.apply(**role) == [
        "changed: disabled x.service; stopped x.service; masked sleep.target; masked x.service"
    ]
    assert node.system.verbs() == ["disable x.service", "stop x.service", "mask sleep.target", "mask x.service"]
    assert node.apply(**role) == ["unchanged"]
    node.finish()
    assert node.system.units["x.service"] == {"running": True, "enabled": True, "masked": False}
    assert node.system.units["sleep.target"]["masked"] is False


def test_mask_goes_when_the_unit_has_to_run(node: Node) -> None:
    node.system.unit("x.service", masked=True)
    assert node.apply(units={"x.service": unit()}) == [
        "changed: unmasked x.service; enabled x.service; started x.service"
    ]
    node.finish()
    assert node.system.units["x.service"] == {"running": False, "enabled": False, "masked": True}


def test_mask_of_others_stays_and_ours_does_not(node: Node) -> None:
    node.system.unit("x.service", masked=True)
    off = {"x.service": {"enabled": False, "running": False}}
    assert node.apply(units=off) == ["unchanged"]
    node.system.units["x.service"]["masked"] = False
    node.apply(units={"x.service": MASKED})
    assert node.apply(units=off) == ["changed: unmasked x.service"]


def test_mask_goes_back_when_a_check_fails(node: Node) -> None:
    node.system.unit("x.service", running=True, enabled=True)
    node.system.unit("y.service", masked=True)
    node.system.answers["never"] = (1, "")
    with pytest.raises(converge.Failed, match="check no"):
        node.apply(units={"x.service": MASKED, "y.service": unit()}, checks={"no": {"argv": ["never"], "within": 1}})
    assert node.system.units == {
        "x.service": {"running": True, "enabled": True, "masked": False},
        "y.service": {"running": False, "enabled": False, "masked": True},
    }
