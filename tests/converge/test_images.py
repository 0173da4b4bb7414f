"""Container images: brought by podman before the lock, by their digest, and taken away when they came by us."""

from __future__ import annotations

import pytest

from converge_support import Node, converge

ONE = "docker.io/library/one@sha256:" + "1" * 64
TWO = "docker.io/library/two@sha256:" + "2" * 64


def test_image_is_brought_once(node: Node) -> None:
    assert node.apply(images={ONE: {}}) == [f"changed: image {ONE}"]
    assert ["podman", "pull", "--quiet", ONE] in node.system.calls
    assert node.apply(images={ONE: {}}) == ["unchanged"]
    node.system.images.clear()
    assert node.apply(images={ONE: {}}) == [f"changed: image {ONE}"]


def test_only_what_we_brought_goes(node: Node) -> None:
    node.system.images = {TWO}
    role = {"images": {ONE: {}, TWO: {}}}
    node.apply(**role)
    node.finish(role=role)
    assert node.system.images == {ONE, TWO}
    assert node.finish() == [f"changed: swept image {ONE}"]
    assert node.system.images == {TWO}
    assert node.finish() == ["unchanged"]


def test_image_of_a_role_that_wants_another_one(node: Node) -> None:
    node.apply(images={ONE: {}})
    node.apply(images={TWO: {}})
    node.finish(role={"images": {TWO: {}}})
    assert node.system.images == {TWO}


def test_image_in_use_stays_until_it_is_not(node: Node) -> None:
    node.apply(images={ONE: {}})
    node.system.used = {ONE}
    assert node.finish() == ["unchanged", f"kept: image {ONE}"]
    node.system.used.clear()
    assert node.finish() == [f"changed: swept image {ONE}"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((127, "podman: No such file or directory"), "podman is not on this machine; add the package `podman` to it"),
        ((125, "Error: no"), r"podman failed \(exit 125\)"),
    ],
)
def test_podman_that_does_not_answer(node: Node, answer: tuple[int, str], words: str) -> None:
    node.system.answers["podman"] = answer
    with pytest.raises(converge.Failed, match=f"role: image {ONE}: {words}"):
        node.apply(images={ONE: {}})


def test_image_that_cannot_be_had(node: Node) -> None:
    node.system.answers["podman pull"] = (125, "Error: manifest unknown\n")
    with pytest.raises(converge.Failed, match=r"podman pull failed \(exit 125\)") as caught:
        node.apply(images={ONE: {}}, files={"/etc/x": {"mode": "0644", "owner": "root:root", "text": "x"}})
    assert caught.value.detail == "Error: manifest unknown\nNothing was changed."
    assert not node.path("/etc/x").exists()
