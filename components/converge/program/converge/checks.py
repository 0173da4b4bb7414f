"""Checks: what must hold before a role counts as applied."""

from __future__ import annotations

import time
from _collections_abc import Mapping

from converge.documents import CheckSpec, HttpCheck
from converge.errors import Failed, program_name, reason, tail
from converge.machine import Machine


def require_before(machine: Machine, checks: Mapping[str, CheckSpec]) -> None:
    """Waits until the checks pass that have to hold before anything is touched. Raises Failed with all that do not."""
    problems = []
    for name, check in sorted(checks.items()):
        if check["when"] == "before":
            try:
                wait_for(machine, name, check)
            except Failed as failure:
                problems.append(str(failure))
    if problems:
        raise Failed("; ".join(problems))


def wait_for(machine: Machine, name: str, check: CheckSpec) -> None:
    """Polls until a check passes; fails with the last answer after `within` seconds."""
    deadline = time.monotonic() + check["within"]
    pause = 0.05
    while True:
        left = deadline - time.monotonic()
        answer = probe(machine, check, max(0.5, min(5.0, left)))
        if not answer:
            return
        if time.monotonic() + pause > deadline:
            raise Failed(f"check {name} did not pass within {check['within']} s: {answer}")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def probe(machine: Machine, check: CheckSpec, timeout: float) -> str:
    """Why a check does not pass now; empty when it does."""
    if "argv" in check:
        result = machine.system.run(check["argv"], timeout)
        return (
            ""
            if result.code == 0
            else f"{program_name(check['argv'])}: {tail(result.output, 1) or f'exit {result.code}'}"
        )
    try:
        if "http" in check:
            status = http_status(check["http"], timeout)
            return "" if status == check["http"]["status"] else f"{check['http']['url']} answered {status}"
        import socket

        host, _, port = check["tcp"].rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), timeout).close()
        return ""
    except (OSError, ValueError, ArithmeticError) as error:
        return f"{check['http']['url'] if 'http' in check else check['tcp']}: {reason(error)}"


def http_status(check: HttpCheck, timeout: float) -> int:
    """Status of one GET. `host` is sent and has to be in the certificate, whatever the URL's address."""
    import http.client
    import socket
    from urllib.parse import urlsplit

    url = urlsplit(check["url"])
    name = check.get("host") or url.netloc
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = http.client.HTTPConnection(url.hostname or "", port, timeout=timeout)
    connection.sock = socket.create_connection((url.hostname or "", port), timeout)
    try:
        if url.scheme == "https":
            import ssl

            context = ssl.create_default_context(cafile=check.get("ca"))
            connection.sock = context.wrap_socket(connection.sock, server_hostname=urlsplit("//" + name).hostname)
        connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""), headers={"Host": name})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"broken answer ({type(error).__name__})") from None
    finally:
        connection.close()
