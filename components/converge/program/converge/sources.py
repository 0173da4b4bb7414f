"""Third-party package sources, each with the key that signs it and nothing else.

A source is a file of its role: staged, compared and swapped like any other. Packages come before the swap, though, so
apt is shown the machine's sources with the new ones in place: what cannot be fetched or is signed by another key fails
while nothing has changed.
"""

from __future__ import annotations

import os
from _collections_abc import Iterator, Mapping

from converge.apt import apt, apt_failure, apt_words, unreachable
from converge.documents import FileSpec, SourceSpec
from converge.durable import remove, write_new
from converge.errors import Failed
from converge.light import contextmanager, re
from converge.machine import Machine
from converge.paths import source_path

PARTS = "/etc/apt/sources.list.d"
VIEW = "runs/apt-sources"
"""Directory of our own in which apt finds the sources while a run brings packages."""


def source_files(sources: Mapping[str, SourceSpec]) -> dict[str, FileSpec]:
    """The files of sources, by path."""
    return {
        source_path(name): {"mode": "0644", "owner": "root:root", "text": source_text(spec), "validate": []}
        for name, spec in sources.items()
    }


def source_text(spec: SourceSpec) -> str:
    """A source in deb822, see sources.list(5); the key stands in it, as apt has taken it since 2.3.10."""
    fields = {"Types": "deb", "URIs": spec["uris"], "Suites": spec["suites"]}
    fields["Components"] = spec["components"]
    fields["Architectures"] = spec["architectures"]
    lines = [f"{field}: {value}" for field, value in fields.items() if value]
    key = [f" {line or '.'}" for line in spec["key"].strip().split("\n")]
    return "\n".join([*lines, "Signed-By:", *key, ""])


@contextmanager
def apt_view(machine: Machine, sources: Mapping[str, bytes]) -> Iterator[list[str]]:
    """Options under which apt sees the machine's sources with these (path → content) in their places."""
    if not sources:
        yield []
        return
    view = machine.state(VIEW)
    remove(view)
    os.makedirs(view, mode=0o700)
    try:
        for name in sorted(os.listdir(machine.at(PARTS))) if os.path.isdir(machine.at(PARTS)) else []:
            if f"{PARTS}/{name}" not in sources:
                os.symlink(f"{machine.at(PARTS)}/{name}", f"{view}/{name}")
        for name, text in sources.items():
            write_new(f"{view}/{os.path.basename(name)}", text, 0o644, None)
        yield ["-o", f"Dir::Etc::sourceparts={view}"]
    finally:
        remove(view)


def update_source(machine: Machine, name: str) -> None:
    """Fetches the lists of one source in the view, and nothing else. Raises Failed when it is not as it says."""
    only = [f"Dir::Etc::sourcelist={machine.state(VIEW)}/{os.path.basename(name)}", "Dir::Etc::sourceparts=-"]
    only += ["APT::Get::List-Cleanup=0", "APT::Update::Error-Mode=any"]
    options = [word for option in only for word in ("-o", option)]
    result = apt(machine, *options, "update", timeout=900)
    # Before apt 2.1.15 an update that failed said so in warnings.
    if result.code == 0 and not re.search(r"^W: (Failed to fetch|GPG error)", result.output, re.MULTILINE):
        return
    if re.search(r"NO_PUBKEY|not signed|Missing key|GPG error|OpenPGP signature", result.output):
        raise Failed(f"packages: {name}: not signed by the key that the inventory gives", apt_words(result.output))
    if unreachable(result.output):
        raise apt_failure("update", result)
    raise Failed(f"packages: {name}: apt-get update failed (exit {result.code})", apt_words(result.output))
