"""converge.py takes the documents that the JSON Schema takes, and what more it refuses is known."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from mutations import COMPLETE, Spoiler, neighbours

from converge_support import converge

if sys.prefix == sys.base_prefix:
    # It is installed for the Python that the checks are made with; the others see these tests without it.
    pytest.importorskip("jsonschema")
jsonschema = importlib.import_module("jsonschema")
validators = importlib.import_module("jsonschema.validators")

SCHEMA = json.loads((Path(__file__).parents[3] / "components/converge/desired.schema.json").read_text())
PARSERS = {
    "desired": converge.parse_desired,
    "secrets": converge.parse_secrets,
    "roster": converge.parse_roster,
    "install": converge.parse_install,
}
STEP = max(1, 100_000 // int(os.environ.get("HOSTILE_PARSED", "100000")))
"""Every which document is judged: all, unless only a few hostile inputs are asked for."""
MIXTURES = 3000 // STEP


def pattern(_validator: Any, wanted: str, instance: Any, _schema: Any) -> Any:
    """The keyword as JSON Schema means it: `$` is the end of the text, and Python's is also before a last newline."""
    if isinstance(instance, str) and not re.search(wanted.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {wanted!r}")


Judge = validators.extend(jsonschema.Draft202012Validator, {"pattern": pattern})
JUDGES = {
    kind: Judge(SCHEMA if kind == "desired" else {"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})
    for kind in PARSERS
}

BEYOND = [
    ("one path for two things", "is also in "),
    ("a path below a file", "] is below "),
    ("a reaction to a path of somebody else", "which is no file, link or artifact of this role"),
    ("a secret that is not declared", "which `secrets` does not name"),
    ("a secret that others may read", "must give others nothing"),
    ("a mask and a file for one unit", "is masked, and "),
    ("a drop-in that systemd does not read", "is no drop-in that systemd reads"),
    ("a flat repository with components, and the reverse", "components has to be empty"),
    ("a backup for what goes back by itself", "backup is for a role"),
    ("a confirmation of what cannot go back", "confirm needs a role"),
    ("a download for another processor", "this machine is "),
    ("half of a surrogate pair", "half of a surrogate pair"),
]
"""What no JSON Schema of ours says: rules between two places, about the machine, and about JSON itself."""


def refusal(kind: str, data: bytes) -> str:
    """Why converge.py refuses a document; empty when it takes it."""
    try:
        PARSERS[kind](data)
    except converge.Refused as refused:
        return str(refused) or "refused without a word"
    return ""


@pytest.mark.parametrize("kind", PARSERS)
def test_complete_document(kind: str) -> None:
    assert list(JUDGES[kind].iter_errors(COMPLETE[kind])) == []
    assert refusal(kind, json.dumps(COMPLETE[kind]).encode()) == ""


def agreement(kind: str, document: dict[str, Any]) -> str:
    """What both say to a document: `taken`, `refused`, or the rule that only converge.py has."""
    data = json.dumps(document).encode()
    valid = JUDGES[kind].is_valid(json.loads(data))
    why = refusal(kind, data)
    rule = next((rule for rule, words in BEYOND if words in why), "")
    assert valid or why, f"only the schema refuses {data!r}"
    assert not valid or not why or rule, f"only converge.py refuses, {why!r}: {data!r}"
    return rule if valid and why else "refused" if why else "taken"


@pytest.mark.parametrize("kind", PARSERS)
def test_alike_at_the_borders(kind: str, record_property: Any) -> None:
    seen = Counter(agreement(kind, document) for document in islice(neighbours(kind), 0, None, STEP))
    record_property("judged", sum(seen.values()))
    # Neither judge is idle.
    assert min(seen["refused"], seen["taken"]) > 90 // STEP


def test_alike_on_mixtures(record_property: Any) -> None:
    spoiler = Spoiler(seed=4)
    kinds = ["desired", "desired", "secrets", "desired", "roster"]
    seen = Counter(agreement(kind, spoiler.spoiled(kind)) for kind in kinds * (MIXTURES // len(kinds)))
    record_property("judged", sum(seen.values()))
    assert min(seen["refused"], seen["taken"]) > MIXTURES // 10


def changed(**sections: Any) -> dict[str, Any]:
    """The complete desired state with other sections; those that hang together with them are left out."""
    whole = {name: value for name, value in COMPLETE["desired"].items() if name not in ("actions", "units", "backup")}
    return {**whole, "rollback": "config", **sections}


FILE = {"mode": "0644", "owner": "root:root", "text": ""}
SOURCE = COMPLETE["desired"]["sources"]["example"]
ONLY_PYTHON: list[Any] = [
    changed(links={"/etc/web/conf": {"target": "x"}}),
    changed(links={"/etc/web/conf/x": {"target": "x"}}),
    changed(actions={"x": {"argv": ["x"], "on": {"/etc/passwd": True}}}),
    changed(secrets={}),
    changed(files={"/x": {**FILE, "mode": "0604", "text": "{{secret:web-key}}"}}),
    changed(
        units={"x.service": {"enabled": False, "running": False, "masked": True}},
        files={"/etc/systemd/system/x.service": FILE},
    ),
    changed(files={"/etc/systemd/system/x.service.d/limits": FILE}),
    changed(sources={"x": {**SOURCE, "suites": "./"}}),
    changed(backup={"argv": ["x"]}),
    changed(rollback="never"),
    changed(
        artifacts={
            f"/opt/{arch}": {"url": "http://x", "sha256": "0" * 64, "bytes": 1, "arch": arch}
            for arch in ("amd64", "arm64")
        }
    ),
    changed(files={"/x": {**FILE, "text": "\ud800"}}),
]


@pytest.mark.parametrize(("rule", "document"), list(zip(BEYOND, ONLY_PYTHON)), ids=[rule for rule, _ in BEYOND])
def test_what_the_schema_cannot_say(rule: tuple[str, str], document: dict[str, Any]) -> None:
    assert JUDGES["desired"].is_valid(document)
    assert rule[1] in refusal("desired", json.dumps(document).encode())


def test_fractions_and_double_keys() -> None:
    """A whole number spelled as a fraction is one for JSON Schema; a key that stands twice is gone when it looks."""
    fraction = b'{"version":1.0,"fleet":"x","node":"x","incarnation":1,"program":"' + b"0" * 64 + b'"}'
    assert JUDGES["install"].is_valid(json.loads(fraction))
    assert refusal("install", fraction) == "version has to be a whole number from 1 to 1"
    double = fraction.replace(b"1.0", b'1,"version":1')
    assert JUDGES["install"].is_valid(json.loads(double))
    assert refusal("install", double) == 'the key "version" stands twice in one object'
