"""A host whose certificate the county's own authority signed: refused with its mend, taken once the authority is named."""

import datetime as dt
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.errors import DeliveryDelayed, RulebookError
from hsdispute_plugin.hooks.platform import PlatformSettings


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def signed(tmp_path):
    """Serve HTTPS on loopback with a certificate of an authority of our own; give the address and the authority's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "County CA of nobody")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(dt.datetime(2020, 1, 1)).not_valid_after(dt.datetime(2099, 1, 1))  # noqa: DTZ001
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256()))
    authority, both = tmp_path / "ca.pem", tmp_path / "server.pem"
    authority.write_bytes(made.public_bytes(Encoding.PEM))
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + authority.read_bytes())
    server = HTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", str(authority)
    server.shutdown()
    server.server_close()


def test_an_unknown_authority_is_told_with_its_mend(signed):
    with pytest.raises(DeliveryDelayed, match=r"HTTPS 证书不能核实：GET /x。.*在平台文件写 证书: 签发机构证书的路径") as caught:
        Http(signed[0]).call("GET", "/x")
    assert caught.value.host_down and not caught.value.outcome_unknown


def test_the_countys_own_authority_is_taken_when_it_is_named(signed):
    assert Http(signed[0], authority=signed[1]).call("GET", "/x").status == 200


def test_a_file_that_is_not_there_is_refused_at_the_start(signed):
    def read(path):
        file = PlatformFile(PlatformSettings("oa", "oa", {"证书": path}, str))
        return file, file.authority()

    assert read(signed[1])[1] == signed[1]
    file, _ = read("/etc/nothing.pem")
    with pytest.raises(RulebookError, match=r"没有文件 “/etc/nothing\.pem”"):
        file.done()
    assert PlatformFile(PlatformSettings("oa", "oa", {}, str)).authority() == ""
