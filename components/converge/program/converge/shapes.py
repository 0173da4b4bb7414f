"""What each field of the documents may hold; components/converge/schema.ts says the same for everybody else."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from converge.checkers import (
    Checker,
    argv,
    boolean,
    choice,
    either,
    integer,
    literal,
    record,
    string,
    struct,
    word,
)
from converge.errors import Refused
from converge.light import re, suppress
from converge.paths import LIBRARY, LOG, RECOVER_UNIT, RUN, STATE, UNITS

_ROOTS = ("/proc", "/sys", "/dev", LIBRARY, STATE, RUN, os.path.dirname(LOG), UNITS + RECOVER_UNIT)
RESERVED = (*(root + "/" for root in _ROOTS), f"{UNITS}{RECOVER_UNIT}.d/")
"""What begins like this is the kernel's or converge.py's own."""


def place(value: object, where: str) -> None:
    """An absolute path without `..` and the like; `/` is one."""
    if not isinstance(value, str) or not value.startswith("/") or len(value) > 1024:
        raise Refused(f"{where} has to be an absolute path of up to 1024 characters")
    if not value.isascii() or not value.isprintable():
        raise Refused(f"{where} has characters that a path must not have: printable ASCII is allowed")
    parts = value[1:].split("/")
    if value != "/" and any(part in ("", ".", "..") or len(part) > 200 for part in parts):
        raise Refused(f"{where} has to be a plain path, without '..', '.' or empty parts, none over 200 characters")


def path(value: object, where: str) -> None:
    """A place for something of a role: outside of what is ours or the kernel's."""
    place(value, where)
    assert isinstance(value, str)
    if value == "/":
        raise Refused(f"{where} has to be a path below '/'")
    parts = value.split("/")
    if any(part.startswith(".sovereign-edge.") for part in parts) or f"{value}/".startswith(RESERVED):
        raise Refused(f"{where} belongs to converge.py or the kernel")


_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OCTAL = frozenset("01234567")
_NUMBER = frozenset(_DIGITS)
_ACCOUNT_BEGINS, _ACCOUNT = frozenset(_LOWER + "_"), frozenset(_LOWER + _DIGITS + "_.-")


def mode(value: object, where: str) -> None:
    """Three or four octal digits, with a 0 before them or not."""
    digits = value[-4:] if isinstance(value, str) else ""
    if len(digits) < 3 or not _OCTAL.issuperset(digits) or value not in (digits, "0" + digits):
        raise Refused(f'{where} has to be an octal mode such as "0644"')


def owner(value: object, where: str) -> None:
    """`user:group`, each by its name or its number."""
    parts = value.split(":") if isinstance(value, str) else []
    if len(parts) != 2 or not all(_is_account(part) for part in parts):
        raise Refused(f'{where} has to be an owner, "user:group"')


def _is_account(part: str) -> bool:
    if 0 < len(part) <= 9 and _NUMBER.issuperset(part):
        return True
    return 0 < len(part) <= 32 and part[0] in _ACCOUNT_BEGINS and _ACCOUNT.issuperset(part)


def is_name(text: str) -> bool:
    """Whether a node can be called so."""
    with suppress(Refused):
        NAME(text, "")
        return True
    return False


