#!/usr/bin/python3 -I
"""Launcher of converge.py: Python keeps a package compiled, and would compile a script anew at each start."""

import os
import sys

if sys.version_info < (3, 9):  # noqa: UP036
    sys.exit("converge.py needs Python 3.9 or newer; this machine has " + sys.version.split()[0] + ".")
here = os.path.dirname(os.path.realpath(__file__))
current = os.path.join(here, "current")
# `current` leads to the version in use, as a whole; in the repository the package stands beside this file.
sys.path.insert(0, os.path.realpath(current) if os.path.isdir(current) else here)
from converge.main import main  # noqa: E402

code = main(sys.argv[1:])
# All is said and on the disk: to take Python apart would cost a fifth of a run.
os._exit(code)
