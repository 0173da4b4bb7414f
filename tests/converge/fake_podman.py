"""A stand-in for podman."""

from __future__ import annotations


class FakePodman:
    """Images that are there, and those that a container uses."""

    def __init__(self) -> None:
        self.images: set[str] = set()
        self.used: set[str] = set()

    def _podman(self, words: list[str]) -> tuple[int, str]:
        image = words[-1]
        if words[1:3] == ["image", "exists"]:
            return int(image not in self.images), ""
        if words[1] == "pull":
            self.images.add(image)
        elif image in self.used:
            return 2, f"Error: image used by a container: {image}\n"
        else:
            self.images.discard(image)
        return 0, ""
