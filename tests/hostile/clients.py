"""Clients of hook-controller that open connections and do nothing, or send slowly.

They use addresses of their own in 127.0.0.0/8: the server counts connections by address."""

import concurrent.futures
import contextlib
import itertools
import resource
import socket
import threading

HANDSHAKE_S = 10
PROBE_S = 3  # less than the server waits for a client that says nothing
MIB = 1024 * 1024
LARGEST = 3 * MIB  # of a review that is accepted
# More connections than any version takes, and what is left of the backlog.
CROWD = 2600
ARRIVING = 1200  # at once
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 17)]
HEAD = (
    "POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\n\r\n"
)
LONG_HEAD = b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 24_000
# How many bodies, and how much of each is sent: what the large ones leave of the memory goes to
# small ones.
ALL_SIZES = [(40, size) for size in (LARGEST - 4096, MIB, 250_000, 60_000, 15_000, 15_000)]


@contextlib.contextmanager
def many_descriptors():
    """Allows this process enough descriptors for a crowd."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 2 * CROWD:
        raise AssertionError(f"only {limits[1]} descriptors are allowed; {2 * CROWD} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 4 * CROWD), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


class Clients:
    """Connections of one attacker; port is that of the webhooks, context that of their TLS."""

    def __init__(self, port, context, patience, addresses=None):
        self.port = port
        self.context = context
        self.patience = patience  # bounds a hang, in seconds
        self.addresses = addresses or ADDRESSES
        self.sockets = []

    def close(self):
        for each in self.sockets:
            each.close()
        self.sockets.clear()

    def address(self, number):
        return self.addresses[number % len(self.addresses)]

    def tcp(self, address, port, timeout):
        """A TCP connection from an address; None if there is none in that time."""
        client = socket.socket()
        client.settimeout(timeout)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.bind((address, 0))
            client.connect(("127.0.0.1", port))
        except OSError:
            client.close()
            return None
        self.sockets.append(client)
        return client

    def tls(self, address, timeout):
        """A TLS connection to the webhooks; None if the handshake is not done in that time."""
        client = self.tcp(address, self.port, timeout)
        if client is None:
            return None
        try:
            secure = self.context.wrap_socket(client, server_hostname="localhost")
        except OSError:
            return None
        self.sockets.append(secure)
        return secure

    def crowd(self, port, count):
        """Opens that many connections and says nothing. Returns how many there are."""
        return sum(
            self.tcp(self.address(number), port, PROBE_S) is not None for number in range(count)
        )

    def keep_alive(self, count):
        """Opens that many TLS connections, on each of which a request is answered. Returns how
        many; the first that is not served ends it."""
        done = 0
        for number in range(count):
            client = self.tls(self.address(number), PROBE_S)
            if client is None:
                break
            try:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                client.recv(4096)
            except OSError:
                break
            done += 1
        return done

    def come_and_go(self, stopped, full):
        """Opens new connections until stopped, and keeps the last of them. Sets full when these are
        all that it keeps. Returns how many it has opened."""
        for number in itertools.count():
            if stopped.is_set():
                return number
            self.tcp(self.address(number), self.port, PROBE_S)
            if len(self.sockets) > ARRIVING:
                full.set()
                self.sockets.pop(0).close()

    def long_heads(self, count):
        """Each of that many TLS connections holds as many bytes of headers as it can. Returns how
        many have sent them."""
        done = 0
        for number in range(count):
            client = self.tls(self.address(number), PROBE_S)
            if client is None:
                break
            with contextlib.suppress(OSError):
                client.sendall(LONG_HEAD)
                done += 1
        return done

    def upload(self, count, size, stopped):
        """Sends that many bodies of a size but for their ends, at once, and goes on by one byte per
        second until stopped. Waits until all that is sent. Returns the senders."""
        ready = threading.Barrier(count + 1)

        def send(number):
            client = self.tls(self.address(number), HANDSHAKE_S)
            try:
                if client is not None:
                    client.sendall(HEAD.format(LARGEST).encode() + b" " * size)
            except OSError:
                client = None
            ready.wait(self.patience)
            while client is not None and not stopped.wait(1):
                try:
                    client.sendall(b" ")
                except OSError:
                    client = None

        pool = concurrent.futures.ThreadPoolExecutor(count)
        for number in range(count):
            pool.submit(send, number)
        ready.wait(self.patience)
        return pool
