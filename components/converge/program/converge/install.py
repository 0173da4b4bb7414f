"""Install: the program puts itself in its place, as a whole version that is switched to at once."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from converge import journal as journals
from converge.claims import record_claims, require_claims
from converge.documents import parse_install
from converge.durable import content, fsync_directory, remove, sync_tree, write_durably
from converge.errors import Failed, Refused
from converge.light import loads, sha256, suppress
from converge.lock import locked
from converge.log import Event, logged
from converge.machine import Machine
from converge.paths import BUNDLE, LIBRARY, PROGRAM, RECOVER_UNIT, UNITS
from converge.places import make_directory
from converge.typed import cast

bundle = b""
"""The bundle that this program runs from; nothing when it runs from its place."""

RECOVER_TEXT = f"""# Of sovereign-edge: undoes what a power cut left half done, before the network and any service.
[Unit]
Description=Undo a half-made change of sovereign-edge
DefaultDependencies=no
RequiresMountsFor=/var/lib/sovereign-edge /var/log /usr/local/lib /usr/bin /etc
After=local-fs.target
Before=sysinit.target network-pre.target nftables.service systemd-sysctl.service systemd-modules-load.service
Wants=network-pre.target
ConditionPathExists=/var/lib/sovereign-edge/journal.json

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I {PROGRAM} recover boot

[Install]
WantedBy=sysinit.target
"""


def install(machine: Machine, data: bytes, upload: str = "") -> list[str]:
    """The verb `install`: `data` names the program that is wanted by its SHA-256, `upload` is where it was put."""
    document = parse_install(data)
    machine.check_identity(cast("Mapping[str, object]", document))
    require_claims(machine, document)
    wanted = document["program"]
    place = machine.at(LIBRARY) + "/versions/" + wanted[:16]
    with locked(machine, "install"):
        record_claims(machine, document["claims"])
        text = _bundle(machine, wanted)
        files = cast("dict[str, str]", loads(text))
        stale = not _is_in_use(machine, place, files, text)
        unguarded = not _recovery_is_enabled(machine)
        if stale:
            _write_version(machine, place, files)
        if stale or unguarded:
            changed = [PROGRAM] * stale + [UNITS + RECOVER_UNIT] * unguarded
            with logged(machine, Event("install", "installed", hash=wanted, changed=changed)):
                if stale:
                    _switch(machine, place, files, text)
                if unguarded:
                    _enable_recovery(machine)
        if upload:
            with suppress(FileNotFoundError):
                os.unlink(upload)
    return ["changed: " + PROGRAM] if stale or unguarded else ["unchanged"]


def _bundle(machine: Machine, wanted: str) -> bytes:
    for text in (bundle, content(machine.at(BUNDLE))):
        if sha256(text).hexdigest() == wanted:
            return text
    raise Failed("the program that was uploaded is not the one that is wanted; run `up` again")


def _is_in_use(machine: Machine, place: str, files: Mapping[str, str], text: bytes) -> bool:
    if os.path.realpath(machine.at(LIBRARY) + "/current") != os.path.realpath(place):
        return False
    modules = {name: body for name, body in files.items() if "/" in name}
    return content(machine.at(BUNDLE)) == text and all(
        content(f"{place}/{name}") == body.encode() for name, body in modules.items()
    )


def _switch(machine: Machine, place: str, files: Mapping[str, str], text: bytes) -> None:
    library = machine.at(LIBRARY)
    make_directory(machine, LIBRARY)
    remove(library + "/current.new")
    os.symlink("versions/" + os.path.basename(place), library + "/current.new")
    # The launcher works with every version; whoever starts it now gets the old or the new one, as a whole.
    write_durably(machine.at(PROGRAM), files["converge.py"].encode(), 0o755)
    os.replace(library + "/current.new", library + "/current")
    # The bundle goes into the same directory and takes the link to the disk with it.
    write_durably(machine.at(BUNDLE), text, 0o644)
    _forget_versions(library + "/versions", os.path.basename(place))


def _write_version(machine: Machine, place: str, files: Mapping[str, str]) -> None:
    import py_compile

    make_directory(machine, LIBRARY + "/versions")
    new = place + ".new"
    remove(new)
    os.makedirs(new + "/converge", mode=0o755)
    for name, body in files.items():
        if "/" in name:
            with open(f"{new}/{name}", "wb") as file:
                file.write(body.encode())
            try:
                # By hash, because a file system may give two versions the same size and second.
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(f"{new}/{name}", dfile=name, doraise=True, invalidation_mode=mode)
            except py_compile.PyCompileError as error:
                remove(new)
                raise Refused(f"the program is not one that this Python can run: {error.msg.strip()}") from None
    # Python's own files too: a compiled module that is torn would end every run.
    sync_tree(new)
    remove(place)
    os.rename(new, place)
    fsync_directory(os.path.dirname(place))


def _forget_versions(directory: str, current: str) -> None:
    """Keeps the version before: a run of it may still be going on, and imports when it needs to."""
    others = [name for name in os.listdir(directory) if name != current]
    others.sort(key=lambda name: os.stat(f"{directory}/{name}").st_mtime)
    for name in others[:-1]:
        remove(f"{directory}/{name}")


def _recovery_is_enabled(machine: Machine) -> bool:
    state = machine.unit_states([RECOVER_UNIT])[RECOVER_UNIT]
    return content(machine.at(UNITS + RECOVER_UNIT)) == RECOVER_TEXT.encode() and state["enabled"]


def _enable_recovery(machine: Machine) -> None:
    make_directory(machine, UNITS.rstrip("/"))
    write_durably(machine.at(UNITS + RECOVER_UNIT), RECOVER_TEXT.encode(), 0o644)
    machine.run("install", ["systemctl", "daemon-reload"])
    machine.run("install", ["systemctl", "enable", RECOVER_UNIT])
    journals.sync_units(machine)
