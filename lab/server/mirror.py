"""A caching proxy to the Debian mirrors that the host itself uses."""

import os
import threading
import urllib.error
import urllib.request
from email.utils import formatdate, parsedate_to_datetime

TIMEOUT = 60
CHUNK = 1 << 20


class Unavailable(Exception):
    """The mirror did not answer, and nothing is cached. `status` is what to tell the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Mirror:
    """Files of one mirror, kept under `cache`. Package files and by-hash indexes never change; other files are asked for anew."""

    def __init__(self, upstream: str, cache: str, proxy: str) -> None:
        """`proxy` is the one to reach upstream through; with "" the environment's, if any."""
        handlers = [urllib.request.ProxyHandler({"http": proxy, "https": proxy})] if proxy else []
        self._open = urllib.request.build_opener(*handlers).open
        self._upstream = upstream
        self._cache = cache
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def fetch(self, path: str) -> str:
        """Local copy of `path`, downloaded or revalidated as needed."""
        local = os.path.join(self._cache, path)
        with self._guard:
            lock = self._locks.setdefault(path, threading.Lock())
        with lock:
            immutable = path.startswith("pool/") or "/by-hash/" in path
            if not (immutable and os.path.exists(local)):
                self._refresh(path, local)
        return local

    def _refresh(self, path: str, local: str) -> None:
        url = self._upstream + "/" + path
        request = urllib.request.Request(url, headers={"User-Agent": "sovereign-edge-lab"})
        if os.path.exists(local):
            request.add_header("If-Modified-Since", formatdate(os.path.getmtime(local), usegmt=True))
        try:
            with self._open(request, timeout=TIMEOUT) as answer:
                self._store(answer, local, answer.headers.get("Last-Modified"))
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return
            raise Unavailable(error.code, f"{url}: {error.code} {error.reason}") from error
        except OSError as error:
            # A computer that is off line still installs what it has installed before.
            if not os.path.exists(local):
                raise Unavailable(502, f"{url}: {error}") from error

    @staticmethod
    def _store(answer, local: str, modified: str | None) -> None:
        os.makedirs(os.path.dirname(local), exist_ok=True)
        temporary = local + ".part"
        with open(temporary, "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
        if modified is not None:
            seconds = parsedate_to_datetime(modified).timestamp()
            os.utime(temporary, (seconds, seconds))
        os.replace(temporary, local)
