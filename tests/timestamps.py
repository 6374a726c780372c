"""A real time-stamp authority (``openssl ts``) behind HTTP on loopback, and others that answer wrongly.

Use it so: ``from tests.timestamps import stamping``, take the fixture ``stamping``, and call ``stamping.authority()``.
However many modules import the fixture, a process starts one server.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from govern.signing.timestamp import Authority
from tests.postgres import closed_port
from tests.signing.authorities import DAY, NOW, Party, party, root, rsa_key

_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_FOR_STAMPS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])


@dataclass(frozen=True)
class Server:
    """A running server. What answers is said by the path: ``rsa``, ``ec``, ``stranger``, ``nonce``, ``slow`` ..."""

    port: int
    root: Party
    stranger: Party
    #: The paths that were asked for.
    asked: list[str]

    def authority(self, path: str = "rsa", timeout: float = 10.0) -> Authority:
        port = closed_port() if path == "down" else self.port
        url = f"http://127.0.0.1:{port}/{path}"
        return Authority(url=url, roots=(self.root.certificate,), timeout=timeout)

    def trust(self, folder: Path) -> None:
        """Put the authority's root where a project has it."""
        (folder / "timestamp").mkdir(parents=True, exist_ok=True)
        (folder / "timestamp" / "tsa.pem").write_bytes(self.root.certificate.public_bytes(Encoding.PEM))


@pytest.fixture(scope="session")
def stamping() -> Server:
    """A server of time stamps."""
    if not (program := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    return _started(program)


@cache
def _started(program: str) -> Server:
    folder = Path(tempfile.mkdtemp(prefix="govern-tsa-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    above, stranger = root("Example Time", key=rsa_key()), root("Other Time", key=rsa_key())
    middle = party("Example Time, Stamps", above, ca=True)
    units = {
        "rsa": party("Example Time Unit 1", above, key=rsa_key(), extensions=((_FOR_STAMPS, True),)),
        "ec": party("Example Time Unit 2", middle, extensions=((_FOR_STAMPS, True),)),
        "p384": party(
            "Example Time Unit 3", above, key=ec.generate_private_key(ec.SECP384R1()), extensions=((_FOR_STAMPS, True),)
        ),
        "stranger": party("Other Time Unit", stranger, extensions=((_FOR_STAMPS, True),)),
        "expired": party(
            "Example Time Unit 0",
            above,
            start=NOW - 9 * DAY,
            end=NOW - DAY,
            extensions=((_FOR_STAMPS, True),),
        ),
    }
    for name, unit in units.items():
        _write(folder / name, unit)
    lock, asked = threading.Lock(), list[str]()

    def reply(name: str, query: bytes) -> bytes:
        with lock:  # one serial number at a time
            (folder / name / "query").write_bytes(query)
            command = [program, "ts", "-reply", "-config", "config", "-queryfile", "query", "-signer", "signer.pem"]
            command += ["-inkey", "key.pem", "-chain", "chain.pem", "-sha256"]
            return subprocess.run(command, cwd=folder / name, capture_output=True, check=True, timeout=20).stdout

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(reply, set(units), asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    atexit.register(server.server_close)
    atexit.register(server.shutdown)
    return Server(server.server_address[1], above, stranger, asked)


def _write(folder: Path, unit: Party) -> None:
    folder.mkdir()
    (folder / "config").write_text(_CONFIG.format(folder=folder))
    (folder / "signer.pem").write_bytes(unit.certificate.public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in unit.chain))
    key = unit.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)


def _handler(reply: Callable[[str, bytes], bytes], units: set[str], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.path.strip("/")
            asked.append(name)
            query = self.rfile.read(int(self.headers["Content-Length"]))
            if name == "slow":
                time.sleep(3)
            if name == "error":
                self.send_error(503)
                return
            data = b"these are no time stamps" if name == "nonsense" else b""
            if name == "nonce":
                data = reply("rsa", _with(query, nonce=7))
            elif name == "nonceless":
                data = reply("rsa", _with(query, nonce=None))
            elif name == "bytes":
                data = reply("rsa", _with(query, imprint=bytes(32)))
            elif name == "second" and asked.count(name) > 1:  # goes down half-way
                self.send_error(503)
                return
            elif not data and name != "empty":
                data = reply(name if name in units else "rsa", query)
            if name == "refused":
                data = bytes.fromhex("30053003020102")  # PKIStatusInfo: rejection
            if name == "huge":
                data += bytes(100_000)
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if name == "page" else "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if name == "drip":  # each byte comes in time, and the whole does not
                for byte in data[:30]:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.1)
            else:
                self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            return None

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked has gone away
                self.close_connection = True

    return Handler


def _with(query: bytes, *, nonce: int | None = -1, imprint: bytes | None = None) -> bytes:
    from asn1crypto import tsp  # type: ignore[import-untyped,unused-ignore]

    request = tsp.TimeStampReq.load(query)
    parts = {"version": 1, "message_imprint": request["message_imprint"], "cert_req": True}
    number = request["nonce"].native if nonce == -1 else nonce
    if number is not None:
        parts["nonce"] = number
    if imprint is not None:
        parts["message_imprint"] = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint}
    return bytes(tsp.TimeStampReq(parts).dump())
