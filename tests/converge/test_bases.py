"""Package sources of the system's vendor: there, enabled, and signed by the key that the vendor is known by."""

from __future__ import annotations

import json

import pytest

from converge_support import Node, converge

KEYRING = "/usr/share/keyrings/raspberrypi-archive-keyring.pgp"
URI = "http://archive.raspberrypi.com/debian/"
DEB822 = f"Types: deb\nURIs: {URI}\nSuites: trixie\nComponents: main\nSigned-By: {KEYRING}\n"
# A key of version 4 (Ed25519, made at second 0) in the packet forms that keyrings use; the fingerprint is gpg's.
BODY = bytes.fromhex("040000000016092b06010401da470f01010740") + bytes(range(32))
PRINT = "A2F39DAF63522956C4E420E8BB19533908053C19"


def keyring(form: str) -> bytes:
    """A user id before the key, and a subkey after it."""
    user = b"\xb4\x05hello"
    heads = {
        "old": b"\x98" + bytes([len(BODY)]),
        "old, two bytes": b"\x99" + len(BODY).to_bytes(2, "big"),
        "new": b"\xc6" + bytes([len(BODY)]),
        "new, five bytes": b"\xc6\xff" + len(BODY).to_bytes(4, "big"),
    }
    long = b"\xcd\xc0\x00" + b"u" * 192
    return user + heads[form] + BODY + long + b"\xb8" + bytes([len(BODY)]) + BODY[:-1] + b"x"


def bases(node: Node, fingerprint: str = PRINT) -> tuple[int, list[str]]:
    """What the verb says."""
    places = ["/usr/share/keyrings/raspberrypi-archive-keyring.gpg", KEYRING]
    wanted = {"Raspberry Pi": {"uri": URI, "keyrings": places, "fingerprint": fingerprint, "source": ["Types: deb"]}}
    put(node, "/etc/sovereign-edge/apt-bases.json", json.dumps(wanted))
    found: tuple[int, list[str]] = converge.outcome(
        node.machine, ["apt-bases", "/etc/sovereign-edge/apt-bases.json"], bytes
    )
    return found


def put(node: Node, name: str, text: str | bytes) -> None:
    """Writes a file of the machine."""
    place = node.path(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def pi(node: Node) -> Node:
    put(node, KEYRING, keyring("old"))
    put(node, "/etc/apt/sources.list.d/raspi.sources", DEB822)
    return node


@pytest.mark.parametrize("form", ["old", "old, two bytes", "new", "new, five bytes"])
def test_a_key_is_known_by_its_fingerprint(pi: Node, form: str) -> None:
    put(pi, KEYRING, keyring(form))
    assert bases(pi) == (0, ["done"])
    code, lines = bases(pi, "CF8A1AF502A2AA2D763BAE7E82B129927FA3303E")
    assert (code, lines[0]) == (
        1,
        f"{KEYRING} does not hold the key of Raspberry Pi, CF8A1AF502A2AA2D763BAE7E82B129927FA3303E",
    )
    assert bases(pi, "")[0] == 0


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("raspi.list", f"deb {URI} bookworm main\n", 0),
        ("mirror.sources", DEB822.replace(URI, "https://mirror.example/pi/"), 0),
        ("two.sources", f"Types: deb\nURIs: http://deb.debian.org/debian/\n\n{DEB822}", 0),
        ("raspi.sources", f"Enabled: no\n{DEB822}", 1),
        ("raspi.sources", "".join(f"# {line}\n" for line in DEB822.splitlines()), 1),
        ("raspi.list", f"# deb {URI} bookworm main\n", 1),
        ("raspi.sources.disabled", DEB822, 1),
    ],
)
def test_a_source_has_to_be_there_and_enabled(pi: Node, name: str, text: str, code: int) -> None:
    pi.path("/etc/apt/sources.list.d/raspi.sources").unlink()
    put(pi, f"/etc/apt/sources.list.d/{name}", text)
    found, lines = bases(pi)
    assert found == code
    assert code == 0 or lines == [
        "no package source of Raspberry Pi is enabled: kernel and firmware get no updates",
        "Put it back into a file /etc/apt/sources.list.d/NAME.sources:",
        "Types: deb",
    ]


def test_no_key_and_no_folder_of_sources(node: Node) -> None:
    assert "there is no /usr/share/keyrings/raspberrypi-archive-keyring.gpg or" in bases(node)[1][0]
    put(node, KEYRING, keyring("new"))
    assert bases(node)[0] == 1
