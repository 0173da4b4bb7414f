"""The anchor of a droplet: what it begins leaves under its reserved address."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from converge_support import Node, converge

TOLD: Mapping[str, str] = {
    "reserved_ip/ipv4/active": "true",
    "interfaces/public/0/ipv4/address": "203.0.113.100",
    "interfaces/public/0/anchor_ipv4/address": "10.19.0.5",
    "interfaces/public/0/anchor_ipv4/gateway": "10.19.0.1",
}
SHOW = "ip -4 -json address show to 10.19.0.5/32"


class Rules:
    """The kernel's rules by preference, as `ip rule` keeps them."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.there: list[str] = ["0 lookup local", "32766 lookup main"]
        node.system.answers[SHOW] = (0, json.dumps([{}, {"ifname": "eth0"}]))
        node.system.answers["ip -4 rule add pref"] = self._add
        node.system.answers["ip -4 rule delete pref"] = self._delete

    def _add(self, words: list[str]) -> tuple[int, str]:
        self.there.append(" ".join(words[5:]))
        return 0, ""

    def _delete(self, words: list[str]) -> tuple[int, str]:
        found = next((rule for rule in self.there if rule.split()[0] == words[5]), None)
        if found is None:
            return 2, "RTNETLINK answers: No such file or directory"
        self.there.remove(found)
        return 0, ""

    def own(self) -> list[str]:
        """Those that are not the system's."""
        return self.there[2:]


@pytest.fixture
def rules(node: Node) -> Rules:
    """A droplet's rules."""
    return Rules(node)


def use(node: Node, **told: str) -> list[str]:
    """Turns it on, with other answers of the metadata service than usual."""
    answers = {**TOLD, **{name: text for key, text in told.items() for name in TOLD if name.endswith(key)}}
    lines: list[str] = converge.use(node.machine, answers.__getitem__)
    return lines


def test_what_it_begins_leaves_from_the_anchor_and_answers_from_where_they_were_asked(node: Node, rules: Rules) -> None:
    assert use(node) == ["sent from 10.19.0.5 through 10.19.0.1"]
    route = "ip -4 route replace table 1019 default via 10.19.0.1 dev eth0 onlink src 10.19.0.5"
    assert route.split() in node.system.calls
    own = rules.own()
    assert [own[0], own[-1]] == ["10190 from 203.0.113.100 lookup main", "10192 iif lo lookup 1019"]
    assert "10191 to 10.0.0.0/8 lookup main" in own
    assert node.text("/run/sovereign-edge/anchor") == "ANCHOR=10.19.0.5\n"


def test_twice_is_once_and_off_leaves_what_was_there(node: Node, rules: Rules) -> None:
    use(node)
    once = rules.own()
    use(node)
    assert rules.own() == once
    assert converge.leave(node.machine) == ["sent as the system has it"]
    assert rules.own() == []
    assert not node.path("/run/sovereign-edge/anchor").exists()
    assert converge.leave(node.machine) == ["sent as the system has it"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"active": "false"}, "no reserved address leads to this machine"),
        ({"gateway": "10.19.0.1; reboot"}, "anchor_ipv4/gateway is no IPv4 address"),
    ],
)
def test_what_is_not_as_it_should_be_is_said_before_anything_is_touched(
    node: Node, rules: Rules, told: dict[str, str], words: str
) -> None:
    with pytest.raises(converge.Failed, match=words):
        use(node, **told)
    assert rules.own() == []
    assert node.system.calls == []


def test_an_anchor_that_no_interface_has(node: Node, rules: Rules) -> None:
    node.system.answers[SHOW] = (0, "")
    with pytest.raises(converge.Failed, match=r"no interface has the address 10\.19\.0\.5"):
        use(node)
    assert rules.own() == []


def test_a_metadata_service_that_is_not_there(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converge.anchor.METADATA", "http://127.0.0.1:9/")
    with pytest.raises(converge.Failed, match="reserved_ip/ipv4/active does not answer"):
        converge.use(node.machine, converge.metadata)
    code, lines = converge.outcome(node.machine, ["anchor", "maybe"], bytes)
    assert (code, lines) == (64, ["usage: converge.py anchor on|off"])
