"""The HTTP server by itself: http_probe, with TLS or without, and connections to it."""
import os
import socket
import ssl
import subprocess

from lab import BUILD


def certificate(folder, name):
    """Makes folder/cert.pem and folder/key.pem, of which nobody has heard."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem", "-days", "2", "-subj", f"/CN={name}"], check=True, capture_output=True)


def trusting():
    """A context for whatever certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Probe:
    def __init__(self, directory, *certificate):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/integration/http_probe"), "127.0.0.1:0", directory,
                                         *certificate], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def connect(self, tls=None):
        """A connection; tls: whether TLS is spoken on it, None: if the server does."""
        host, port = self.url.rsplit("/", 1)[1].split(":")
        s = socket.create_connection((host, int(port)), timeout=20)
        if tls if tls is not None else self.url.startswith("https"):
            context = trusting()
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end without close_notify is an error
            s = context.wrap_socket(s, suppress_ragged_eofs=False)
        return s

    def ask(self, data, tls=None):
        """What is answered to these bytes until the server closes."""
        with self.connect(tls) as s:
            s.sendall(data)
            return b"".join(iter(lambda: s.recv(65536), b""))

    def end(self):
        """What it said; it must have closed and freed everything."""
        self.process.terminate()
        said = self.process.stdout.read().splitlines()
        assert self.process.wait(20) == 0
        self.process.stdout.close()
        return said
