"""The real apt and dpkg of Debian 13: cut off, locked, held, asked, without network, with sources of others.

The machines are overlays on the lab's base image, entered in namespaces of their own; that takes root.
"""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from debian import WORDS, Debian, base, build, package

SOURCE = Path(__file__).parent / "apt-source"
CUT = '#!/bin/sh\nif [ -e /cut ]; then rm /cut; kill -9 "$PPID"; fi\n'
ASK = """#!/bin/sh
set -e
. /usr/share/debconf/confmodule
db_input critical se-ask/really || true
db_go
db_get se-ask/really
echo "debconf: $RET" >/answers
"""
TEMPLATE = "Template: se-ask/really\nType: string\nDescription: Really?\n Nobody is there to say so.\n"
READ = """#!/bin/sh
read -r line </dev/tty
echo "terminal: $line" >/terminal
read -r line
echo "input: $line" >/input
"""
POLICY = "#!/bin/sh\nset +e\n/usr/sbin/policy-rc.d se-plain start\necho $? >/policy\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Path]:
    """A disk with a repository of packages, whose lists are fetched."""
    place = tmp_path_factory.mktemp("debian")
    repository = place / "repository"
    package(repository, "se-plain", postinst=POLICY)
    package(repository, "se-plain", "2.0")
    package(repository, "se-needs", more="Depends: se-plain\n")
    package(repository, "se-rival", more="Conflicts: se-plain\n")
    package(repository, "se-large", more="Installed-Size: 99000000000\n")
    package(repository, "se-unpacked", preinst=CUT)
    package(repository, "se-configured", postinst=CUT)
    package(repository, "se-sick", postinst="#!/bin/sh\necho sick >&2\nexit 1\n")
    package(repository, "se-asks", postinst=ASK, templates=TEMPLATE)
    package(repository, "se-reads", postinst=READ)
    for version in ("1.0", "2.0"):
        text = {"etc/se-conf": version, "conffiles": "/etc/se-conf\n"}
        package(repository, "se-conf", version, **text)
    machine = Debian(place / "prepared", [base()], repository)
    machine.sh(build(repository))
    return [machine.upper, base()], repository


@pytest.fixture
def debian(prepared: tuple[list[Path], Path], tmp_path: Path) -> Debian:
    """A fresh machine."""
    return Debian(tmp_path, *prepared)


def packages(*names: str, **more: Any) -> dict[str, Any]:
    """A role with packages."""
    return {"packages": {**{name: {} for name in names}, **more}}


def test_comes_without_its_daemon_and_goes_with_what_came_along(debian: Debian) -> None:
    wanted = {"packages": {"se-plain": {"version": "1.0"}}}
    assert debian.apply(**wanted) == "changed: packages se-plain"
    assert debian.text("/policy") == "101\n"
    assert not (debian.upper / "usr/sbin/policy-rc.d").exists()
    assert debian.apply(**wanted) == "unchanged"
    assert debian.apply(**packages("se-needs")) == "changed: packages se-needs"
    assert debian.finish() == "changed: swept packages se-needs, se-plain"
    assert debian.state("se-*") == {}


MENDED = "dpkg was cut off on this machine; that is repaired first"


@pytest.mark.parametrize("broken", ["se-unpacked", "se-configured"])
def test_interrupted_dpkg_is_mended_first(debian: Debian, broken: str) -> None:
    left = debian.sh(f"touch /cut; apt-get -qq install {broken} 2>&1 || true; dpkg --audit; ls /var/lib/dpkg/updates")
    assert broken in left
    assert broken not in debian.state(broken)
    assert debian.apply(**packages("se-plain")) == f"changed: packages se-plain; repaired dpkg\n{MENDED}"
    assert debian.state(broken, "se-plain") == {broken: "1.0", "se-plain": "2.0"}
    assert debian.sh("dpkg --audit; ls /var/lib/dpkg/updates") == ""


def test_run_that_was_cut_off_goes_on(debian: Debian) -> None:
    debian.sh("touch /cut")
    assert "packages: apt-get install failed (exit 100)" in debian.apply(**packages("se-unpacked"))
    assert debian.apply(**packages("se-unpacked")) == f"changed: packages se-unpacked; repaired dpkg\n{MENDED}"


def test_package_that_cannot_be_configured_is_named(debian: Debian) -> None:
    debian.sh("apt-get -qq install se-sick 2>&1 || true")
    words = debian.apply(**packages("se-plain"))
    assert "and se-sick cannot be brought to an end; see `dpkg --audit`" in words
    assert not (debian.upper / "usr/sbin/policy-rc.d").exists()


