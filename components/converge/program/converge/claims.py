"""Claims: what the inventory says of a machine, held against what was measured."""

from __future__ import annotations

import re

from converge.documents import Claims, DiskClaim, InstallDocument
from converge.errors import Refused
from converge.facts import Measured, measured
from converge.machine import Machine
from converge.peripherals import Disk
from converge.typed import NamedTuple, cast

CLAIMS = "claims.json"
"""File with the claims that the machine was found to meet, for `status` to look at again."""
GIB = 1 << 30
SOLD = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]
"""GiB of memory that machines are sold with."""
LEAST = 0.8
"""The kernel counts 84 to 98 percent of the memory that is fitted: firmware, graphics and crash dumps take theirs."""
MOST = 1.02
LEAST_DISK = 0.85
"""Cards are sold by powers of ten, and hold some percent less."""
ALIKE = {"usb": ["usb-ssd", "hdd"], "virtual": ["ssd", "nvme", "hdd"]}
"""Kinds of disks that a measured one may be, where the kernel cannot tell."""


class Difference(NamedTuple):
    """A claim that does not hold: which, both values in words, and what would be right to write."""

    claim: str
    words: str
    fix: str


def differences(claims: Claims, found: Measured) -> list[Difference]:
    """Every claim that does not hold, accepted ones too."""
    judged = [_arch(claims, found), _board(claims, found), _memory(claims, found), _os(claims, found)]
    judged += [_pages(claims, found), _disk(claims, found), _npu(claims, found)]
    return [difference for difference in judged if difference]


def _arch(claims: Claims, found: Measured) -> Difference | None:
    if claims.get("arch", found["arch"]) == found["arch"]:
        return None
    return Difference("arch", f"its system is {found['arch']}, and {claims['profile']} is {claims['arch']}", "")


def _board(claims: Claims, found: Measured) -> Difference | None:
    boards = claims.get("boards")
    if not boards or f"{found['board'].replace('_', ' ')} ".startswith(tuple(boards)):
        return None
    board = found["board"] or "no board that has a name"
    return Difference(
        "board", f"it is {board}, and {claims['profile']} is {' or '.join(name.strip() for name in boards)}", ""
    )


def _memory(claims: Claims, found: Measured) -> Difference | None:
    claim, total = claims.get("memory"), found["memory"]["total"]
    if not claim or (LEAST * claim["bytes"] <= total and (not claim["exact"] or total <= MOST * claim["bytes"])):
        return None
    size = next((size for size in SOLD if size * GIB >= total), 0)
    # A board of another kind has another name, and the sizes of droplets are no name and a size.
    named = None if _board(claims, found) else re.fullmatch(r"(.+)-\d+gb", claims["profile"])
    fix = f"hardware: {named[1]}-{size}gb" if named and size and not claims["profile"].startswith("s-") else ""
    return Difference(
        "memory", f"memory is {total / GIB:.1f} GiB, and {claims['profile']} has {claim['bytes'] / GIB:g} GiB", fix
    )


def _os(claims: Claims, found: Measured) -> Difference | None:
    name = found["os"]["name"]
    if claims.get("os", name) == name:
        return None
    return Difference("os", f"it runs {name}, and the inventory says {claims['os']}", f"os: {name}")


def _pages(claims: Claims, found: Measured) -> Difference | None:
    size = found["pageSize"]
    if claims.get("pageSize", size) == size:
        return None
    words = f"its kernel has pages of {size // 1024} KiB, and the inventory says {claims['pageSize'] // 1024} KiB"
    return Difference("pages", words, f"pages: {size // 1024}k")


def _disk(claims: Claims, found: Measured) -> Difference | None:
    claim, disk = claims.get("disk"), found["disks"].get(found["rootDisk"])
    if not claim or not disk:
        return None
    kinds = ALIKE.get(disk["kind"], [disk["kind"]])
    if claim["kind"] in kinds and disk["size"] >= LEAST_DISK * claim["size"]:
        return None
    words = f"the system is on {_disk_words(disk)}, and the inventory says {_disk_words(claim)}"
    return Difference("disk", words, f"disk: {kinds[0]}-{round(disk['size'] / 1e9)}gb")


def _disk_words(disk: Disk | DiskClaim) -> str:
    return f"{disk['kind']} of {disk['size'] / 1e9:.0f} GB"


def _npu(claims: Claims, found: Measured) -> Difference | None:
    claim = claims.get("npu", "")
    # On the bus a Hailo-8L and a Hailo-8 are the same.
    if not claim or claim.replace("hailo-8l", "hailo-8") in found["npu"]:
        return None
    has = ", ".join(found["npu"])
    return Difference(
        "npu",
        f"{f'{has} is' if has else 'nothing is'} on PCIe, and the inventory says {claim}",
        f"npu: {has}" if has else "no npu:",
    )


def require_claims(machine: Machine, document: InstallDocument) -> None:
    """Raises Refused with every claim that neither holds nor is accepted. Changes nothing."""
    claims = document["claims"]
    if not claims:
        return
    accepted = claims.get("accept", {})
    wrong = [difference for difference in differences(claims, measured(machine)) if difference.claim not in accepted]
    if wrong:
        raise Refused(_refusal(document["node"], claims, wrong))


def _refusal(node: str, claims: Claims, wrong: list[Difference]) -> str:
    said = "; ".join(f"{words} ({fix} would be right)" if fix else words for _, words, fix in wrong)
    keys = [f'"{claims["place"]}.{claim}"' for claim, _, _ in wrong if claim != "arch"]
    accept = f", or why it may stand, under accept: {' and '.join(keys)}" if keys else ""
    return f"{node} is not what the inventory says: {said}. Write what it is{accept}"


def claim_report(machine: Machine, found: Measured) -> dict[str, object]:
    """What `status` says of the claims: those that do not hold, in words, and acceptances whose cause is gone."""
    claims = cast("Claims", machine.load(CLAIMS) or {})
    wrong = {difference.claim: difference.words for difference in differences(claims, found)}
    accepted = claims.get("accept", {})
    return {
        "wrong": {claim: words for claim, words in wrong.items() if claim not in accepted},
        "accepted": {claim: words for claim, words in wrong.items() if claim in accepted},
        "stale": sorted(f"{claims['place']}.{claim}" for claim in accepted if claim not in wrong),
    }


def record_claims(machine: Machine, claims: Claims) -> None:
    """Keeps the claims that were found to hold."""
    if (machine.load(CLAIMS) or {}) != claims:
        machine.save(CLAIMS, claims)
