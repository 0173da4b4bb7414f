"""The relay switch: what goes through a silent relay moves to another one at both ends, and back."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, ClassVar

import pytest

from converge_support import Node, converge

KEY = {"ga": "g" * 43 + "=", "an": "a" * 43 + "="}
RELAYS = {"ga": "10.0.0.1", "an": "10.0.0.2"}
FAR = "10.0.0.9"


class End:
    """One end of a relayed pair: its interface, and what it hears."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.peers = {KEY["ga"]: ["10.0.0.1/32", f"{FAR}/32"], KEY["an"]: ["10.0.0.2/32"]}
        self.dead: set[str] = set()
        """Relays that do not answer this end."""
        self.far_at: set[str] = {"ga", "an"}
        """Relays through which the far end answers."""
        self.clock = 600.0
        node.system.answers["wg show wg0 allowed-ips"] = self._show
        node.system.answers["wg set wg0"] = self._set
        self.configure({"interface": "wg0", "relays": RELAYS, "groups": [{"relays": ["ga", "an"], "addresses": [FAR]}]})

    def configure(self, config: object) -> None:
        """Writes what the role says."""
        file = self.node.path("/etc/wireguard/relay.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(config))

    def _show(self, _words: list[str]) -> tuple[int, str]:
        return 0, "".join(f"{key}\t{' '.join(ips) or '(none)'}\n" for key, ips in self.peers.items())

    def _set(self, words: list[str]) -> tuple[int, str]:
        key, ips = words[4], words[6].split(",")
        # An address belongs to one peer (wg(8)).
        self.peers = {other: [ip for ip in had if ip not in ips] for other, had in self.peers.items()}
        self.peers[key] = ips
        return 0, ""

    @property
    def at(self) -> str:
        """The relay that the far end's address stands at."""
        return next(name for name, key in KEY.items() if f"{FAR}/32" in self.peers[key])

    def probe(self, hosts: Collection[str], _seconds: float) -> set[str]:
        """Who answers now."""
        alive = {address for name, address in RELAYS.items() if name not in self.dead}
        through = {FAR} if self.at in self.far_at - self.dead else set()
        return set(hosts) & (alive | through)

    def look(self, times: int = 1) -> list[str]:
        """Looks, ten seconds apart; what the last one said."""
        lines: list[str] = []
        for _ in range(times):
            lines = converge.watch(self.node.machine, self.probe, self.clock)
            self.clock += 10
        return lines


@pytest.fixture
def end(node: Node) -> End:
    """A node whose far end is reached through ga, or through an."""
    return End(node)


def test_an_ipv6_address_moves_with_the_ipv4_one(end: End) -> None:
    beside = "fd5b:18c2:7f04::a00:9"
    groups = [{"relays": ["ga", "an"], "addresses": [FAR]}]
    end.configure({"interface": "wg0", "relays": RELAYS, "groups": groups, "beside": {FAR: beside}})
    end.peers[KEY["ga"]].append(f"{beside}/128")
    assert end.look() == []
    end.dead = {"ga"}
    assert end.look(2) == [f"through an now: {FAR}, {beside}"]
    assert end.peers == {
        KEY["ga"]: ["10.0.0.1/32"],
        KEY["an"]: ["10.0.0.2/32", f"{FAR}/32", f"{beside}/128"],
    }


def test_nothing_moves_while_all_answer(end: End) -> None:
    assert end.look(9) == []
    assert end.at == "ga"
    assert not [words for words in end.node.system.calls if words[:2] == ["wg", "set"]]


def test_a_dead_relay_is_left_after_two_looks_and_taken_again_at_the_full_minute(end: End) -> None:
    end.look()
    end.dead = {"ga"}
    assert end.look() == []
    assert end.look() == [f"through an now: {FAR}"]
    assert end.at == "an"
    assert end.peers[KEY["an"]] == ["10.0.0.2/32", f"{FAR}/32"]
    end.dead = set()
    end.look(3)
    assert (end.clock, end.at) == (660, "an")
    assert end.look() == [f"through ga now: {FAR}"]
    assert end.at == "ga"


def test_a_relay_that_has_only_just_come_back_is_not_taken_at_once(end: End) -> None:
    end.dead = {"ga"}
    end.look(5)
    end.dead = set()
    end.look(2)
    assert (end.clock, end.at) == (670, "an")
    end.look(5)
    assert end.at == "an"
    end.look()
    assert end.at == "ga"


def test_one_lost_answer_moves_nothing(end: End) -> None:
    for _ in range(4):
        end.dead = {"ga"}
        end.look()
        end.dead = set()
        end.look()
    assert end.at == "ga"


def test_a_node_that_is_cut_off_itself_stays_as_it_is(end: End) -> None:
    end.dead = {"ga", "an"}
    assert end.look(9) == []
    assert end.at == "ga"


def test_a_far_end_that_cannot_reach_the_relay_is_found_at_the_other_and_stays_there(end: End) -> None:
    end.look()
    end.far_at = {"an"}
    end.look()
    assert end.look() == [f"{FAR} found through an"]
    assert end.at == "an"
    end.look(12)
    assert end.at == "an"
    end.far_at = {"ga"}
    end.look()
    assert end.look() == [f"{FAR} found through ga"]


def test_two_that_found_each_other_elsewhere_take_the_first_relay_again_at_the_full_minute(end: End) -> None:
    end.far_at = {"an"}
    assert end.look(2) == [f"{FAR} found through an"]
    end.far_at = {"ga", "an"}
    end.look(4)
    assert (end.clock, end.at) == (660, "an")
    assert end.look() == [f"{FAR} found through ga"]
    assert end.at == "ga"
    end.node.system.calls.clear()
    end.look(9)
    assert not [words for words in end.node.system.calls if words[:2] == ["wg", "set"]]


def test_all_that_strayed_are_tried_at_their_first_relays_at_once(end: End) -> None:
    other = "10.0.0.8"
    groups = [{"relays": ["ga", "an"], "addresses": [FAR]}, {"relays": ["an", "ga"], "addresses": [other]}]
    end.configure({"interface": "wg0", "relays": RELAYS, "groups": groups})
    end.peers[KEY["an"]].append(f"{other}/32")
    asked: list[tuple[set[str], str]] = []

    def probe(hosts: Collection[str], _seconds: float) -> set[str]:
        asked.append((set(hosts), end.at))
        return set(hosts)

    converge.watch(end.node.machine, probe, 640)
    memory = end.node.path("/run/sovereign-edge/relay.json")
    known = json.loads(memory.read_text())
    known["far"] = {FAR: {**known["far"][FAR], "at": "an"}, other: {**known["far"][other], "at": "ga"}}
    known["relays"] = {name: {"missed": 0, "answered": 9} for name in RELAYS}
    memory.write_text(json.dumps(known))
    lines = converge.watch(end.node.machine, probe, 660)
    assert lines[-2:] == [f"{other} found through an", f"{FAR} found through ga"]
    assert asked[-2:] == [({FAR, other, *RELAYS.values()}, "an"), ({FAR, other}, "ga")]
    assert f"{other}/32" in end.peers[KEY["an"]]


def test_a_far_end_that_stays_elsewhere_is_tried_at_the_first_relay_three_times_and_then_once_an_hour(end: End) -> None:
    end.far_at = {"an"}
    end.look(2)
    tries = []
    while end.clock < 7300:
        end.node.system.calls.clear()
        clock = end.clock
        end.look()
        assert end.at == "an"
        if any(words[:2] == ["wg", "set"] for words in end.node.system.calls):
            tries.append(clock)
    assert tries == [660, 720, 780, 3600, 7200]


def test_the_first_relay_is_not_tried_while_it_is_silent_or_has_only_just_come_back(end: End) -> None:
    end.far_at = {"an"}
    end.look(2)
    end.dead = {"ga"}
    end.look(3)
    end.dead, end.far_at = set(), {"ga", "an"}
    assert (end.clock, end.look()) == (650, [])
    assert (end.clock, end.look(), end.at) == (660, [], "an")
    end.look(6)
    assert (end.clock, end.at) == (730, "ga")


def test_what_an_older_program_remembered_is_taken_up(end: End) -> None:
    end.far_at = {"an"}
    end.look(2)
    memory = end.node.path("/run/sovereign-edge/relay.json")
    old = json.loads(memory.read_text())
    del old["far"][FAR]["tries"]
    memory.write_text(json.dumps(old))
    end.look()
    assert end.at == "an"


def test_a_far_end_that_is_off_is_sought_eagerly_at_first_and_stays_at_the_first_relay(end: End) -> None:
    end.far_at = set()
    tries = []
    for _ in range(30):
        end.node.system.calls.clear()
        end.look()
        assert end.at == "ga"
        tries.append(any(words[:2] == ["wg", "set"] for words in end.node.system.calls))
    assert [index for index, tried in enumerate(tries) if tried] == [1, 2, 3, 4, 5, 6, 12, 18, 24]


def test_what_a_reload_put_back_moves_again_before_anybody_is_asked(end: End) -> None:
    end.dead = {"ga"}
    end.look(2)
    end.peers = {KEY["ga"]: ["10.0.0.1/32", f"{FAR}/32"], KEY["an"]: ["10.0.0.2/32"]}
    asked = []

    def probe(hosts: Collection[str], seconds: float) -> set[str]:
        asked.append(end.at)
        return end.probe(hosts, seconds)

    assert converge.watch(end.node.machine, probe, 700.0) == [f"through an now: {FAR}"]
    assert asked == ["an"]


def test_a_relay_with_a_new_key_is_the_peer_that_has_its_address(end: End) -> None:
    end.peers = {KEY["ga"]: [], "n" * 43 + "=": ["10.0.0.1/32", f"{FAR}/32"], KEY["an"]: ["10.0.0.2/32"]}
    assert converge.watch(end.node.machine, lambda hosts, _: set(hosts), 600.0) == []


def test_two_that_change_places_both_arrive(end: End) -> None:
    other = "10.0.0.8"
    groups = [{"relays": ["ga", "an"], "addresses": [FAR]}, {"relays": ["an", "ga"], "addresses": [other]}]
    end.configure({"interface": "wg0", "relays": RELAYS, "groups": groups})
    end.peers = {KEY["ga"]: ["10.0.0.1/32", f"{other}/32"], KEY["an"]: ["10.0.0.2/32", f"{FAR}/32"]}
    end.look()
    assert end.peers == {KEY["ga"]: ["10.0.0.1/32", f"{FAR}/32"], KEY["an"]: ["10.0.0.2/32", f"{other}/32"]}


def test_who_is_no_more_in_the_configuration_is_forgotten(end: End) -> None:
    end.dead = {"ga"}
    end.look(2)
    end.configure({"interface": "wg0", "relays": {"ga": RELAYS["ga"]}, "groups": []})
    end.look()
    remembered = json.loads(end.node.path("/run/sovereign-edge/relay.json").read_text())
    assert remembered["far"] == {}
    assert list(remembered["relays"]) == ["ga"]


def test_a_damaged_memory_is_a_fresh_start(end: End) -> None:
    end.look()
    end.node.path("/run/sovereign-edge/relay.json").write_text("{")
    assert end.look() == []


def test_an_interface_that_is_down_is_waited_for(end: End) -> None:
    end.node.system.answers["wg show wg0 allowed-ips"] = (1, "Unable to access interface: No such device")
    end.dead = {"ga"}
    assert end.look(3) == []


def test_without_wg_it_says_so(end: End) -> None:
    end.node.system.answers["wg show wg0 allowed-ips"] = (127, "wg: No such file or directory")
    with pytest.raises(converge.Failed, match="relay: wg is not installed"):
        end.look()


def test_a_node_without_relays_has_nothing_to_do(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converge.ping.answering", lambda *_: pytest.fail("nobody is asked"))
    assert converge.outcome(node.machine, ["relay"], bytes) == (0, [])


class Line:
    """A raw socket on which whoever is `there` answers every question, from the `late`th on."""

    there: ClassVar[dict[str, int]] = {}
    noise: ClassVar[list[Any]] = []
    asked: ClassVar[list[str]] = []

    def __init__(self, *_: object) -> None:
        self.waiting: list[Any] = list(self.noise)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        """As the socket's."""
        assert seconds > 0

    def sendto(self, packet: bytes, address: tuple[str, int]) -> None:
        """An answer comes back, if the host is there."""
        host = address[0]
        self.asked.append(host)
        assert converge.checksum(packet) == 0
        if host == "10.0.0.7":
            raise OSError(89, "Destination address required")
        if self.asked.count(host) > self.there.get(host, 99):
            self.waiting.append((b"\x45" + bytes(19) + b"\0\0\0\0" + packet[4:], (host, 0)))

    def recvfrom(self, _size: int) -> Any:
        """The next packet, or the timeout."""
        found = self.waiting.pop(0) if self.waiting else TimeoutError()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> type[Line]:
    """In the place of the socket."""
    monkeypatch.setattr("converge.ping.socket.socket", Line)
    monkeypatch.setattr(Line, "asked", [])
    monkeypatch.setattr(Line, "noise", [])
    return Line


def test_asks_again_who_has_not_answered(line: type[Line]) -> None:
    line.there = {"10.0.0.1": 0, "10.0.0.2": 2}
    assert converge.answering(["10.0.0.1", "10.0.0.2"], 2.0) == {"10.0.0.1", "10.0.0.2"}
    assert line.asked == ["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.2"]


def test_gives_up_in_time(line: type[Line]) -> None:
    line.there = {"10.0.0.1": 0}
    assert converge.answering(["10.0.0.1", "10.0.0.3", "10.0.0.7"], 0.5) == {"10.0.0.1"}
    assert line.asked.count("10.0.0.3") == 2


def test_nobody_is_asked_for_nothing(line: type[Line]) -> None:
    assert converge.answering([], 2.0) == set()
    assert line.asked == []


@pytest.mark.parametrize(
    "noise",
    [
        (b"", ("10.0.0.3", 0)),
        (b"\x45" + bytes(20), ("10.0.0.3", 0)),
        (b"\x45" + bytes(27), ("10.0.0.3", 0)),
        (b"\x45" + bytes(27), ("10.9.9.9", 0)),
    ],
)
def test_what_is_no_answer_of_theirs_does_not_count(line: type[Line], noise: Any) -> None:
    line.noise = [noise]
    assert converge.answering(["10.0.0.3"], 0.25) == set()
