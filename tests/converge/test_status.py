"""Status: what stands on the machine, and what does not although the files say so."""

from __future__ import annotations

import json
from typing import Any

from converge_support import Node, converge

TABLE = ["nft", "list", "table", "inet", "sovereign_edge"]


def firewall(node: Node) -> Any:
    """What status says of the firewall."""
    return json.loads(converge.status(node.machine)[0])["firewall"]


def test_a_firewall_whose_rules_were_flushed_is_named(node: Node) -> None:
    assert firewall(node) == []
    node.apply("firewall", checks={"table": {"argv": TABLE, "within": 5}})
    assert firewall(node) == []
    node.system.answers[" ".join(TABLE)] = (1, "Error: No such file or directory\n")
    assert firewall(node) == ["nft: Error: No such file or directory"]
    assert node.manifest("firewall")["result"] == "applied"


def test_what_the_checks_of_other_roles_say_is_not_asked(node: Node) -> None:
    node.apply(checks={"other": {"argv": ["other"], "within": 5}})
    node.system.calls.clear()
    assert firewall(node) == []
    assert ["other"] not in node.system.calls