@pytest.mark.parametrize("lock", ["dpkg/lock-frontend", "apt/lists/lock"])
def test_lock_of_another_process_is_shown_and_waited_for(debian: Debian, lock: str) -> None:
    role = '{"version":1,"fleet":"dev","node":"alice","role":"role","incarnation":1,"packages":{"se-plain":{}}}'
    output = debian.sh(f"""
cat >/usr/bin/unattended-upgrade <<'END'
import fcntl, os, time
file = open("/var/lib/{lock}", "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open("/held", "w").close()
while not os.path.exists("/release"):
    time.sleep(0.02)
END
python3 /usr/bin/unattended-upgrade & echo "pid $!"
until [ -e /held ]; do sleep 0.02; done
echo '{role}' | {WORDS} apply >/out 2>/err & run=$!
until grep -q waiting /err; do sleep 0.02; done
dpkg-query -W se-plain 2>/dev/null || echo "not there yet"
touch /release
wait $run
cat /err /out
""")
    pid = re.match(r"pid (\d+)\nnot there yet\n", output)
    assert pid, output
    words = rf"waiting for unattended-upgrade \(pid {pid[1]}, since 20[-0-9T:]+Z\), which holds /var/lib/{lock}\n"
    assert re.search(words + "changed: packages se-plain\nlog ", output), output


def test_hold_of_the_operator_is_kept_and_ours_holds(debian: Debian) -> None:
    debian.sh("apt-get -qq install se-plain=1.0; apt-mark hold se-plain")
    words = debian.apply(**packages(**{"se-plain": {"version": "2.0"}}))
    assert "packages: se-plain: held on this machine at 1.0 (`apt-mark hold`)" in words
    assert debian.state("se-plain") == {"se-plain": "1.0 held"}
    debian.sh("apt-mark unhold se-plain")
    wanted = packages(**{"se-plain": {"version": "1.0", "hold": True}})
    assert debian.apply(**wanted) == "changed: holds of se-plain"
    debian.sh("apt-get -qq upgrade")
    assert debian.state("se-plain") == {"se-plain": "1.0 held"}
    wanted["packages"]["se-plain"]["version"] = "2.0"
    assert debian.apply(**wanted) == "changed: packages se-plain"
    wanted["packages"]["se-plain"]["version"] = "1.0"
    assert debian.apply(**wanted) == "changed: packages se-plain"
    assert debian.state("se-plain") == {"se-plain": "1.0 held"}
    assert debian.finish() == "changed: swept holds of se-plain"
    assert debian.state("se-plain") == {"se-plain": "1.0"}


def test_nothing_that_asks_can_hang_it(debian: Debian) -> None:
    debian.sh("apt-get -qq install se-conf=1.0; echo mine >/etc/se-conf; printf '#!/bin/sh\\n' >/usr/bin/whiptail")
    wanted = packages("se-asks", "se-reads", **{"se-conf": {"version": "2.0"}})
    assert debian.apply(**wanted) == "changed: packages se-asks, se-conf, se-reads"
    assert [debian.text(name) for name in ("/answers", "/terminal", "/input")] == [
        "debconf: \n",
        "terminal: \n",
        "input: \n",
    ]
    assert debian.text("/etc/se-conf") == "mine\n"


def test_too_large_for_the_disk(debian: Debian) -> None:
    words = debian.apply(**packages("se-plain", "se-large"))
    assert re.search(r"se-large, se-plain: 101,[\d,]+ bytes of disk are needed, [\d,]+ are free for /usr", words)
    assert debian.state("se-*") == {}


def test_package_of_the_operator_does_not_go(debian: Debian) -> None:
    debian.sh("apt-get -qq install se-plain")
    assert "packages: se-plain would have to be removed for this" in debian.apply(**packages("se-rival"))
    assert debian.state("se-*") == {"se-plain": "2.0"}


@pytest.fixture
def mirror() -> Iterator[str]:
    """A third party's repository, signed with a key of its own."""
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(SOURCE)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def third_party(uri: str, key: str = "key.asc") -> dict[str, Any]:
    """A role with the third party's source and its package."""
    source = {"uris": uri, "suites": "./", "components": "", "key": (SOURCE / key).read_text()}
    return {"sources": {"third": source}, "packages": {"se-signed": {}}}


def test_source_of_a_third_party(debian: Debian, mirror: str) -> None:
    place = "/etc/apt/sources.list.d/sovereign-edge-third.sources"
    words = debian.apply(network=True, **third_party(mirror, "other-key.asc"))
    assert f"{place}: not signed by the key that the inventory gives" in words
    assert not (debian.upper / place.lstrip("/")).exists()
    assert debian.apply(network=True, **third_party(mirror)) == f"changed: {place}; packages se-signed"
    assert debian.state("se-signed") == {"se-signed": "1.0"}
    debian.sh("apt-get -q update 2>&1", network=True)
    assert "se-signed" in debian.sh("apt-cache policy se-signed")
    assert debian.finish() == f"changed: swept {place}, packages se-signed"
    assert not (debian.upper / place.lstrip("/")).exists()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("http://mirror.invalid/", "mirror.invalid cannot be reached (Temporary failure resolving 'mirror.invalid')"),
        ("http://127.0.0.1:9/", "127.0.0.1 cannot be reached (Could not connect to 127.0.0.1:9 (127.0.0.1)."),
    ],
)
def test_mirror_that_is_gone_is_named(debian: Debian, uri: str, words: str) -> None:
    found = debian.apply(**third_party(uri))
    assert words in found
    assert "The configuration is as it was before" in found
    assert debian.state("se-*") == {}
