"""Answers in pieces: sending them, and breaking them after the first words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tests.loopback.exchange import RecordedRequest, Reply
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackHandler


class StreamingHandler(LoopbackHandler):
    """A connection whose answers may be streams, sent with chunked encoding as the real servers do.

    A stream is broken after its first half: `timeout` says no more until the client has gone,
    `truncated_body` ends the connection, `internal_error` sends the server's own error in the stream and
    `broken_json` sends what is not its protocol. Other faults come before it, as for any call.
    """

    stream_type: ClassVar[str]

    def pieces(self, request: RecordedRequest, reply: Reply) -> Sequence[bytes] | None:
        """The stream that was asked for; None if the answer is to come whole."""
        raise NotImplementedError

    def error_piece(self, request: RecordedRequest, fault: Fault) -> bytes:
        """The server's own error, as it comes amid a stream."""
        raise NotImplementedError

    def answer_whole(self, request: RecordedRequest, reply: Reply) -> None:
        """Send a reply that is no stream."""
        raise NotImplementedError

    def answer(self, request: RecordedRequest, reply: Reply) -> None:
        """A whole answer or a stream."""
        pieces = self.pieces(request, reply)
        if pieces is None:
            self.answer_whole(request, reply)
            return
        self._begin()
        self._send(pieces)
        self._finish(request)

    def break_off(self, request: RecordedRequest, fault: Fault) -> None:
        """Break a stream in its middle, or anything as the base class does."""
        halting = fault.kind in {"timeout", "truncated_body", "internal_error", "broken_json"}
        pieces = self.pieces(request, self._reply(request)) if halting else None
        if pieces is None:
            super().break_off(request, fault)
            return
        self._begin()
        self._send(pieces[: max(1, len(pieces) // 2)])
        if fault.kind == "timeout":
            self._stall(fault.stall_seconds)
            self.close_connection = True
        elif fault.kind == "truncated_body":
            self.loopback.end(request)
            self.close_connection = True
        else:
            self._send(
                [self.error_piece(request, fault) if fault.kind == "internal_error" else b"\n<html>\n\n"]
            )
            self._finish(request)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.stream_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _finish(self, request: RecordedRequest) -> None:
        self.loopback.end(request)
        self.wfile.write(b"0\r\n\r\n")
