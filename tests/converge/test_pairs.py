"""Pairs: what a node says of the ways to the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from converge_support import Node, converge

OWN, BOB, CAROL = (letter * 43 + "=" for letter in "abc")
SHOWN = {
    "public-key": f"{OWN}\n",
    "listen-port": "51820\n",
    "endpoints": f"{BOB}\t192.0.2.2:51820\n{CAROL}\t(none)\n",
    "allowed-ips": f"{BOB}\t10.44.0.2/32 10.44.0.3/32\n{CAROL}\t(none)\n",
    "transfer": f"{BOB}\t1000\t2000\n{CAROL}\t0\t148\n",
}


def ask(node: Node, nodes: dict[str, str]) -> dict[str, Any]:
    """What the verb prints."""
    report: dict[str, Any] = json.loads(converge.pairs(node.machine, json.dumps({"nodes": nodes}).encode())[0])
    return report


def test_what_wireguard_and_the_pings_say(node: Node) -> None:
    handshakes = f"{BOB}\t{int(converge.time.time()) - 30}\n{CAROL}\t0\n"
    node.system.answers["wg show wg0"] = lambda words: (0, {**SHOWN, "latest-handshakes": handshakes}[words[3]])
    times = "rtt min/avg/max/mdev = 0.312/0.4/0.5/0.0 ms"
    answers = {
        "10.44.0.2": (0, f"3 packets transmitted, 3 received, 0% packet loss\n{times}\n"),
        "10.44.0.3": (1, "20 packets transmitted, 0 received, 100% packet loss, time 4000ms\n"),
    }
    node.secrets({"alice": OWN, "bob": BOB})
    node.system.answers["ping"] = lambda words: answers[words[-1]]
    report = ask(node, {"bob": "10.44.0.2", "carol": "10.44.0.3"})
    assert (report["publicKey"], report["port"]) == (OWN, 51820)
    assert report["pings"] == {"bob": {"answers": 3, "latency": 0.312}, "carol": {"answers": 0, "latency": None}}
    assert report["peers"][BOB].pop("handshake") in (30, 31)
    assert report["peers"] == {
        BOB: {
            "node": "bob",
            "endpoint": "192.0.2.2:51820",
            "allowedIps": ["10.44.0.2/32", "10.44.0.3/32"],
            "received": 1000,
            "sent": 2000,
        },
        CAROL: {"node": "", "endpoint": "", "allowedIps": [], "handshake": None, "received": 0, "sent": 148},
    }
    asked = {words[3] for words in node.system.calls if words[:3] == ["wg", "show", "wg0"]}
    assert asked == {*SHOWN, "latest-handshakes"}, "dump and private-key print what nobody may see"


@pytest.mark.parametrize(("since", "ages"), [(-3600, (-3600, -3599)), (-1, (0,)), (0, (0, 1))])
def test_a_handshake_that_is_still_to_come_tells_of_a_clock_that_went_back(
    node: Node, since: int, ages: tuple[int, ...]
) -> None:
    shown = {**SHOWN, "latest-handshakes": f"{BOB}\t{int(converge.time.time()) - since}\n"}
    node.system.answers["wg show wg0"] = lambda words: (0, shown[words[3]])
    assert ask(node, {})["peers"][BOB]["handshake"] in ages


def test_without_an_interface_nothing_is_known(node: Node) -> None:
    node.system.answers["wg"] = (1, "Unable to access interface: No such device\n")
    node.system.answers["ping"] = (2, "ping: unknown iface wg0\n")
    report = ask(node, {"bob": "10.44.0.2"})
    pings = {"bob": {"answers": 0, "latency": None}}
    assert report == {"version": 1, "publicKey": "", "port": 0, "peers": {}, "pings": pings}


@pytest.mark.parametrize(
    "nodes", [{"bob": "nowhere"}, {"-x": "10.0.0.1"}, {f"n{number}": "10.0.0.1" for number in range(257)}]
)
def test_a_question_that_is_none(node: Node, nodes: dict[str, str]) -> None:
    with pytest.raises(converge.Refused):
        ask(node, nodes)
