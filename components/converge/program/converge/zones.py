"""PowerDNS zones on SQLite."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator

from converge.checkers import string
from converge.durable import fsync_directory, remove, sync_tree, text_of, write_new
from converge.errors import Failed
from converge.machine import Machine
from converge.typed import cast

DATABASE = "/var/lib/powerdns/pdns.sqlite3"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
SOA = re.compile(r"(\bSOA\s+\S+\s+\S+(?:\s|\(|;[^\n]*\n)+)(\d+)")


def zone_init(machine: Machine) -> list[str]:
    """Creates PowerDNS's database from the schema of its package; one that is there stays as it is."""
    name = machine.at(DATABASE)
    if os.path.exists(name):
        return ["unchanged"]
    owner = machine.owner("pdns:pdns")
    if not os.path.exists(machine.at(SCHEMA)) or owner is None:
        raise Failed("zone-init: the packages pdns-server and pdns-backend-sqlite3 are not installed")
    remove(name + ".new")
    make_database(machine, name + ".new")
    if machine.chowns:
        os.chown(name + ".new", *owner)
    os.chmod(name + ".new", 0o640)
    sync_tree(name + ".new")
    os.replace(name + ".new", name)
    fsync_directory(os.path.dirname(name))
    return [f"changed: {DATABASE}"]


def make_database(machine: Machine, name: str) -> None:
    """An empty database with PowerDNS's schema."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(name)) as database, open(machine.at(SCHEMA), encoding="utf-8") as schema:
        database.executescript(schema.read())


class Pdnsutil:
    """pdnsutil on one database, with a configuration of its own: it must work before PowerDNS's own is in place."""

    def __init__(self, machine: Machine, database: str, config: str) -> None:
        self.machine = machine
        self.config = config
        with open(os.path.join(config, "pdns.conf"), "w", encoding="utf-8") as file:
            file.write(f"launch=gsqlite3\ngsqlite3-database={database}\n")

    def __call__(self, *arguments: str) -> str:
        """Runs one verb; raises Failed with pdnsutil's words."""
        return self.machine.run(f"{arguments[0]} {arguments[1]}", ["pdnsutil", "--config-dir", self.config, *arguments])


@contextlib.contextmanager
def scratch_zone(machine: Machine, domain: str, file: str) -> Iterator[dict[str, set[tuple[object, ...]]]]:
    """Loads a zone into a scratch database, checks it, and gives its records."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as scratch:
        database = os.path.join(scratch, "zone.sqlite3")
        make_database(machine, database)
        pdnsutil = Pdnsutil(machine, database, scratch)
        pdnsutil("load-zone", domain, file)
        pdnsutil("check-zone", domain)
        yield zone_records(database, domain)


def zone_records(database: str, domain: str) -> dict[str, set[tuple[object, ...]]]:
    """Records of a zone: SOA without its serial, the others, the serial and the kind, each as a set of rows."""
    import sqlite3

    rows = (
        "select r.name, r.type, r.content, r.ttl, r.prio, r.disabled from records r"
        " join domains d on r.domain_id = d.id where d.name = ?"
    )
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = connection.execute(rows + " and r.type is not null", (domain,)).fetchall()
        kinds = connection.execute("select type from domains where name = ?", (domain,)).fetchall()
    records: set[tuple[object, ...]] = set()
    serials: set[tuple[object, ...]] = set()
    for name, kind, content, *rest in found:
        if kind == "SOA":
            words = content.split()
            serials.add((int(words[2]),))
            records.add((name, kind, *words[:2], *words[3:], *rest))
        else:
            records.add((name, kind, content, *rest))
    return {"records": records, "serials": serials, "kinds": set(kinds)}


def zone_check(machine: Machine, domain: str, file: str) -> list[str]:
    """Fails with PowerDNS's words when it would not serve this zone."""
    with scratch_zone(machine, domain, file):
        return ["ok"]


def zone_load(machine: Machine, domain: str, file: str) -> list[str]:
    """Serves a zone. The serial goes up, never down, and only when the records are others than those served."""
    import tempfile

    zone_init(machine)
    database = machine.at(DATABASE)
    with scratch_zone(machine, domain, file) as scratch:
        served = zone_records(database, domain)
        if scratch["records"] == served["records"] and served["kinds"] <= {("MASTER",), ("PRIMARY",)}:
            return ["unchanged"]
    text = text_of(file)
    serial = next_serial(max((cast(int, row[0]) for row in served["serials"]), default=0))
    raised, count = SOA.subn(lambda match: match[1] + str(serial), text)
    if count != 1:
        raise Failed(f"zone-load: {file} has to have exactly one SOA record")
    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as config:
        copy = os.path.join(config, "zone")
        write_new(copy, raised.encode("utf-8"), 0o600, None)
        pdnsutil = Pdnsutil(machine, database, config)
        pdnsutil("load-zone", domain, copy)
        pdnsutil("set-kind", domain, "primary")
    tell_server(machine, domain, "rediscover", "notify")
    return [f"changed: {domain} serial {serial}"]


def next_serial(served: int) -> int:
    """The serial after `served`: today's date with two digits, or one more than is served (RFC 1912 §2.2)."""
    if served >= 2**32 - 1:
        raise Failed("zone-load: the served serial is the highest there is (RFC 1982 §7 says how to start over)")
    return max(served + 1, int(time.strftime("%Y%m%d01", time.gmtime())))


def zone_drop(machine: Machine, domain: str) -> list[str]:
    """Stops serving a zone; one that is not served is fine."""
    import tempfile

    database = machine.at(DATABASE)
    if not os.path.exists(database) or not zone_records(database, domain)["kinds"]:
        return ["unchanged"]
    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as config:
        Pdnsutil(machine, database, config)("delete-zone", domain)
    tell_server(machine, domain, "rediscover")
    return [f"changed: {domain} is not served any more"]


def tell_server(machine: Machine, domain: str, *news: str) -> None:
    """Has a running server forget what it cached of a zone. One that does not run reads the database when it starts."""
    if machine.system.run(["pdns_control", "rping"], 10).code != 0:
        return
    machine.run("zone", ["pdns_control", "purge", f"{domain}$"], 30)
    for verb in news:
        machine.run("zone", ["pdns_control", verb, *([domain] if verb == "notify" else [])], 30)


def zone_name(domain: str) -> str:
    """A domain name that is safe in pdnsutil's and pdns_control's arguments."""
    string(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", "a domain name")(domain, "DOMAIN")
    return domain
