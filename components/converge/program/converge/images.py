"""Container images by their digest, brought by podman."""

from __future__ import annotations

from _collections_abc import Iterable

from converge.durable import remove
from converge.errors import Failed
from converge.light import sha256
from converge.machine import Machine
from converge.typed import cast

PATIENCE = 4 * 3600.0
"""Seconds that one image may take."""


def missing_images(machine: Machine, images: Iterable[str]) -> list[str]:
    """Images that podman does not have."""
    return sorted(image for image in images if not _exists(machine, image))


def pull_image(machine: Machine, image: str) -> None:
    """Brings an image that is not there; notes first that it was us, so that it can go again one day."""
    if _exists(machine, image):
        return
    machine.save(_note(image), image)
    result = machine.system.run(["podman", "pull", "--quiet", image], PATIENCE)
    if result.code != 0:
        raise Failed(f"image {image}: podman pull failed (exit {result.code})", result.output)


def remove_image(machine: Machine, image: str) -> bool:
    """Removes an image of ours; one that a container uses stays. Whether it is gone."""
    if not _exists(machine, image) or machine.system.run(["podman", "rmi", "--", image], 600).code == 0:
        remove(machine.state(_note(image)))
        return True
    return False


def brought_images(machine: Machine) -> list[str]:
    """All images that came by us."""
    names = [name for name in machine.names("runs") if name.startswith("image-")]
    return sorted(cast(str, machine.load(f"runs/{name}.json")) for name in names)


def _exists(machine: Machine, image: str) -> bool:
    result = machine.system.run(["podman", "image", "exists", image])
    if result.code == 127:
        raise Failed(f"image {image}: podman is not on this machine; add the package `podman` to it")
    if result.code not in (0, 1):
        raise Failed(f"image {image}: podman failed (exit {result.code})", result.output)
    return result.code == 0


def _note(image: str) -> str:
    return f"runs/image-{sha256(image.encode()).hexdigest()[:32]}.json"
