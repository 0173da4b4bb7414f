"""Third-party package sources: apt is shown them before they are in place, and each is fetched when it changed."""

from __future__ import annotations

import os
from typing import Any

import pytest

from converge_support import Node, converge

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ0\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
SOURCE = {"uris": "https://apt.example/deb", "suites": "stable", "components": "main", "key": KEY}
PLACE = "/etc/apt/sources.list.d/sovereign-edge-example.sources"
TEXT = """Types: deb
URIs: https://apt.example/deb
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ0
 =abcd
 -----END PGP PUBLIC KEY BLOCK-----
"""


def asked(node: Node) -> list[str]:
    """apt's verbs, an update of one source by its file."""
    found = []
    for words in node.system.calls:
        if words[0] == "apt-get" and "--print-uris" not in words:
            only = [word for word in words if word.startswith("Dir::Etc::sourcelist=")]
            verb = "update" if "update" in words else "install"
            found.append(f"{verb} {os.path.basename(only[0])}" if only else verb)
    return found


@pytest.fixture
def fresh(node: Node) -> Node:
    """A machine with fresh lists and a source of its own."""
    (node.path("/var/lib/apt/lists") / "x_InRelease").write_text("")
    node.path("/etc/apt/sources.list.d").mkdir(parents=True)
    node.path("/etc/apt/sources.list.d/debian.sources").write_text("own")
    return node


def role(**changes: Any) -> dict[str, Any]:
    """A role with a source and a package from it."""
    return {"sources": {"example": {**SOURCE, **changes}}, "packages": {"tool": {}}}


def test_packages_come_from_a_source_that_is_not_in_place_yet(fresh: Node) -> None:
    fresh.system.after_update["tool"] = []
    assert fresh.apply(**role()) == [f"changed: {PLACE}; packages tool"]
    assert asked(fresh) == ["update sovereign-edge-example.sources", "install"]
    seen = {name: text for found in fresh.system.sources for name, text in found.items()}
    assert seen == {"debian.sources": "own", "sovereign-edge-example.sources": TEXT}
    assert set(fresh.system.sources[0]) == {"sovereign-edge-example.sources"}
    assert fresh.text(PLACE) == TEXT
    assert fresh.path(PLACE).stat().st_mode & 0o777 == 0o644
    assert not fresh.path("/var/lib/sovereign-edge/runs/apt-sources").exists()
    assert fresh.apply(**role()) == ["unchanged"]
    assert asked(fresh) == []


def test_fetched_exactly_when_it_changed(fresh: Node) -> None:
    fresh.system.packages["tool"] = "1.0"
    fresh.apply(**role())
    fresh.apply(**role(suites="testing"))
    assert asked(fresh) == ["update sovereign-edge-example.sources"]
    assert any("APT::Get::List-Cleanup=0" in words for words in fresh.system.calls)
    assert "Suites: testing\n" in fresh.text(PLACE)
    fresh.apply(**role(suites="testing"), files={"/etc/x": {"mode": "0644", "owner": "root:root", "text": "x"}})
    assert asked(fresh) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((100, "E: The repository 'x' is not signed.\n"), f"{PLACE}: not signed by the key that the inventory gives"),
        ((0, "W: GPG error: x: NO_PUBKEY 1\n"), f"{PLACE}: not signed by the key"),
        ((100, "E: Failed to fetch x  Could not resolve 'apt.example'\n"), "apt.example cannot be reached"),
        ((100, "E: Malformed entry\n"), f"{PLACE}: apt-get update failed (exit 100)"),
    ],
)
def test_source_that_is_not_what_it_says_never_comes_in_place(fresh: Node, answer: tuple[int, str], words: str) -> None:
    fresh.system.answers["apt-get"] = answer
    with pytest.raises(converge.Failed) as caught:
        fresh.apply(**role())
    assert words in str(caught.value)
    assert not fresh.path(PLACE).exists()
    assert not fresh.path("/var/lib/sovereign-edge/runs/apt-sources").exists()


def test_goes_with_its_role(fresh: Node) -> None:
    fresh.system.after_update["tool"] = []
    fresh.apply(**role())
    fresh.finish()
    assert not fresh.path(PLACE).exists()
    assert fresh.path("/etc/apt/sources.list.d/debian.sources").exists()


def test_flat_repository_has_no_components() -> None:
    text = converge.source_text({**SOURCE, "suites": "./", "components": "", "architectures": "arm64"})
    assert "Components" not in text
    assert "Suites: ./\nArchitectures: arm64\nSigned-By:\n" in text
