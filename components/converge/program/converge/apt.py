"""apt and dpkg: asked in a way that nothing can hang, waiting for who uses them, and what they say in our words."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from _collections_abc import Callable

from converge.durable import content, now, text_of
from converge.errors import Failed, enumerate_some, program_name
from converge.light import re, struct, suppress
from converge.machine import Machine, Result

PATIENCE = 15 * 60.0
"""Seconds to wait for another user of apt or dpkg: a first boot's unattended-upgrades may take that long."""
QUIET = 2.0
"""Seconds of waiting after which it is said."""
AGAIN = 60.0
"""Seconds between two such words."""
LOCKS = ["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock"]
ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBIAN_PRIORITY": "critical",
    "APT_LISTCHANGES_FRONTEND": "none",
    "APT_LISTBUGS_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
    "UCF_FORCE_CONFFOLD": "1",
}
OPTIONS = ["-y", "-q", "-o", "DPkg::Lock::Timeout=5"]
# Through apt's own terminal a maintainer script could wait for a key that nobody presses (seen with apt 3.0.4).
OPTIONS += ["-o", "Dpkg::Use-Pty=0"]
OPTIONS += ["-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15"]
OPTIONS += ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]


def apt(machine: Machine, *arguments: str, timeout: float = 3600) -> Result:
    """Runs apt-get without questions, as soon as nobody else uses it."""
    return patiently(machine, ["apt-get", *OPTIONS, *arguments], timeout)


def dpkg(machine: Machine, *arguments: str, timeout: float = 3600) -> Result:
    """Runs dpkg without questions, as soon as nobody else uses it."""
    return patiently(machine, ["dpkg", "--force-confdef", "--force-confold", *arguments], timeout)


def patiently(machine: Machine, command: list[str], timeout: float) -> Result:
    """Runs a command when nobody holds a lock of apt or dpkg, and again when somebody was faster."""
    wait = Waiting(machine)
    while True:
        wait.until_free()
        result = machine.system.run(command, timeout, **ENVIRONMENT)
        if result.code == 0 or not re.search(BUSY, result.output):
            return result
        wait.a_moment(1.0)


BUSY = r"Could not get lock|Unable to (lock|acquire the dpkg frontend lock)|lock was locked by|database is locked"


class Waiting:
    """Patience with whoever uses apt or dpkg, in words on standard error."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.start = time.monotonic()
        self.told = self.start + QUIET - AGAIN

    def until_free(self) -> None:
        """Returns when no lock is held; raises Failed when that took too long."""
        while lock_holder(self.machine):
            self.a_moment(0.5)

    def a_moment(self, seconds: float) -> None:
        """Waits a little and says for whom."""
        now = time.monotonic()
        lock, who = lock_holder(self.machine) or (LOCKS[0], "another process")
        if now - self.start > PATIENCE:
            raise Failed(
                f"packages: {who} still holds {lock} after {PATIENCE / 60:.0f} min."
                " When it is done, or stopped, apply again; nothing was installed"
            )
        if now - self.told >= AGAIN:
            print(f"waiting for {who}, which holds {lock}", file=sys.stderr, flush=True)
            self.told = now
        time.sleep(seconds)


def lock_holder(machine: Machine) -> tuple[str, str] | None:
    """The first lock of apt or dpkg that is held, and who holds it since when; None when all are free."""
    for lock in LOCKS:
        with suppress(OSError), open(machine.at(lock), "rb") as file:
            # struct flock of fcntl(2) with offsets of 64 bits; -1: nobody.
            question = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
            answer = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, question))
            if answer[0] != fcntl.F_UNLCK:
                return lock, describe_process(answer[4])
    return None


def describe_process(pid: int) -> str:
    """Name, number and start of a process; one that cannot be seen is "another process"."""
    words = content(f"/proc/{pid}/cmdline").decode("utf-8", "replace").split("\0") if pid > 0 else []
    if not any(words):
        return f"another process (pid {pid})" if pid > 0 else "another process"
    # proc(5): the 22nd field is the start in ticks since boot; the name before it, in brackets, may hold anything.
    ticks = int(text_of(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])
    boot = int(next(line.split()[1] for line in text_of("/proc/stat").splitlines() if line.startswith("btime ")))
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(boot + ticks / os.sysconf("SC_CLK_TCK")))
    return f"{program_name([word for word in words if word])} (pid {pid}, since {since})"


# What apt says


def apt_words(output: str) -> str:
    """The lines of apt's and dpkg's output that say what is wrong."""
    lines = [line for line in output.splitlines() if re.match(r" ?(E|W|Err|dpkg|Failed)\b", line)]
    return "\n".join(dict.fromkeys(lines)) or output


def unreachable(output: str) -> dict[str, str]:
    """Hosts that did not answer, each with what apt says of it."""
    found: dict[str, str] = {}
    for pattern in _silent:
        for match in re.finditer(pattern, output):
            found.setdefault(match.group("host"), match.group(0).strip())
    return found


_silent = [
    r"Could not resolve '(?P<host>[^']+)'",
    r"Temporary failure resolving '(?P<host>[^']+)'",
    r"Something wicked happened resolving '(?P<host>[^':]+)[^\n]*",
    r"(?:Could not|Unable to) connect to (?P<host>[^\s:]+):[^\n]*",
    r"Cannot initiate the connection to (?P<host>[^\s:]+):[^\n]*",
    r"Connection (?:timed out|failed) \[IP: (?P<host>\S+) [^\n]*",
]


def apt_failure(verb: str, result: Result) -> Failed:
    """What went wrong with apt-get, for people: one line, with apt's own lines as the detail."""
    words = apt_words(result.output)
    silent = unreachable(result.output)
    if silent:
        hosts = "; ".join(list(silent.values())[:2])
        who = enumerate_some(list(silent), 3)
        return Failed(f"packages: {who} cannot be reached ({hosts}); look at the machine's DNS and network", words)
    for pattern, sentence in _sentences:
        match = re.search(pattern, result.output)
        if match:
            return Failed(f"packages: {sentence(match)}", words)
    return Failed(f"packages: apt-get {verb} failed (exit {result.code})", words)


def _names(match: re.Match[str]) -> str:
    return enumerate_some(match.group(1).replace("*", "").split())


_sentences: list[tuple[str, Callable[[re.Match[str]], str]]] = [
    (
        r"Release file for \S+ is not valid yet \(invalid for another ([^)]+)\)",
        lambda match: f"this machine's clock is at least {match.group(1)} behind: set it (`timedatectl set-ntp true`)",
    ),
    (
        # Of sqv, which apt 3 asks.
        r"Not live until (\d{4}-[\d:T-]+Z)",
        lambda match: (
            f"a signature holds from {match.group(1)} on only, and this machine's clock says {now()}:"
            " set it (`timedatectl set-ntp true`)"
        ),
    ),
    (r"No space left on device|enough free space", lambda _: "the disk is full; make room and apply again"),
    (
        r"held packages will be changed:\n((?:  .*\n)+)",
        lambda match: (
            f"{_names(match)}: held on this machine (`apt-mark hold`) and would have to change;"
            " let go of it with `apt-mark unhold`, or want another version"
        ),
    ),
    (
        r"will be REMOVED:\n((?:  .*\n)+)",
        lambda match: f"{_names(match)} would have to be removed for this; remove it yourself if it may go",
    ),
]
