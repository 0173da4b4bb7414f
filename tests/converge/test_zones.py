"""PowerDNS zones: a pdnsutil of ours stands in for the real one."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from converge_support import SOURCE, Node, converge
from fake_pdns import SCHEMA, pdnsutil
from processes import run

ZONE = """$ORIGIN dev.example.
dev.example.\t3600\tIN\tSOA\tns1.dev.example. hostmaster.dev.example. 0 10800 3600 1209600 300
ai.dev.example.\t300\tIN\tA\t203.0.113.10
"""


@pytest.fixture
def zone(node: Node) -> Path:
    """A zone's file, on a machine with PowerDNS installed and running."""
    for name, text in (("/etc/passwd", "pdns:x:0:0::/:/bin/false\n"), ("/etc/group", "pdns:x:0:\n")):
        node.path(name).write_text(text)
    node.path(converge.SCHEMA).parent.mkdir(parents=True)
    node.path(converge.SCHEMA).write_text(SCHEMA)
    node.path(converge.DATABASE).parent.mkdir(parents=True)
    node.system.answers["pdnsutil"] = pdnsutil
    file = node.root / "zone"
    file.write_text(ZONE)
    return file


def serial(node: Node) -> int:
    """The serial that is served."""
    served = converge.zone_records(str(node.path(converge.DATABASE)), "dev.example")
    return int(next(iter(served["serials"]))[0])


def control(node: Node) -> list[str]:
    """What the server was told."""
    return [" ".join(words[1:]) for words in node.system.calls if words[0] == "pdns_control" and words[1] != "rping"]


def test_served_once_and_again_only_when_it_changed(node: Node, zone: Path) -> None:
    today = int(converge.time.strftime("%Y%m%d01", converge.time.gmtime()))
    assert converge.zone_load(node.machine, "dev.example", str(zone)) == [f"changed: dev.example serial {today}"]
    assert control(node) == ["purge dev.example$", "rediscover", "notify dev.example"]
    node.system.calls.clear()
    assert converge.zone_load(node.machine, "dev.example", str(zone)) == ["unchanged"]
    assert (control(node), serial(node)) == ([], today)
    zone.write_text(ZONE.replace("203.0.113.10", "203.0.113.11"))
    converge.zone_load(node.machine, "dev.example", str(zone))
    assert serial(node) == today + 1


def test_serial_never_goes_down(node: Node, zone: Path) -> None:
    converge.zone_load(node.machine, "dev.example", str(zone))
    with sqlite3.connect(node.path(converge.DATABASE)) as database:
        database.execute("update records set content = 'a. b. 4000000000 1 1 1 1' where type = 'SOA'")
    converge.zone_load(node.machine, "dev.example", str(zone))
    assert serial(node) == 4000000001
    with pytest.raises(converge.Failed, match="the highest there is"):
        converge.next_serial(2**32 - 1)


def test_bad_zone_is_found_in_the_scratch_database(node: Node, zone: Path) -> None:
    converge.zone_load(node.machine, "dev.example", str(zone))
    good = serial(node)
    zone.write_text(ZONE.replace("203.0.113.10", "bad"))
    with pytest.raises(converge.Failed, match="check-zone dev.example: pdnsutil failed") as caught:
        converge.zone_check(node.machine, "dev.example", str(zone))
    assert caught.value.detail == "[Error] bad record"
    with pytest.raises(converge.Failed):
        converge.zone_load(node.machine, "dev.example", str(zone))
    assert serial(node) == good


def test_a_zone_has_one_soa(node: Node, zone: Path) -> None:
    converge.zone_load(node.machine, "dev.example", str(zone))
    good = serial(node)
    zone.write_text(ZONE + ZONE.splitlines()[1].replace("hostmaster", "other") + "\n")
    with pytest.raises(converge.Failed, match="zone has to have exactly one SOA record"):
        converge.zone_load(node.machine, "dev.example", str(zone))
    assert serial(node) == good


def test_command_lines(node: Node, zone: Path, stubs: Path) -> None:
    fake = Path(__file__).with_name("fake_pdns.py")
    for name, line in (("pdnsutil", f'exec {sys.executable} {fake} "$@"'), ("pdns_control", "exit 99")):
        (stubs / name).write_text(f"#!/bin/sh\n{line}\n")
        (stubs / name).chmod(0o755)

    def said(*words: str) -> tuple[int, str]:
        done = run(SOURCE, stubs, "--root", str(node.root), *words)
        return done.returncode, (done.stdout + done.stderr).decode()

    assert said("zone-check", "dev.example", str(zone)) == (0, "ok\n")
    assert said("zone-init") == (0, f"changed: {converge.DATABASE}\n")
    code, words = said("zone-load", "dev.example", str(zone))
    assert (code, words[:28]) == (0, "changed: dev.example serial ")
    assert said("zone-load", "dev.example", str(zone)) == (0, "unchanged\n")
    assert said("zone-drop", "dev.example") == (0, "changed: dev.example is not served any more\n")
    assert said("zone-drop", "../example")[0] == 64
    assert said("zone-load", "dev.example")[0] == 64


def test_soa_over_several_lines() -> None:
    text = "@ IN SOA ns1 host (\n  ; serial\n  0\n  1 2 3 4 )\n"
    assert converge.SOA.subn(lambda match: match[1] + "7", text) == (text.replace("  0\n", "  7\n"), 1)


def test_server_that_does_not_run_is_not_told(node: Node, zone: Path) -> None:
    node.system.answers["pdns_control"] = (99, "Fatal error: Unable to connect to remote")
    assert converge.zone_load(node.machine, "dev.example", str(zone))[0].startswith("changed: dev.example serial ")
    assert control(node) == []


def test_dropped(node: Node, zone: Path) -> None:
    assert converge.zone_drop(node.machine, "dev.example") == ["unchanged"]
    converge.zone_load(node.machine, "dev.example", str(zone))
    assert converge.zone_drop(node.machine, "dev.example") == ["changed: dev.example is not served any more"]
    assert converge.zone_drop(node.machine, "dev.example") == ["unchanged"]


def test_database_is_made_once(node: Node, zone: Path) -> None:
    assert converge.zone_init(node.machine) == [f"changed: {converge.DATABASE}"]
    assert converge.zone_init(node.machine) == ["unchanged"]
    assert not node.path(converge.DATABASE + ".new").exists()
    node.path(converge.DATABASE).unlink()
    node.path(converge.SCHEMA).unlink()
    with pytest.raises(converge.Failed, match="pdns-backend-sqlite3 are not installed"):
        converge.zone_init(node.machine)


def test_names_that_are_no_zones() -> None:
    for name in ("--help", "a b", "example.org$", "../x", ""):
        with pytest.raises(converge.Refused, match="DOMAIN has to be a domain name"):
            converge.zone_name(name)
    assert converge.zone_name("_acme.dev.example") == "_acme.dev.example"