def host_port(value: object, where: str) -> None:
    """`host:port`."""
    found = re.fullmatch(r"[!-~]+:([1-9][0-9]{0,4})", value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 65535:
        raise Refused(f"{where} has to be host:port")


_PORT = r":([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_REGISTRY = rf"([a-z0-9-]+(\.[a-z0-9-]+)+({_PORT})?|[a-z0-9-]+{_PORT}|localhost)"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_TYPES = "service|socket|timer|path|mount|automount|swap|target|slice"

NAME = word(_LOWER + _DIGITS, _LOWER + _DIGITS + ".-", 100, "a name of lower-case letters, digits, dots and dashes")
_SECRET = _UPPER + _LOWER + _DIGITS
SECRET_NAME = word(_SECRET, _SECRET + "._:@-", 200, "the name of a secret")
ACCOUNT = word(_LOWER + "_", _LOWER + _DIGITS + "_-", 32, "the name of a user or group")
LINE = string(r"[^\0\r\n]*", "a text of one line")
HASH = word(_DIGITS + "abcdef", _DIGITS + "abcdef", 64, "a SHA-256 in hex", shortest=64)
URL = string(r"https?://[!-~]+", "an http or https URL")
URLS = string(r"https?://[!-~]+( https?://[!-~]+)*", "http or https URLs with one space between", 4096)
WORDS = string(r"[!-~]+( [!-~]+)*", "words with one space between", 4096)
WORDS_OR_NONE = string(r"([!-~]+( [!-~]+)*)?", "words with one space between, or empty", 4096)
HOST = string(r"[!-~]+", "a host name", 255)
ADDRESS = string(rf"{_OCTET}(\.{_OCTET}){{3}}|[0-9a-f]{{0,4}}(:[0-9a-f]{{0,4}}){{2,7}}", "an IP address")
PUBLIC_KEY = string(r"[A-Za-z0-9+/]{43}=", "a WireGuard public key")
PACKAGE = string(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?", "the name of a package")
VERSION = string(r"[A-Za-z0-9.+:~-]+", "a version")
UNIT = string(
    rf"(?!sovereign-edge-(recover|revert|job|run|apply|finish|release)[.-])[A-Za-z0-9:_.\\][A-Za-z0-9:_.@\\-]{{0,230}}\.({_TYPES})",
    "the whole name of a systemd unit, such as caddy.service, none of converge.py's own",
)
MODULE = string(r"[A-Za-z0-9][A-Za-z0-9_]{0,63}", "the name of a kernel module, with underscores")
SETTING = string(r"[a-z][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)+", "the name of a kernel setting", 200)
SYSTEM = string(r"[a-z][a-z0-9_-]*-[0-9][0-9.]*", "a system such as debian-13", 100)
IMAGE = string(
    rf"{_REGISTRY}(/[a-z0-9]+([._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{{64}}",
    "a container image by its digest, registry/name@sha256:…, without a tag",
    400,
)
KEY = string(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n([A-Za-z]+: [ -~]*\n)*\n([A-Za-z0-9+/=]{1,76}\n)+"
    r"-----END PGP PUBLIC KEY BLOCK-----\n?",
    "an ASCII-armored OpenPGP public key",
    262_144,
)
TRUE = literal(True)
WHOLE = integer(0, 2**53 - 1)
NOTHING = struct({}, {})
TRUES = record(path, TRUE)

_CHECK: Mapping[str, Checker] = {"within": integer(1, 86400)}
_WHEN: Mapping[str, Checker] = {"when": choice("before", "healthy")}
_HTTP = struct({"url": URL, "status": integer(100, 599)}, {"ca": path, "host": HOST})

ROLE: Mapping[str, Checker] = {
    "requires": struct(
        {},
        {
            "disk": record(place, WHOLE),
            "memory": WHOLE,
            "pageSize": integer(4096, 1048576),
            "os": record(SYSTEM, TRUE),
            "arch": choice("amd64", "arm64"),
        },
    ),
    "sources": record(
        NAME,
        struct({"uris": URLS, "suites": WORDS, "components": WORDS_OR_NONE, "key": KEY}, {"architectures": WORDS}),
    ),
    "packages": record(PACKAGE, struct({}, {"version": VERSION, "hold": TRUE})),
    "secrets": record(SECRET_NAME, WHOLE),
    "groups": record(ACCOUNT, NOTHING),
    "users": record(ACCOUNT, struct({"home": path}, {"shell": path, "groups": record(ACCOUNT, TRUE), "person": TRUE})),
    "directories": record(path, struct({"mode": mode, "owner": owner}, {"keep": boolean})),
    "artifacts": record(
        path,
        struct(
            {"url": URL, "sha256": HASH, "bytes": WHOLE, "arch": choice("amd64", "arm64", "any")},
            {"unpack": choice("tar.gz"), "mode": mode},
        ),
    ),
    "images": record(IMAGE, NOTHING),
    "files": record(path, struct({"mode": mode, "owner": owner, "text": string()}, {"validate": argv})),
    "links": record(path, struct({"target": string(r"[^\0\r\n]+", "a path")}, {})),
    "units": record(
        UNIT,
        either(
            "masked",
            struct({"masked": TRUE, "enabled": literal(False), "running": literal(False)}, {}),
            struct(
                {"enabled": boolean, "running": boolean},
                {"masked": literal(False), "reloadOn": TRUES, "restartOn": TRUES, "stays": integer(0, 600)},
            ),
        ),
    ),
    "actions": record(NAME, struct({"argv": argv, "on": TRUES}, {})),
    "removal": record(NAME, struct({"argv": argv}, {})),
    "sysctl": record(SETTING, LINE),
    "modules": record(MODULE, NOTHING),
    "checks": record(NAME, struct(_CHECK, {**_WHEN, "http": _HTTP, "tcp": host_port, "argv": argv})),
    "jobs": record(NAME, struct({"argv": argv}, {"done": argv, "progress": argv})),
    "rollback": choice("config", "binary", "never"),
    "backup": struct({"argv": argv}, {}),
    "confirm": struct({}, {"window": integer(10, 600)}),
}
_HEADER: Mapping[str, Checker] = {"version": integer(1, 1), "fleet": NAME, "node": NAME, "incarnation": WHOLE}
DESIRED = struct({**_HEADER, "role": NAME}, ROLE)
SECRETS = struct(
    {
        **_HEADER,
        "secrets": record(SECRET_NAME, struct({"generation": WHOLE, "value": string()}, {})),
        "wireguard": record(NAME, PUBLIC_KEY),
    },
    {"addresses": record(NAME, ADDRESS)},
)
ROSTER = struct({**_HEADER, "roles": record(NAME, HASH)}, {"addresses": record(NAME, ADDRESS)})
_CLAIMS = struct(
    {"profile": NAME, "place": string(r"SE[0-9]{3} [!-~]{1,200}", "a code and a path")},
    {
        "arch": choice("amd64", "arm64"),
        "memory": struct({"bytes": WHOLE, "exact": boolean}, {}),
        "boards": record(string(r"[ -~]{1,100}", "the name of a board"), TRUE),
        "os": SYSTEM,
        "pageSize": integer(4096, 1048576),
        "disk": struct({"kind": choice("sd", "emmc", "usb-ssd", "ssd", "nvme", "hdd"), "size": WHOLE}, {}),
        "npu": NAME,
        "accept": record(choice("memory", "board", "os", "pages", "disk", "npu"), TRUE),
    },
)
INSTALL = struct({**_HEADER, "program": HASH}, {"claims": _CLAIMS})
