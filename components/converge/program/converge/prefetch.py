"""Downloads and images are fetched while nobody waits for the machine: before its lock is taken."""

from __future__ import annotations

from converge.artifacts import load_stamps, stamp_holds
from converge.documents import Desired
from converge.downloads import obtain
from converge.images import missing_images, pull_image
from converge.machine import Machine
from converge.preflight import download_sizes, preflight
from converge.room import require_writable_state


def prefetch(machine: Machine, desired: Desired) -> list[str]:
    """Fetches what a role wants and the machine does not have, when the machine is fit for the role. Says which images
    came: these are in use at once. What a download brought is used, and spoken of, under the lock."""
    stamps = load_stamps(machine)
    artifacts = [
        name for name, spec in sorted(desired["artifacts"].items()) if not stamp_holds(machine, stamps, name, spec)
    ]
    images = missing_images(machine, desired["images"])
    if not artifacts and not images:
        return []
    require_writable_state(machine)
    machine.prepare()
    previous = machine.manifest(desired["role"])["desired"]
    preflight(machine, desired, previous, download_sizes(machine, desired["artifacts"], artifacts))
    for name in artifacts:
        obtain(machine, name, desired["artifacts"][name])
    for image in images:
        pull_image(machine, image)
    return [f"image {image}" for image in images]
