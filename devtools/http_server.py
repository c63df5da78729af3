"""The HTTP server on loopback that the embedded AWS and the DataKit receiver answer on."""

from __future__ import annotations

import threading
from typing import Any, Callable, Iterable, Optional

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

HOST = "127.0.0.1"
# So many seconds `stop` waits at most until the server notices.
POLL = 0.005


class Server:
    """Serves a WSGI application on loopback, each request in a thread, from now on; `port` 0 takes a free one."""

    def __init__(self, application: Callable[..., Iterable[bytes]], port: int = 0) -> None:
        self._server = _Server(HOST, port, application, _QuietHandler)
        self.port = self._server.port
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and give the port back; connections are refused from now on."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadedWSGIServer):
    # `stop` waits for the requests under way: nothing is written after it.
    daemon_threads = False


class _QuietHandler(WSGIRequestHandler):
    # A connection for each request: none is left open that would still be served after `stop`.
    protocol_version = "HTTP/1.0"
    timeout = 10  # seconds that a client may be silent

    def send_response(self, code: int, message: Optional[str] = None) -> None:
        """Leave the date to the application, whose clock may be another one."""
        self.send_response_only(code, message)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the applications keep an account of what arrives."""
