"""What stood in a path, of whatever kind, comes back."""

from __future__ import annotations

import errno
import io
import os
import tarfile
from typing import Any

import pytest

from converge_support import Node, converge, file
from test_artifacts import artifact, server

__all__ = ["server"]


def archive() -> bytes:
    """A tar.gz with one file."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("tool"))
    return whole.getvalue()


def test_a_file_that_a_directory_replaced(node: Node, server: Any) -> None:
    node.path("/opt").mkdir()
    node.path("/opt/x").write_text("theirs")
    node.apply(artifacts={"/opt/x": artifact(server, "/x", archive(), unpack="tar.gz")})
    assert node.path("/opt/x/tool").exists()
    assert node.leftovers() == []
    node.finish()
    assert node.text("/opt/x") == "theirs"


def test_a_directory_that_fails_leaves_the_file(node: Node, server: Any) -> None:
    node.path("/opt").mkdir()
    node.path("/opt/x").write_text("theirs")
    node.system.answers["never"] = (1, "no")
    with pytest.raises(converge.Failed, match="check c did not pass"):
        node.apply(
            artifacts={"/opt/x": artifact(server, "/x", archive(), unpack="tar.gz")},
            checks={"c": {"argv": ["never"], "within": 1}},
            rollback="binary",
        )
    assert node.text("/opt/x") == "theirs"
    assert node.leftovers() == []


def test_a_directory_that_fails_goes_back(node: Node, server: Any) -> None:
    body = archive()
    node.apply(artifacts={"/opt/x": artifact(server, "/x", body, unpack="tar.gz")})
    node.path("/opt/x/mark").write_text("the old one")
    node.system.answers["never"] = (1, "no")
    with pytest.raises(converge.Failed, match="check c did not pass"):
        node.apply(
            artifacts={"/opt/x": artifact(server, "/y", body + b"\0", unpack="tar.gz")},
            checks={"c": {"argv": ["never"], "within": 1}},
            rollback="binary",
        )
    assert node.text("/opt/x/mark") == "the old one"
    assert node.leftovers() == []


def test_a_file_system_without_hard_links(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    node.apply(files={"/boot/x": file("one", mode="0640")})
    monkeypatch.setattr(os, "link", refuse)
    node.system.answers["never"] = (1, "no")
    with pytest.raises(converge.Failed, match="check c did not pass"):
        node.apply(files={"/boot/x": file("two")}, checks={"c": {"argv": ["never"], "within": 1}})
    assert (node.text("/boot/x"), node.path("/boot/x").stat().st_mode & 0o777) == ("one", 0o640)
    assert node.apply(files={"/boot/x": file("two")}) == ["changed: /boot/x"]
    assert node.leftovers() == []
