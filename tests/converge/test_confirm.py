"""Confirmed commit: a change that can cut the operator off goes back unless a fresh connection confirms it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from converge_support import Node, converge, file, unit

KEYS = {name: name * 43 + "=" for name in "abc"}


def role(text: str, **more: Any) -> dict[str, Any]:
    """A firewall in the making."""
    return {
        "files": {"/etc/nft": file(text)},
        "actions": {"load": {"argv": ["nft", "-f", "/etc/nft"], "on": {"/etc/nft": True}}},
        "removal": {"drop": {"argv": ["nft", "flush"]}},
        "confirm": {"window": 30},
        **more,
    }


def arm(node: Node, text: str, **more: Any) -> None:
    """Applies the role; it must want a confirmation."""
    with pytest.raises(converge.Armed, match="role is applied; waiting (29|30) s for a fresh connection"):
        node.apply(**role(text, **more))


def test_first_applied_then_confirmed(node: Node) -> None:
    arm(node, "one")
    order = [words[0] for words in node.system.calls]
    assert order.index("systemd-run") < order.index("nft")
    start = next(words for words in node.system.calls if words[0] == "systemd-run")
    assert "--on-active=30s" in start
    assert start[-1] == "recover"
    assert node.text("/etc/nft") == "one"
    assert node.manifest()["hash"] == ""
    assert node.apply(**role("one")) == ["changed: /etc/nft; ran load"]
    assert node.system.verbs()[0].startswith("stop sovereign-edge-revert-")
    assert node.leftovers() == []
    assert node.apply(**role("one")) == ["unchanged"]


def revert(node: Node) -> None:
    """What the timer runs."""
    node.system.calls.clear()
    assert converge.outcome(node.machine, ["recover"], bytes) == (0, ["done"])


def test_goes_back_when_the_window_is_over(node: Node, boottime: Any) -> None:
    arm(node, "one")
    boottime(29)
    boottime(31)
    revert(node)
    assert not node.path("/etc/nft").exists()
    assert ["nft", "flush"] in node.system.calls
    assert node.manifest()["result"] == "reverted: no fresh connection within 30 s"
    assert node.leftovers() == []
    node.apply(**{key: value for key, value in role("one").items() if key != "confirm"})
    arm(node, "two")
    boottime(62)
    revert(node)
    assert node.text("/etc/nft") == "one"
    assert ["nft", "-f", "/etc/nft"] in node.system.calls
    arm(node, "two")
    assert node.apply(**role("two")) == ["changed: /etc/nft; ran load"]


def test_goes_back_with_the_next_boot(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.system.unit("x.service")
    arm(node, "one", units={"x.service": unit()})
    node.system.units["x.service"]["running"] = False
    monkeypatch.setattr("converge.journal.boot_id", lambda: "another boot")
    node.system.calls.clear()
    node.machine.booting = False
    assert converge.outcome(node.machine, ["recover", "boot"], bytes) == (0, ["done"])
    assert not node.path("/etc/nft").exists()
    # Nothing is started or stopped, nor commands run that may need a service: the machine is only just booting.
    assert [words for words in node.system.calls if words[0] == "nft"] == []
    assert node.system.verbs() == ["disable x.service"]


def test_everybody_else_waits_meanwhile(
    node: Node, boottime: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converge.lock.LOCK_QUIET", -1.0)
    arm(node, "one")
    machine = converge.Machine(str(node.root), node.system)

    def look(_: float) -> None:
        boottime.at += 1.0

    boottime.sleeping(look)
    assert node.apply("other", files={"/etc/y": file("y")}) == ["changed: /etc/y"]
    assert not node.path("/etc/nft").exists()
    assert "waiting for role role, which waits for a fresh connection" in capsys.readouterr().err
    assert converge.load(machine) is None


def test_a_change_that_fails_is_disarmed(node: Node) -> None:
    node.system.answers["nft -f"] = (1, "syntax error")
    with pytest.raises(converge.Failed, match="action load: nft failed"):
        node.apply(**role("bad"))
    assert not node.path("/etc/nft").exists()
    assert node.system.verbs()[-1].startswith("stop sovereign-edge-revert-")


def test_a_revert_that_cannot_be_armed_stops_before_the_swap(node: Node) -> None:
    node.system.answers["systemd-run"] = (1, "no bus")
    with pytest.raises(converge.Failed, match="confirm: systemd-run failed"):
        node.apply(**role("one"))
    assert not node.path("/etc/nft").exists()
    assert node.leftovers() == []


class Tunnels:
    """What `wg show` says: peers that answer count up with every look."""

    def __init__(self, node: Node, answering: set[str], interface: str = "wg0") -> None:
        self.answering = answering
        self.interface = interface
        self.bytes = dict.fromkeys(KEYS, 100)
        self.configured = set(KEYS)
        node.system.answers["wg show all latest-handshakes"] = lambda _: (0, self._lines(self._handshake))
        node.system.answers["wg show all transfer"] = lambda _: (0, self._lines(self._transfer))
        node.system.answers["wg show all allowed-ips"] = (0, "")

    def _lines(self, value: Any) -> str:
        return "".join(f"{self.interface}\t{KEYS[name]}\t{value(name)}\n" for name in sorted(self.configured))

    @staticmethod
    def _handshake(name: str) -> str:
        return str(int(converge.time.time()) - (1000 if name == "c" else 20))

    def _transfer(self, name: str) -> str:
        self.bytes[name] += 10 * (name in self.answering)
        return f"{self.bytes[name]}\t5"


@pytest.fixture
def names(node: Node) -> None:
    """Public keys that belong to nodes."""
    node.secrets({f"node-{name}": key for name, key in KEYS.items()})


def test_peers_have_to_be_as_alive_as_before(node: Node, boottime: Any, names: None) -> None:
    tunnels = Tunnels(node, {"a", "c"})
    arm(node, "one")
    # Neither b, which is off, nor c, whose last handshake is long ago, was alive.
    assert node.apply(**role("one")) == ["changed: /etc/nft; ran load"]
    arm(node, "two")
    tunnels.answering = set()

    def later(_: float) -> None:
        boottime.at += 5.0

    boottime.sleeping(later)
    with pytest.raises(converge.Failed, match="node-a answered through WireGuard before this change") as caught:
        node.apply(**role("two"))
    assert caught.value.detail.endswith("The previous configuration is in place.")
    assert node.text("/etc/nft") == "one"
    assert node.leftovers() == []


def test_a_peer_that_was_taken_out_need_not_answer(node: Node, names: None) -> None:
    tunnels = Tunnels(node, {"a", "b"})
    arm(node, "one")
    tunnels.configured = {"b"}
    assert node.apply(**role("one")) == ["changed: /etc/nft; ran load"]
    tunnels.configured = set(KEYS)
    arm(node, "two")
    tunnels.configured = set()
    with pytest.raises(converge.Failed, match="the WireGuard tunnels to node-a, node-b are gone"):
        node.apply(**role("two"))


@pytest.mark.parametrize(
    ("interface", "nodes", "held"),
    [("wg0", {"node-b": KEYS["b"]}, False), ("wg1", {"node-b": KEYS["b"]}, True), ("wg0", {}, True)],
)
def test_a_peer_that_is_no_node_any_more_need_not_answer(
    node: Node, boottime: Any, interface: str, nodes: dict[str, str], held: bool
) -> None:
    node.secrets(nodes)
    tunnels = Tunnels(node, {"a", "b"}, interface)
    arm(node, "one")
    # Its own end is gone, and this end is configured still: `wireguard` comes after the firewall.
    tunnels.answering = {"b"}

    def later(_: float) -> None:
        boottime.at += 5.0

    boottime.sleeping(later)
    if held:
        with pytest.raises(converge.Failed, match=re.escape(f"{KEYS['a']} answered through WireGuard")):
            node.apply(**role("one"))
    else:
        assert node.apply(**role("one")) == ["changed: /etc/nft; ran load"]


def test_a_change_that_was_killed_half_way_is_not_confirmed(node: Node) -> None:
    arm(node, "one")
    journal = converge.load(node.machine)
    journal["confirm"]["applied"] = False
    converge.save(node.machine, journal)
    arm(node, "one")
    assert node.manifest()["result"] == "is armed"
