"""Waits until an SSH server says its name; fails after SECONDS. usage: probe.py ADDRESS SECONDS"""

import socket
import sys
import time

CONNECT_SECONDS = 0.1
BANNER_SECONDS = 10
PAUSE_SECONDS = 0.02


def answers(address: str) -> bool:
    """Whether somebody who speaks SSH listens."""
    try:
        with socket.create_connection((address, 22), timeout=CONNECT_SECONDS) as connection:
            connection.settimeout(BANNER_SECONDS)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def main(address: str, seconds: float) -> int:
    """Exit code: 0 when the server answers in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answers(address):
            return 0
        time.sleep(PAUSE_SECONDS)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
