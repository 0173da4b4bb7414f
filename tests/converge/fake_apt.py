"""A stand-in for apt and dpkg that knows packages, versions, holds, and changes that were cut off."""

from __future__ import annotations

from pathlib import Path

NEED = "Need to get {0} kB of archives.\nAfter this operation, {1} kB of additional disk space will be used.\n"


class FakeApt:
    """Packages that a test sets up."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packages: dict[str, str] = {"coreutils": "9.7", "python3": "3.13"}
        self.available: dict[str, list[str]] = {}
        """package that can be installed → what comes along"""
        self.after_update: dict[str, list[str]] = {}
        self.held: set[str] = set()
        self.broken: dict[str, str] = {}
        """package → status that dpkg left it in; goes when dpkg is asked to go on"""
        self.sizes = (10, 20)
        """What an installation downloads and what it takes on the disk, in kB."""
        self.policy: list[str] = []
        """Content of policy-rc.d at each installation."""
        self.sources: list[dict[str, str]] = []
        """What apt would read as sources at each update and installation, by name."""

    def _dpkg_query(self, words: list[str]) -> tuple[int, str]:
        """dpkg-query -W with the format that packages.py uses."""
        asked = words[words.index("--") + 1 :] if "--" in words else sorted({*self.packages, *self.held, *self.broken})
        known = [name for name in asked if name in self.packages or name in self.held or name in self.broken]
        return int(len(known) < len(asked)), "".join(map(self._line, known)) + "dpkg-query: no packages found: x\n"

    def _line(self, name: str) -> str:
        want = "hold" if name in self.held else "install"
        status = self.broken.get(name, "installed" if name in self.packages else "not-installed")
        flag = "reinstreq" if status == "half-installed" else "ok"
        return f"{name}\tall\t{self.packages.get(name, '')}\t{want}\t{flag}\t{status}\n"

    def _dpkg(self, words: list[str]) -> tuple[int, str]:
        """dpkg --configure -a, which cannot help a package that has to be unpacked again."""
        if words[-2:] == ["--configure", "-a"]:
            self.broken = {name: status for name, status in self.broken.items() if status == "half-installed"}
            for name in (self.root / "var/lib/dpkg/updates").glob("[0-9]*"):
                name.unlink()
        return 0, ""

    def _apt_mark(self, words: list[str]) -> tuple[int, str]:
        """apt-mark hold and unhold."""
        for name in words[2:]:
            (self.held.add if words[1] == "hold" else self.held.discard)(name)
        return 0, ""

    def _apt_get(self, words: list[str]) -> tuple[int, str]:
        """apt-get update, install, purge and autoremove."""
        verb = next(word for word in words if word in ("install", "update", "purge", "autoremove"))
        names = words[words.index("--") + 1 :] if "--" in words else words[words.index(verb) + 1 :]
        self._look_at_sources(words)
        if verb == "update":
            self.available.update(self.after_update)
        elif verb == "install":
            return self._install(words, names)
        elif verb == "autoremove":
            orphans = {came for brought in self.available.values() for came in brought} & self.packages.keys()
            return 0, "".join(f"Remv {name} [1.0]\n" for name in sorted(orphans | {"someone-elses"}))
        elif "-s" in words:
            return 0, "".join(f"Purg {name} [1.0]\n" for name in names)
        elif self.held & set(names):
            return self._held(names)
        else:
            for name in names:
                self.packages.pop(name, None)
        return 0, ""

    def _install(self, words: list[str], names: list[str]) -> tuple[int, str]:
        if "--reinstall" in words:
            self.broken = {name: status for name, status in self.broken.items() if name not in names}
            return 0, ""
        if "--fix-broken" in words:
            # What has to be unpacked again it leaves as it is.
            self.broken = {name: status for name, status in self.broken.items() if status == "half-installed"}
            return 0, ""
        for name in names:
            if name.partition("=")[0] not in self.available:
                return 100, f"Reading package lists...\nE: Unable to locate package {name}\n"
        if "--print-uris" in words:
            return 0, NEED.format(*self.sizes)
        policy = self.root / "usr/sbin/policy-rc.d"
        self.policy.append(policy.read_text() if policy.exists() else "")
        if self.held & {name.partition("=")[0] for name in names}:
            return self._held(names)
        for name in names:
            bare, _, version = name.partition("=")
            for package in (bare, *self.available[bare]):
                self.packages[package] = version or "1.0"
        return 0, ""

    def _held(self, names: list[str]) -> tuple[int, str]:
        words = f"The following held packages will be changed:\n  {' '.join(names)}\n"
        return 100, words + "E: Held packages were changed and -y was used.\n"

    def _look_at_sources(self, words: list[str]) -> None:
        options = dict(word.partition("=")[::2] for word in words if word.startswith("Dir::Etc::"))
        parts = Path(options.get("Dir::Etc::sourceparts", self.root / "etc/apt/sources.list.d"))
        seen = sorted(parts.glob("*.sources")) if parts.is_dir() else []
        if "Dir::Etc::sourcelist" in options:
            seen.append(Path(options["Dir::Etc::sourcelist"]))
        self.sources.append({file.name: file.read_text() for file in seen})
