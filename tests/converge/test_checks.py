"""Checks over TLS, and servers that do not speak HTTP."""

from __future__ import annotations

import http.server
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge


class Named(http.server.BaseHTTPRequestHandler):
    """Answers 200 to whoever asks for dev.example."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "dev.example" else 421)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


class Mute(socketserver.BaseRequestHandler):
    """Says something that is no HTTP."""

    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(b"canary\r\n\r\n")


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[str]:
    """Runs a server; gives its address as HOST:PORT."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    host, port = server.server_address[:2]
    try:
        yield f"{host}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server with a certificate for dev.example: its address, and the certificate's file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = str(tmp_path / "key"), str(tmp_path / "certificate")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=dev.example", "-addext", "subjectAltName=DNS:dev.example"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Named)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as address:
        yield address, certificate


def wait(node: Node, url: str, **more: Any) -> None:
    """Waits until a GET is answered with 200."""
    http = {"url": url, "status": 200, **more}
    converge.wait_for(node.machine, "web", {"http": http, "within": 1, "when": "healthy"})


def test_certificate_and_name(node: Node, secure: tuple[str, str]) -> None:
    address, certificate = secure
    url = f"https://{address}/"
    wait(node, url, host="dev.example", ca=certificate)
    for more in ({"host": "other.example", "ca": certificate}, {"ca": certificate}, {"host": "dev.example"}):
        with pytest.raises(converge.Failed, match=f"check web did not pass within 1 s: {url}: .*certificate"):
            wait(node, url, **more)


def test_an_answer_that_is_no_http(node: Node) -> None:
    odd = serving(socketserver.TCPServer(("127.0.0.1", 0), Mute))
    with odd as address, pytest.raises(converge.Failed, match=r": broken answer \(BadStatusLine\)$"):
        wait(node, f"http://{address}/")
