"""While a peer changes its WireGuard key, its allowed IPs follow whichever of its keys answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from converge_support import Node, converge

OLD, NEXT, OTHER = (name * 43 + "=" for name in "onx")
FILE = "/etc/wireguard/turn.json"
IPS = "10.44.0.1/32 10.44.0.7/32"


def lines(form: str, values: Mapping[str, object]) -> str:
    """A line for each key."""
    return "".join(form.format(key, value) for key, value in values.items())


class Peer:
    """What `wg show` says of a peer with two keys, and what `wg set` does to it."""

    def __init__(self, node: Node) -> None:
        self.received = {OLD: 10, NEXT: 0, OTHER: 5}
        self.held = {OLD: IPS, NEXT: "(none)", OTHER: "10.44.0.9/32"}
        self.node = node
        answers = node.system.answers
        answers["wg show all transfer"] = lambda _: (0, lines("wg0\t{}\t{}\t1\n", self.received))
        answers["wg show wg0 allowed-ips"] = lambda _: (0, lines("{}\t{}\n", self.held))
        answers["wg set wg0"] = self._set
        path = node.path(FILE)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"interface": "wg0", "keys": [OLD, NEXT]}))

    def _set(self, words: Any) -> tuple[int, str]:
        key, ips = words[4], words[6].split(",")
        for other, held in self.held.items():
            self.held[other] = " ".join(ip for ip in held.split() if ip not in ips) or "(none)"
        self.held[key] = " ".join(ips)
        return 0, ""

    def hears(self, *keys: str) -> None:
        """One look after these keys were heard."""
        before = dict(self.received)
        for key in keys:
            self.received[key] += 100
        turn = converge.read_turn(self.node.machine, FILE)
        assert converge.step(self.node.machine, turn, before) == {key: self.received[key] for key in (OLD, NEXT)}


@pytest.fixture
def peer(node: Node) -> Peer:
    return Peer(node)


def test_the_next_key_gets_all_when_it_answers(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.hears()
    peer.hears(OTHER)
    peer.hears(OLD)
    assert peer.held[OLD] == IPS
    peer.hears(NEXT)
    assert peer.held == {OLD: "(none)", NEXT: IPS, OTHER: "10.44.0.9/32"}
    assert capsys.readouterr().out == "the peer answers with its next key\n"


def test_goes_back_when_the_peer_does(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.hears(NEXT)
    peer.hears(OLD)
    assert peer.held[OLD] == IPS
    assert capsys.readouterr().out.endswith("the peer answers with the key it had\n")


def test_nothing_moves_while_both_are_heard(peer: Peer) -> None:
    peer.hears(OLD, NEXT)
    assert peer.held[OLD] == IPS


def test_what_a_relay_switch_took_away_is_not_taken_back(peer: Peer) -> None:
    peer.held = {OLD: "10.44.0.1/32", NEXT: "(none)", OTHER: "10.44.0.9/32 10.44.0.7/32"}
    peer.hears(NEXT)
    assert peer.held == {OLD: "(none)", NEXT: "10.44.0.1/32", OTHER: "10.44.0.9/32 10.44.0.7/32"}


def test_the_verb_looks_until_it_is_stopped(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        peer.received[NEXT] += 1
        if len(looks) == 3:
            raise converge.Interrupted("stopped by SIGTERM")

    monkeypatch.setattr("converge.turn.time.sleep", look)
    code, lines = converge.outcome(peer.node.machine, ["turn", FILE], bytes)
    assert (code, len(looks)) == (1, 3)
    assert "stopped by SIGTERM" in lines[0]
    assert peer.held[NEXT] == IPS


def test_a_failed_move_says_so(peer: Peer) -> None:
    peer.node.system.answers["wg set wg0"] = (1, "Unable to modify interface: No such device")
    with pytest.raises(converge.Failed, match="turn: wg failed"):
        peer.hears(NEXT)


def test_without_a_turn_there_is_nothing_to_do(node: Node) -> None:
    code, lines = converge.outcome(node.machine, ["turn", FILE], bytes)
    assert (code, lines) == (64, [f"there is no {FILE}: no key is being changed"])
