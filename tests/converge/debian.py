"""A throw-away Debian 13 with the real apt and dpkg: the lab's base image below an overlay, and packages made here."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converge_support import PROGRAM, document

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "sovereign-edge" / "lab"
MOUNTS = """
set -e
# Nothing here outlives a power cut, so nothing is synced; the next mount then wants a fresh workdir.
rm -rf "$work/work"
mount -t overlay overlay -o "volatile,lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
mkdir -p "$root/program" "$root/repository"
mount --bind -o ro "$program" "$root/program"
mount --bind -o ro "$repository" "$root/repository"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for node in null:3 zero:5 urandom:9; do mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 "$root/dev/tty" c 5 0
ip link set lo up
exec chroot "$root" "$@"
"""


def base() -> Path:
    """The newest base image that `tools/setup --lab` made."""
    found = sorted(CACHE.glob("debian-13-*/root"), key=lambda path: path.stat().st_mtime)
    assert found, f"no Debian 13 in {CACHE}: run `tools/setup --lab`"
    return found[-1]


def package(repository: Path, name: str, version: str = "1.0", more: str = "", **files: str) -> None:
    """Makes a package. `files` are postinst and the like; those whose name has a slash are of the package itself."""
    tree = repository / "build" / f"{name}_{version}"
    (tree / "DEBIAN").mkdir(parents=True)
    header = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x.invalid>\n"
    (tree / "DEBIAN" / "control").write_text(f"{header}{more}Description: for a test\n")
    for file, text in files.items():
        path = tree / (file.lstrip("/") if "/" in file else f"DEBIAN/{file}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)


def build(repository: Path) -> str:
    """Shell script that builds all packages of a repository at /repository.new and writes its index."""
    return """
mkdir -p /repository.new && cd /repository.new
for tree in /repository/build/*; do dpkg-deb --root-owner-group -Zgzip -b "$tree" . >/dev/null; done
for deb in *.deb; do
    dpkg-deb -f "$deb"
    echo "Filename: ./$deb"
    echo "Size: $(stat -c %s "$deb")"
    printf 'SHA256: %s\\n\\n' "$(sha256sum "$deb" | cut -d' ' -f1)"
done >Packages
rm -f /etc/apt/sources.list.d/*
printf 'Types: deb\\nURIs: file:/repository.new\\nSuites: ./\\nTrusted: yes\\n' >/etc/apt/sources.list.d/local.sources
apt-get -q update
"""


class Debian:
    """One machine; its disk is what it has beside `lower`."""

    def __init__(self, place: Path, lower: Sequence[Path], repository: Path) -> None:
        self.upper = place / "upper"
        for name in ("upper", "work", "root"):
            (place / name).mkdir(parents=True)
        disk = ":".join(map(str, lower))
        self.variables = {"lower": disk, "upper": str(self.upper), "work": str(place / "work")}
        self.variables.update(root=str(place / "root"), program=str(PROGRAM), repository=str(repository))

    def run(self, *command: str, network: bool = False, data: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Runs a command on the machine; all its processes end with it. `network`: that of this computer, or none."""
        spaces = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        spaces += [] if network else ["--net"]
        return subprocess.run(
            ["unshare", *spaces, "sh", "-c", MOUNTS, "sh", *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.variables},
            input=data.decode(),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def sh(self, script: str, network: bool = False) -> str:
        """Runs a script that has to succeed; what it printed."""
        done = self.run("sh", "-ec", script, network=network)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self, network: bool = False, **sections: Any) -> str:
        """Applies a desired state with converge.py itself: its lines without the log's, or why it failed."""
        return _words(self.run(*CONVERGE, "apply", data=document(**sections), network=network))

    def finish(self) -> str:
        """Finishes with no role."""
        body = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "roles": {}}
        return _words(self.run(*CONVERGE, "finish", data=json.dumps(body).encode()))

    def state(self, *names: str) -> dict[str, str]:
        """Versions of those packages that are installed, with ` held` behind those that are."""
        form = "${Package} ${Version} ${db:Status-Status} ${db:Status-Want}\\n"
        found = self.run("dpkg-query", "-W", "-f", form, *names).stdout.splitlines()
        lines = [line.split() for line in found if " installed " in line]
        return {line[0]: line[1] + (" held" if line[3] == "hold" else "") for line in lines}

    def text(self, name: str) -> str:
        """Content of a file that this machine wrote."""
        return (self.upper / name.lstrip("/")).read_text()


def _words(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stdout.splitlines() if not line.startswith("log ")]
    return "\n".join([*lines, done.stderr.strip()] if done.returncode or done.stderr else lines)


CONVERGE = ["python3", "-B", "/program/converge.py"]
WORDS = shlex.join(CONVERGE)
