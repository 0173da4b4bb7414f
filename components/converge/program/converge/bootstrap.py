"""Runs the program straight from its bundle, on a machine where it is not installed yet.

The bundle is JSON, file name → text. The command line that installs executes this module's text with the bundle's
bytes in the global BUNDLE.
"""

import json
import sys

if sys.version_info < (3, 9):  # noqa: UP036
    sys.exit("converge.py needs Python 3.9 or newer; this machine has " + sys.version.split()[0] + ".")

import importlib.abc
import importlib.util
from importlib.machinery import ModuleSpec
from types import ModuleType


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the package's modules in the bundle instead of on the disk (importlib's own protocol)."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "ModuleSpec | None":
        """The module `name`, when the bundle has it."""
        file = self.file(name)
        return importlib.util.spec_from_loader(name, self, is_package=file.endswith("__init__.py")) if file else None

    def file(self, name: str) -> str:
        """Name in the bundle of a module's file; "" when there is none."""
        stem = name.replace(".", "/")
        return next((file for file in (stem + ".py", stem + "/__init__.py") if file in self.files and "/" in file), "")

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module's text."""
        file = self.file(module.__name__)
        exec(compile(self.files[file], file, "exec"), module.__dict__)  # noqa: S102


def start(bundle: bytes) -> int:
    """Runs the command line with the modules of the bundle."""
    sys.meta_path.insert(0, Finder(json.loads(bundle)))
    from converge import install
    from converge.main import main

    install.bundle = bundle
    return main(sys.argv[1:])


if "BUNDLE" in globals():
    sys.exit(start(globals()["BUNDLE"]))
