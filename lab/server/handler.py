"""HTTP answers: files with ranges, redirects, and a 404 that names what was asked for."""

import os
import re
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from mirror import CHUNK, Mirror, Unavailable


class Site:
    """What the lab's internet has to offer."""

    def __init__(self, config: dict) -> None:
        self.files: dict[str, dict] = config["files"]
        self.redirects: dict[str, str] = config["redirects"]
        self.mirrors = {
            name: Mirror(upstream, os.path.join(config["cache"], name), config["proxy"])
            for name, upstream in config["mirrors"].items()
        }


class Handler(BaseHTTPRequestHandler):
    """One connection. `site` is set by the program."""

    site: Site
    protocol_version = "HTTP/1.1"
    server_version = "sovereign-edge-lab"
    timeout = 120

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        host = self.headers.get("Host", "").split(":")[0].lower()
        path = unquote(urlsplit(self.path).path)
        name = host + path
        if ".." in path.split("/"):
            self._text(400, f"{name}: no way up", body)
        elif name in self.site.redirects:
            self._text(302, "", body, {"Location": self.site.redirects[name]})
        elif name in self.site.files:
            entry = self.site.files[name]
            self._file(entry["path"], body, entry.get("headers", {}))
        elif host == "packages.lab.example" and path.split("/")[1] in self.site.mirrors and path.count("/") > 1:
            self._package(path, body)
        else:
            self._text(404, f"The lab's internet has no {self._scheme()}://{name}", body)

    def _scheme(self) -> str:
        return "https" if hasattr(self.connection, "cipher") else "http"

    def _package(self, path: str, body: bool) -> None:
        _, mirror, rest = path.split("/", 2)
        try:
            local = self.site.mirrors[mirror].fetch(rest)
        except Unavailable as error:
            self._text(error.status, str(error), body)
        else:
            self._file(local, body, {})

    def _text(self, status: int, text: str, body: bool, headers: dict[str, str] | None = None) -> None:
        content = (text + "\n").encode() if text else b""
        self._head(status, len(content), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})
        if body:
            self.wfile.write(content)

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def _range(self, size: int) -> tuple[int, int] | None:
        """First and last byte asked for; None when the whole file is (or the range is not one we can serve)."""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match is None or int(match[1]) >= size:
            return None
        return int(match[1]), min(size - 1, int(match[2] or size - 1))

    def _file(self, path: str, body: bool, headers: dict[str, str]) -> None:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            modified = formatdate(facts.st_mtime, usegmt=True)
            common = {"Last-Modified": modified, "Accept-Ranges": "bytes", **headers}
            if self.headers.get("If-Modified-Since") == modified:
                self._head(304, 0, common)
                return
            part = self._range(facts.st_size)
            first, last = part or (0, facts.st_size - 1)
            if part:
                common["Content-Range"] = f"bytes {first}-{last}/{facts.st_size}"
            self._head(206 if part else 200, last - first + 1, {"Content-Type": "application/octet-stream", **common})
            if body:
                self._copy(file, first, last - first + 1)

    def _copy(self, file, offset: int, count: int) -> None:
        file.seek(offset)
        while count > 0 and (chunk := file.read(min(CHUNK, count))):
            self.wfile.write(chunk)
            count -= len(chunk)
