"""Secrets: stored, rendered, rotated, and found nowhere else."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge, file

CANARY = 'canary "ä" 5Zt/q+7 ~?>~?>'
ROLE: dict[str, Any] = {
    "secrets": {"wireguard.alice": 1},
    "files": {
        "/etc/wg0.conf": file(
            "PrivateKey = {{secret:wireguard.alice}}\nPublicKey = {{wireguard:bob}}\n",
            mode="0600",
            validate=["wg-check", "{}"],
        )
    },
}
BOB = "a" * 43 + "="


def stored(node: Node, name: str) -> dict[str, Any]:
    """What the machine keeps of a secret."""
    found: dict[str, Any] = json.loads(node.text(f"/var/lib/sovereign-edge/secrets/{name}.json"))
    return found


def test_stored_for_root_alone(node: Node) -> None:
    assert node.secrets({"bob": BOB}, k=(1, CANARY)) == ["changed: k (generation 1), public keys"]
    path = node.path("/var/lib/sovereign-edge/secrets/k.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert node.secrets({"bob": BOB}, k=(1, CANARY)) == ["unchanged"]


def test_two_generations_are_kept(node: Node) -> None:
    for generation in (1, 2, 3):
        node.secrets(k=(generation, f"v{generation}"))
    assert stored(node, "k") == {
        "current": {"generation": 3, "value": "v3"},
        "previous": {"generation": 2, "value": "v2"},
    }
    node.secrets(k=(3, "corrected"))
    assert stored(node, "k")["previous"] == {"generation": 2, "value": "v2"}
    wanted = {"/etc/x": file("{{secret:k}}", mode="0600")}
    node.apply(secrets={"k": 2}, files=wanted)
    assert node.text("/etc/x") == "v2"
    node.apply(secrets={"k": 3}, files=wanted)
    assert node.text("/etc/x") == "corrected"
    with pytest.raises(converge.Refused, match="wanted in generation 1, but this machine has generation 3 and 2"):
        node.apply(secrets={"k": 1}, files=wanted)


def test_rendered_where_it_is_referred_to(node: Node) -> None:
    node.secrets({"bob": BOB}, **{"wireguard.alice": (1, CANARY)})
    node.apply(**ROLE)
    assert node.text("/etc/wg0.conf") == f"PrivateKey = {CANARY}\nPublicKey = {BOB}\n"
    assert node.apply(**ROLE) == ["unchanged"]


def test_staged_secret_is_never_readable_by_others(node: Node) -> None:
    node.secrets({"bob": BOB}, **{"wireguard.alice": (1, CANARY)})
    modes: list[int] = []

    def check(words: list[str]) -> tuple[int, str]:
        modes.append(stat.S_IMODE(Path(words[1]).stat().st_mode))
        return 0, ""

    node.system.answers["wg-check"] = check
    node.apply(**ROLE)
    assert modes == [0o600]


def test_unknown_peer_and_empty_value_are_refused(node: Node) -> None:
    node.secrets(**{"wireguard.alice": (1, "")})
    with pytest.raises(converge.Refused, match='the secret "wireguard.alice" is empty'):
        node.apply(**ROLE)
    node.secrets(**{"wireguard.alice": (1, "x")})
    with pytest.raises(converge.Refused, match='the public key of "bob", which this machine does not have'):
        node.apply(**ROLE)
    assert not node.path("/etc/wg0.conf").exists()


def spellings(value: str) -> list[bytes]:
    """What the canary is searched as."""
    raw = value.encode()
    encoded = [
        base64.b64encode(raw),
        base64.urlsafe_b64encode(raw),
        raw.hex().encode(),
        json.dumps(value)[1:-1].encode(),
    ]
    return [raw, *encoded]


def test_canary(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that succeeds, one whose validator prints the secret in every spelling, and a sweep."""
    node.path("/etc/wg0.conf").write_text("mine")
    said = [*node.secrets({"bob": BOB}, **{"wireguard.alice": (1, CANARY), "old": (1, CANARY + CANARY)})]
    calls: list[list[str]] = []
    said += node.apply(**ROLE)
    calls += node.system.calls
    loud = b"\n".join(spellings(CANARY)).decode()
    node.path("/etc/wg0.conf").unlink()
    node.system.answers["wg-check"] = (1, f"line 1: {loud}\n{CANARY}{CANARY}")
    data = json.dumps(
        {"version": 1, "fleet": "dev", "node": "alice", "role": "role", "incarnation": 1, **ROLE}
    ).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("converge.main.read_input", lambda: data)
        patch.setattr("converge.main.Machine", lambda *_, **__: node.machine)
        assert converge.main(["--root", str(node.root), "apply"]) == 1
    calls += node.system.calls
    printed = capsys.readouterr()
    assert "***" in printed.err
    said += [printed.out, printed.err, *map(str, calls)]
    everywhere = "\n".join(said).encode()
    secrets = node.path("/var/lib/sovereign-edge/secrets")
    for found in node.root.rglob("*"):
        if found.is_file() and secrets not in found.parents and found != node.path("/etc/wg0.conf"):
            everywhere += found.read_bytes()
    assert [spelling for spelling in spellings(CANARY) if spelling in everywhere] == []
    node.finish()
    assert list(secrets.iterdir()) == []


def test_an_error_in_the_secrets_document_does_not_show_it(node: Node) -> None:
    with pytest.raises(converge.Refused) as caught:
        converge.store_secrets(node.machine, b'{"secrets": {"k": {"generation": 1, "value": "canary\n"}}')
    assert "canary" not in str(caught.value)
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "wireguard": {}}
    body = {**header, "secrets": {"k": {"generation": 1, "value": ["canary"]}}}
    with pytest.raises(converge.Refused) as caught:
        converge.store_secrets(node.machine, json.dumps(body).encode())
    assert str(caught.value) == 'secrets["k"].value has to be a text'


def test_an_address_that_comes_with_the_secrets_is_there_for_the_roles(node: Node) -> None:
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
    body = {**header, "secrets": {}, "wireguard": {}, "addresses": {"alice": "203.0.113.10"}}
    assert converge.store_secrets(node.machine, json.dumps(body).encode()) == ["changed: addresses"]
    assert converge.store_secrets(node.machine, json.dumps(body).encode()) == ["unchanged"]
    node.apply(files={"/etc/zone": file("ns A {{address:alice}}\nbob A {{address:bob}}\n")})
    assert node.text("/etc/zone") == "ns A 203.0.113.10\n"
    # Those of others, which came with `finish`, stay.
    node.machine.save("addresses.json", {"bob": "203.0.113.11"})
    converge.store_secrets(node.machine, json.dumps(body).encode())
    assert node.machine.load("addresses.json") == {"alice": "203.0.113.10", "bob": "203.0.113.11"}
