"""What cheroot must do with a connection beyond its defaults."""

from __future__ import annotations

from cheroot.server import HTTPConnection, HTTPRequest


class ClosingRequest(HTTPRequest):
    """A request whose connection is closed when its answer says so."""

    def send_headers(self) -> None:
        """Heed `Connection: close` of the application, which cheroot only passes on."""
        if (b"Connection", b"close") in self.outheaders:
            self.close_connection = True
        super().send_headers()


class ClosingConnection(HTTPConnection):
    """A connection that its answers can end."""

    RequestHandlerClass = ClosingRequest
