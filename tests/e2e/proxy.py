"""A TCP proxy in front of the API server whose connections a test can cut."""

import contextlib
import selectors
import socket
import threading


class Proxy:
    """Listens on loopback and forwards connections, several at once, to an address."""

    def __init__(self, address):
        self.address = address
        self.open = True
        self.lock = threading.Lock()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        """Forwards one connection until it ends."""
        with client, contextlib.suppress(OSError), socket.create_connection(self.address) as server:
            with self.lock:
                if not self.open:
                    return
                self.connections |= {client, server}
            self.copy(client, server)
            with self.lock:
                self.connections -= {client, server}

    @staticmethod
    def copy(client, server):
        peers = {client: server, server: client}
        with selectors.DefaultSelector() as selector:
            for peer in peers:
                selector.register(peer, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    peers[key.fileobj].sendall(data)

    def cut(self):
        """Closes all connections, and every new one immediately, until mend()."""
        with self.lock:
            self.open = False
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.connections.clear()

    def mend(self):
        with self.lock:
            self.open = True

    def close(self):
        self.cut()
        self.listener.close()
