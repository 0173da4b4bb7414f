"""A desired state with its references filled in."""

from __future__ import annotations

from converge.documents import REFERENCE, Desired
from converge.errors import Refused, shown
from converge.light import re, sha256
from converge.machine import Machine
from converge.modules import module_files
from converge.paths import sysctl_path
from converge.sources import source_files
from converge.store import secret_value
from converge.typed import cast


class Wanted:
    """A desired state with its texts rendered: the bytes of every file, and a hash for every path."""

    def __init__(self, machine: Machine, desired: Desired, digest: str) -> None:
        self.desired = desired
        self.digest = digest
        self.files = dict(desired["files"])
        if desired["sysctl"]:
            text = "".join(f"{key} = {value}\n" for key, value in sorted(desired["sysctl"].items()))
            name = sysctl_path(desired["role"])
            self.files[name] = {"mode": "0644", "owner": "root:root", "text": text, "validate": []}
        self.files.update(module_files(desired["role"], desired["modules"]))
        self.files.update(source_files(desired["sources"]))
        self.content = {name: spec["text"].encode("utf-8") for name, spec in self.files.items()}
        for name, spec in desired["files"].items():
            self.content[name] = self._render(machine, name, spec["text"])
        self.hashes = {name: sha256(content).hexdigest() for name, content in self.content.items()}
        for name, artifact in desired["artifacts"].items():
            self.hashes[name] = artifact["sha256"]
        for name, link in desired["links"].items():
            self.hashes[name] = sha256(link["target"].encode()).hexdigest()

    def _render(self, machine: Machine, name: str, text: str) -> bytes:
        if "{{" not in text:
            return text.encode("utf-8")

        def value(match: re.Match[str]) -> str:
            kind, target = match.groups()
            if kind == "secret":
                return secret_value(machine, target, self.desired["secrets"][target])
            keys = machine.load("wireguard.json")
            if not isinstance(keys, dict) or target not in keys:
                raise Refused(
                    f"files[{shown(name)}].text refers to the public key of {shown(target)},"
                    " which this machine does not have"
                )
            return str(keys[target])

        return re.sub(REFERENCE, value, self._with_addresses(machine, text)).encode("utf-8")

    def _with_addresses(self, machine: Machine, text: str) -> str:
        """Addresses filled in; a line that names one which is not known yet is left out."""
        if "{{address:" not in text:
            return text
        known = cast("dict[str, str]", machine.load("addresses.json") or {})
        lines = text.splitlines(keepends=True)
        found = [re.findall(r"\{\{address:([^{}]*)\}\}", line) for line in lines]
        kept = [line for line, names in zip(lines, found) if all(name in known for name in names)]
        return re.sub(r"\{\{address:([^{}]*)\}\}", lambda match: known[match[1]], "".join(kept))
