"""A server process on a free loopback port, and connections that return raw reply bytes."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

TIMEOUT_SECONDS = 20


def encode(command):
    """A request as a RESP array."""
    parts = [b"*%d\r\n" % len(command)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in command]
    return b"".join(parts)


class Connection:
    """Sends requests, returns replies as the bytes they came in."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.at = 0

    def close(self):
        self.socket.close()

    def run(self, *command):
        self.socket.sendall(encode(command))
        return self.read_reply()

    def send(self, data):
        self.socket.sendall(data)

    def read_reply(self):
        """The next whole reply; b"" if the server closed the connection instead."""
        begin, self.at = self.at, self.at
        try:
            self._skip_value()
        except (EOFError, ConnectionError):
            return b""
        reply = self.buffer[begin : self.at]
        if self.at > 1 << 16 or self.at == len(self.buffer):
            self.buffer, self.at = self.buffer[self.at :], 0
        return reply

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        self.buffer += data

    def _line(self):
        while (end := self.buffer.find(b"\r\n", self.at)) < 0:
            self._fill()
        line, self.at = self.buffer[self.at : end], end + 2
        return line

    def _skip_value(self):
        line = self._line()
        kind = line[:1]
        if kind in b"$=!":
            size = int(line[1:])
            if size >= 0:
                while len(self.buffer) < self.at + size + 2:
                    self._fill()
                self.at += size + 2
        elif kind in b"*~>%|":
            for _ in range(max(0, int(line[1:])) * (2 if kind in b"%|" else 1)):
                self._skip_value()


def decode(reply):
    """A reply as Python values: lists for all aggregates, bytes for all others."""

    def value(at):
        end = reply.index(b"\r\n", at)
        kind, line, at = reply[at : at + 1], reply[at + 1 : end], end + 2
        if kind in b"$=!" and int(line) >= 0:
            return reply[at : at + int(line)], at + int(line) + 2
        if kind in b"*~>%|" and int(line) >= 0:
            items = []
            for _ in range(int(line) * (2 if kind in b"%|" else 1)):
                item, at = value(at)
                items.append(item)
            return items, at
        return (None if kind in b"$*_" else line), at

    return value(0)[0]


class Server:
    """A running server, to be used in a with statement, which ends it and removes its folder."""

    def __init__(self, program):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.program = os.path.abspath(program) if os.sep in program else program
        self.folder = tempfile.mkdtemp(prefix="strata-differential-")
        self.log_path = os.path.join(self.folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = self.connect()
            except ConnectionError:
                time.sleep(0.02)
                continue
            connection.close()
            return self
        log = self.log()
        self.__exit__()
        raise RuntimeError(f"{self.program} did not start:\n{log}")

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        return Connection(self.port)

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-3000:]
