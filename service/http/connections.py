"""Connections as uvicorn keeps them, with what it leaves undone.

- A client may offer to go on in another protocol (`Upgrade: h2c`, as every stock JDK HttpClient
  does); a server that does not want to ignores that (RFC 9110, section 7.8). uvicorn does, but the
  parser beneath takes the body for the other protocol's bytes: the request came without its body.
- An answer that waits in memory for a client that has stopped reading would wait for ever.
"""

import socket
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# What the kernel may hold of an answer without having sent it. By default it takes megabytes and
# then, from a slow client, nothing for a long time: as if the client had stopped reading.
UNSENT_BYTES = 128 * 1024


class Connection(HttpToolsProtocol):
    """One client's connection.

    Attributes:
        idle_s: Seconds after which a client that reads nothing of a finished answer is given up.
    """

    idle_s: float = 20.0

    def connection_made(self, transport: Any) -> None:
        """Limit what waits unsent in the kernel, where the kernel can."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if option is not None and connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; after a refused offer to upgrade, what follows is the body still."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._is_offered():
                self._go_on_without(data[offer.args[0] :])
            else:
                self._unsupported_upgrade_warning()
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")

    def on_headers_complete(self) -> None:
        """Begin the request, unless it will come again without its offer."""
        if not self._is_offered():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's body."""
        if not self._is_offered():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Watch what is left to be read of the answer."""
        super().on_response_complete()
        self._watch(self.cycle, None)

    def _is_offered(self) -> bool:
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _go_on_without(self, rest: bytes) -> None:
        """Read the request again without its `Upgrade`, and then what came after its head."""
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _watch(self, answered: RequestResponseCycle, before: int | None) -> None:
        """Give the client up if it has read nothing since the last look at what waits for it."""
        if self.cycle is not answered:
            return  # the next answer on this connection is under way
        waiting = self.transport.get_write_buffer_size()
        if waiting and waiting == before:
            self.transport.abort()
        elif waiting:
            self.loop.call_later(self.idle_s, self._watch, answered, waiting)


def connections_of(idle_s: float) -> type[Connection]:
    """The kind of connection whose clients are given up after `idle_s` seconds without reading."""
    return type("Connection", (Connection,), {"idle_s": idle_s})
