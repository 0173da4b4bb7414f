"""Sends what a droplet begins under its reserved address.

DigitalOcean leads a reserved address to a second address of the machine, its anchor, and lets leave under the reserved
address what is sent from there to the anchor's gateway (docs.digitalocean.com, "Reserved IPs"). Without this, answers
to datagrams and whatever the machine begins leave under its first address, which no other machine knows: a router in
front of a node would not let them in. The routes stand in a table of their own; the system's are left as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable

from converge.errors import Failed
from converge.machine import Machine
from converge.paths import RUN
from converge.typed import NamedTuple, cast

METADATA = "http://169.254.169.254/metadata/v1/"
PATIENCE = 5.0
"""Seconds for an answer of the metadata service; it is on the same computer."""
FILE = f"{RUN}/anchor"
"""The anchor for units that bind to an address (EnvironmentFile=), as `ANCHOR=10.19.0.5`."""
TABLE = "1019"
FIRST, INSIDE, LAST = "10190", "10191", "10192"
"""Preferences of the rules: before `main` (32766), after `local` (0)."""
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "224.0.0.0/4")
"""RFC 1918, RFC 6598, RFC 3927 and multicast: the mesh, the private network, containers, the metadata service."""
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")

Ask = Callable[[str], str]


class Way(NamedTuple):
    """What the machine is told of its addresses, and the interface that has them."""

    own: str
    anchor: str
    gateway: str
    device: str


def use(machine: Machine, ask: Ask) -> list[str]:
    """The verb `anchor on`: what the machine begins leaves from the anchor, answers to its first address from that."""
    way = _way(machine, ask)
    _clear(machine)
    route = ["default", "via", way.gateway, "dev", way.device, "onlink", "src", way.anchor]
    _ip(machine, "route", "replace", "table", TABLE, *route)
    _ip(machine, "rule", "add", "pref", FIRST, "from", way.own, "lookup", "main")
    for network in PRIVATE:
        _ip(machine, "rule", "add", "pref", INSIDE, "to", network, "lookup", "main")
    # Of its own alone: what it passes on for containers or peers goes as before.
    _ip(machine, "rule", "add", "pref", LAST, "iif", "lo", "lookup", TABLE)
    os.makedirs(machine.at(RUN), 0o700, exist_ok=True)
    with open(machine.at(FILE), "w", encoding="ascii") as file:
        file.write(f"ANCHOR={way.anchor}\n")
    return [f"sent from {way.anchor} through {way.gateway}"]


def leave(machine: Machine) -> list[str]:
    """The verb `anchor off`: everything leaves as the system has it."""
    _clear(machine)
    if os.path.exists(machine.at(FILE)):
        os.remove(machine.at(FILE))
    return ["sent as the system has it"]


def metadata(name: str) -> str:
    """What the metadata service says of this machine."""
    from urllib.request import ProxyHandler, build_opener

    try:
        # Past any proxy: this address is the machine's own affair.
        with build_opener(ProxyHandler({})).open(METADATA + name, timeout=PATIENCE) as answer:
            return cast(bytes, answer.read(1000)).decode("utf-8", "replace").strip()
    except OSError as error:
        raise Failed(f"anchor: {METADATA}{name} does not answer ({error})") from None


def _way(machine: Machine, ask: Ask) -> Way:
    if ask("reserved_ip/ipv4/active") != "true":
        raise Failed("anchor: no reserved address leads to this machine; assign one to it at DigitalOcean")
    public = "interfaces/public/0/"
    names = ("ipv4/address", "anchor_ipv4/address", "anchor_ipv4/gateway")
    own, anchor, gateway = (_address(public + name, ask(public + name)) for name in names)
    found = json.loads(_ip(machine, "-json", "address", "show", "to", f"{anchor}/32") or "[]")
    # iproute2 before 6.1 leaves empty objects where the address is not.
    devices = [str(entry["ifname"]) for entry in found if "ifname" in entry]
    if not devices:
        raise Failed(f"anchor: no interface has the address {anchor}, which the metadata service names")
    return Way(own, anchor, gateway, devices[0])


def _address(name: str, text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise Failed(f"anchor: {METADATA}{name} is no IPv4 address")
    return text


def _clear(machine: Machine) -> None:
    """Takes the rules and the table away; neither need be there."""
    for preference in (LAST, INSIDE, FIRST):
        while machine.system.run(["ip", "-4", "rule", "delete", "pref", preference], 10).code == 0:
            pass
    machine.system.run(["ip", "-4", "route", "flush", "table", TABLE], 10)


def _ip(machine: Machine, *words: str) -> str:
    return machine.run("anchor", ["ip", "-4", *words], 10)
