"""A pdnsutil that reads one-line records, on SQLite as the real one."""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path

SCHEMA = """
create table domains (id integer primary key, name text, type text);
create table records (domain_id int, name text, type text, content text, ttl int, prio int, disabled int);
"""


def pdnsutil(words: list[str]) -> tuple[int, str]:
    """The verbs that converge.py uses, on the database that the configuration names."""
    config = (Path(words[2]) / "pdns.conf").read_text()
    found = re.search(r"gsqlite3-database=(.*)", config)
    assert found
    verb, domain, *rest = words[3:]
    with sqlite3.connect(found[1]) as database:
        if verb == "check-zone":
            bad = database.execute("select count(*) from records where content = 'bad'").fetchone()[0]
            return (1, "[Error] bad record") if bad else (0, "")
        if verb == "set-kind":
            database.execute("update domains set type = 'MASTER' where name = ?", (domain,))
            return 0, ""
        database.execute("delete from records")
        if verb == "delete-zone":
            database.execute("delete from domains where name = ?", (domain,))
            return 0, ""
        if not database.execute("select 1 from domains where name = ?", (domain,)).fetchall():
            database.execute("insert into domains (name, type) values (?, 'NATIVE')", (domain,))
        for line in Path(rest[0]).read_text().splitlines()[1:]:
            name, ttl, _, kind, content = line.split("\t")
            row = (1, name.rstrip("."), kind, content, int(ttl), 0, 0)
            database.execute("insert into records values (?, ?, ?, ?, ?, ?, ?)", row)
    return 0, ""


if __name__ == "__main__":
    code, output = pdnsutil(sys.argv)
    print(output)
    sys.exit(code)
