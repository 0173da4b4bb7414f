"""The lab's internet: downloads over https, Debian packages over http. usage: main.py CONFIG.json"""

import json
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer

from handler import Handler, Site
from namespace import network_namespace


class Server(ThreadingHTTPServer):
    """A server whose threads do not outlive it and whose clients may hang up."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        print(f"{client_address[0]}: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


def main(path: str) -> None:
    """Serves until killed."""
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    Handler.site = Site(config)
    with network_namespace(config["namespace"]):
        plain = Server((config["address"], config["ports"]["http"]), Handler)
        secure = Server((config["address"], config["ports"]["https"]), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config["certificate"], config["key"])
    # The handshake happens in the connection's own thread, so that a client that says nothing blocks nobody.
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    secure.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
