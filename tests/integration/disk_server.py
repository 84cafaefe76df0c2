"""The servers that disks come from and go to, over HTTPS: KubeVirt's export server and CDI's upload
proxy, with faults on demand."""

import re
import threading

import http_server



class Call(http_server.Call):
    """A request whose body is any bytes."""

    def any_method(self):
        if self.command == "POST":
            self.server.begun.set()
        self.route = self.path.partition("?")[0]
        fault = self.server.next_fault(self)
        if fault is not None and fault(self):
            return
        length = int(self.headers.get("Content-Length") or 0)
        self.content = self.rfile.read(length)
        if len(self.content) == length:
            self.server.answer(self)

    do_GET = do_POST = do_HEAD = any_method


class DiskServer(http_server.Server):
    """disks are what it exports, by path; uploads are the bytes that were sent, by token."""

    def __init__(self, context):
        self.disks = {}
        self.uploads = []
        self.calls = []  # (method, path, headers)
        self.faults = []  # functions of a call; each for one request; true: it is answered
        self.token = None  # a function that returns the one that is valid
        self.begun = threading.Event()
        self.on_upload = lambda: None  # when all bytes of a file have come
        self.lock = threading.Lock()
        super().__init__(self.play, context=context)

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        Call(request, client_address, self)

    def next_fault(self, call):
        with self.lock:
            self.calls.append((call.command, call.route, call.headers))
            return self.faults.pop(0) if self.faults else None

    def play(self, call):
        if call.command == "GET":
            self.send_disk(call)
        elif call.headers.get("Authorization") != f"Bearer {self.token()}":
            call.reply(401, b"")
        elif call.command == "HEAD":
            call.send_response(200)
            call.send_header("Content-Length", "0")
            call.end_headers()
        else:
            self.uploads.append(call.content)
            self.on_upload()
            call.reply(200, b"")

    def send_disk(self, call, cut=None):
        """Sends a disk, or the range that is asked for; of it only cut bytes, if that is given."""
        if call.headers.get("x-kubevirt-export-token") != self.token():
            call.reply(401, b"")
            return
        if call.route not in self.disks:
            call.reply(404, b"404 page not found")
            return
        disk = self.disks[call.route]
        begin = re.match(r"bytes=(\d+)-$", call.headers.get("Range") or "bytes=0-")
        begin = int(begin[1])
        call.send_response(206 if begin else 200)
        if begin:
            call.send_header("Content-Range", f"bytes {begin}-{len(disk) - 1}/{len(disk)}")
        call.send_header("Content-Type", "application/octet-stream")
        call.send_header("Content-Length", str(len(disk) - begin))
        call.end_headers()
        part = disk[begin:]
        call.wfile.write(part if cut is None else part[:cut])
        if cut is not None:
            call.wfile.flush()
            call.drop()

    # faults

    def cut(self, count):
        """Sends count bytes of a disk and breaks the connection."""

        def fault(call):
            self.send_disk(call, count)
            return True

        self.faults.append(fault)

    def say(self, code, body=b""):
        """Answers with a status, having read nothing of the body; reads it then, or the end of the
        connection could overtake the answer."""

        def fault(call):
            call.close_connection = True
            call.reply(code, body)
            call.rfile.read(int(call.headers.get("Content-Length") or 0))
            return True

        self.faults.append(fault)

    def hang(self, until):
        """Does not answer until an event."""

        def fault(call):
            until.wait(60)
            call.close_connection = True
            return True

        self.faults.append(fault)

    def hang_in_body(self, count, until):
        """Sends count bytes of a disk, and no more until an event."""

        def fault(call):
            self.send_part(call, count)
            until.wait(60)
            call.close_connection = True
            return True

        self.faults.append(fault)

    def send_part(self, call, count):
        disk = self.disks[call.route]
        call.send_response(200)
        call.send_header("Content-Length", str(len(disk)))
        call.end_headers()
        call.wfile.write(disk[:count])
        call.wfile.flush()
        self.begun.set()
