"""HTTP/2 frames as bytes, well-formed or not, and a client that makes one honest gRPC call.

The encoder of headers writes only what a test asks for: indexed fields, and literals without
Huffman coding. The reader understands frames, not headers: it tells an answer by its frames."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# RFC 9113, section 6.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
# RFC 9113, section 6.5.2.
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
LARGEST_WINDOW = (1 << 31) - 1
FRAME = 16384  # the largest payload that a peer must accept


def frame(kind, flags, stream, payload=b""):
    """One frame."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


def settings(values=None):
    """A SETTINGS frame."""
    pairs = (values or {}).items()
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, increment):
    """A WINDOW_UPDATE frame."""
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def integer(value, prefix, first=0):
    """An integer of HPACK: RFC 7541, section 5.1."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    value -= limit
    out = bytearray([first | limit])
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    """A string of HPACK, as it is."""
    return integer(len(value), 7) + value


def literal(name, value, first=0x40):
    """A field with a new name; first 0x40 adds it to the table, 0x00 does not."""
    return bytes([first]) + text(name) + text(value)


def request_headers(path):
    """The headers of a gRPC request; they leave 5 fields in the table of the connection."""
    return (
        b"\x83\x86"  # POST, http
        + b"\x44" + text(path.encode())
        + b"\x41" + text(b"localhost")
        + literal(b"te", b"trailers")
        + b"\x5f" + text(b"application/grpc")
        + literal(b"user-agent-x", b"test")
    )


# The same request once more, from the table, whose newest field has number 62.
REPEATED = bytes([0x83, 0x86, 0xC2, 0xC1, 0xC0, 0xBF, 0xBE])

# The headers and trailers of a gRPC answer.
ANSWER = b"\x88\x5f" + text(b"application/grpc")
TRAILERS = literal(b"grpc-status", b"0", 0)


def message(payload):
    """A gRPC message."""
    return struct.pack(">BI", 0, len(payload)) + payload


def split(data, size=FRAME):
    """Pieces of data."""
    return [data[at : at + size] for at in range(0, len(data), size)]


class Reader:
    """Reads frames from a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""

    def take(self, count):
        while len(self.buffer) < count:
            got = self.connection.recv(1 << 16)
            if not got:
                raise EOFError("the peer has closed the connection")
            self.buffer += got
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        """The next frame: kind, flags, stream, payload."""
        start, flags, stream = struct.unpack(">IBI", self.take(9))
        return start & 0xFF, flags, stream & LARGEST_WINDOW, self.take(start >> 8)


def connect(path):
    """A connection to the socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))
    return connection


class Client:
    """An honest client: one call at a time."""

    def __init__(self, path, timeout):
        self.connection = connect(path)
        self.connection.settimeout(timeout)
        self.reader = Reader(self.connection)
        self.stream = -1
        self.connection.sendall(
            PREFACE
            + settings({INITIAL_WINDOW_SIZE: LARGEST_WINDOW})
            + window_update(0, LARGEST_WINDOW - 65535)
        )

    def call(self, path, request=b""):
        """Calls a method; returns the answer's message, without its prefix. Raises on anything but
        an answer."""
        self.stream += 2
        data = split(message(request))
        self.connection.sendall(frame(HEADERS, END_HEADERS, self.stream, request_headers(path)))
        for number, piece in enumerate(data):
            last = number == len(data) - 1
            self.connection.sendall(frame(DATA, END_STREAM if last else 0, self.stream, piece))
        answer = b""
        while True:
            kind, flags, stream, payload = self.reader.frame()
            if kind == SETTINGS and not flags & ACK:
                self.connection.sendall(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.connection.sendall(frame(PING, ACK, 0, payload))
            elif kind == GOAWAY or kind == RST_STREAM and stream == self.stream:
                raise EOFError(f"the call was refused: frame {kind}, {payload!r}")
            elif stream == self.stream and kind == DATA:
                answer += payload
            if stream == self.stream and kind in (DATA, HEADERS) and flags & END_STREAM:
                return answer[5:]

    def close(self):
        self.connection.close()
