"""http_test.py - HTTPS by procedures against servers of our own on this machine: what is granted works, and every way
around a grant, a certificate, a limit or the time limit is refused. Names below .localhost are this machine to libcurl."""
import http.server
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import threading
import time
import unittest
from pathlib import Path

from guest_test import Case as Base, create
from python_test import interrupted, one

SDK = Path(__file__).resolve().parents[2] / "sdk"
SIGNATURE = "(method TEXT, url TEXT, headers TEXT, body TEXT) RETURNS TEXT"
MIB = 1 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        path, _, to = self.path.partition("?")
        if path == "/deaf":  # reads nothing, closes hard
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        body = self.rfile.read(length)
        Handler.seen.append((self.command, self.headers.get("Host"), dict(self.headers), body))
        if path == "/echo":
            self.answer(200, f"{self.command} {body.decode()}".encode(), X_Test="yes")
        elif path.startswith("/go/"):
            self.answer(int(path[4:]), b"elsewhere", Location=to)
        elif path == "/loop":
            self.answer(302, Location="/loop")
        elif path == "/slow":
            time.sleep(3)
            self.answer(200, b"late")
        elif path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.05)
        elif path == "/large":
            self.answer(200, bytes(int(to)))
        elif path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(MIB))
            except OSError:
                self.close_connection = True
        elif path == "/headers":
            self.answer(200, **{f"X_{i}": "v" * 1000 for i in range(90)})
        else:
            self.answer(404, b"nothing here")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):
        pass


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def certificate(name, subject, names, authority=None):
    """name.key, name.pem; signed by authority, else by itself."""
    Path(f"{name}.ext").write_text(f"subjectAltName={names}\n" if names else "basicConstraints=critical,CA:TRUE\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-subj",
            f"/CN={subject}", "-out", f"{name}.csr")
    signer = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial"] if authority else \
        ["-signkey", f"{name}.key"]
    openssl("x509", "-req", "-in", f"{name}.csr", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem", *signer)


def serve(name):
    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{name}.pem", f"{name}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


PORTS = {}


def setUpModule():
    certificate("ca", "test authority", None)
    certificate("good", "a.localhost", "DNS:a.localhost,DNS:b.localhost,IP:127.0.0.1", "ca")
    certificate("other", "other.localhost", "DNS:other.localhost", "ca")
    certificate("own", "a.localhost", "DNS:a.localhost")
    for name in ("good", "other", "own"):
        PORTS[name] = serve(name)
    os.environ["HELIOS_CA_FILE"] = str(Path("ca.pem").resolve())
    subprocess.run(["clang", "--target=wasm32", "-nostdlib", "-O2", "-I", SDK / "c", "-Wl,--no-entry",
                    Path(__file__).with_name("http_guest.c"), "-o", "http.wasm"], check=True)
    subprocess.run([os.environ["HELIOS_HELIOSC"], "build", "http.wasm", "-o", "http.so"], check=True)


class Http(Base):
    def make(self, *grants, rest=""):
        create(self.db, "ask", SIGNATURE, "http.so", *grants, rest=rest)

    def ask(self, url, method="GET", headers="", body=""):
        return self.db.execute("SELECT ask(?, ?, ?, ?)", (method, url, headers, body)).fetchone()[0]

    def refused(self, pattern, url, **rest):
        with self.assertRaisesRegex(sqlite3.Error, pattern, msg=url):
            self.ask(url, **rest)

    def url(self, path, host="a.localhost", server="good"):
        return f"https://{host}:{PORTS[server]}{path}"

    def test_methods(self):
        self.make("network:a.localhost:private")
        self.assertEqual(self.ask(self.url("/echo")), "200 yes 4 GET ")
        self.assertEqual(self.ask(self.url("/echo"), "POST", "Content-Type: text/plain\nX-Mine: 1\n", "Grüße"),
                         "200 yes 12 POST Grüße")
        self.assertEqual(Handler.seen[-1][2]["X-Mine"], "1")
        self.assertEqual(self.ask(self.url("/echo"), "PUT", "", "x"), "200 yes 5 PUT x")
        self.assertEqual(self.ask(self.url("/echo"), "PATCH", "", "x"), "200 yes 7 PATCH x")
        self.assertEqual(self.ask(self.url("/echo"), "DELETE"), "200 yes 7 DELETE ")
        self.assertEqual(self.ask(self.url("/echo"), "POST"), "200 yes 5 POST ")
        self.assertRegex(self.ask(self.url("/echo"), "HEAD"), "^200 yes 0 ")
        self.assertEqual(self.ask(self.url("/none")), "404 - 12 nothing here")
        for method in ("get", "TRACE", "CONNECT", "", "GET /x HTTP/1.1\r\n"):
            self.refused("a method is|16", self.url("/echo"), method=method)
        self.refused("GET has no body", self.url("/echo"), body="x")
        create(self.db, "early", "() RETURNS INTEGER", "http.so", "network:a.localhost")
        self.assertEqual(one(self.db, "SELECT early()"), 1)

    def test_grants(self):
        with self.assertRaisesRegex(sqlite3.Error, "needs the capability 'network'"):
            self.make()
        self.make("network:a.localhost:private", "network:*.example.com")
        self.refused("may not reach b.localhost: it has no grant 'network:b.localhost'", self.url("/echo", "b.localhost"))
        for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost",
                     "example.com", "a.localhost.", "a.localhost.b", "xa.localhost", "169.254.169.254"):
            self.refused("may not reach|expected a URL", self.url("/echo", host))
        self.make("network:127.0.0.1")
        self.assertEqual(self.ask(self.url("/echo", "127.0.0.1")), "200 yes 4 GET ")
        self.make("network:*.localhost:private")
        self.assertEqual(self.ask(self.url("/echo", "B.LocalHost")), "200 yes 4 GET ")

    def test_private_addresses(self):
        self.make("network:a.localhost", "network:*.localhost")
        self.refused("a.localhost: the host has an address of a private network: it has no grant "
                     "'network:a.localhost:private'", self.url("/echo"))

    def test_urls(self):
        self.make("network:a.localhost:private")
        port = PORTS["good"]
        for url in (f"http://a.localhost:{port}/echo", "file:///etc/passwd", "ftp://a.localhost/", "gopher://a.localhost",
                    f"https://user:pw@a.localhost:{port}/", f"https://a.localhost:{port}/a b", "a.localhost", "", "https://",
                    f"https://a.localhost:{port}/\r\nX: y", f"https://a.localhost:99999/", "https:///echo",
                    f"https://a.localhost:{port}\\@127.0.0.1/"):
            self.refused("expected a URL|may not reach", url)
        self.refused("8191|limit", self.url("/" + "x" * 9000))

    def test_headers(self):
        self.make("network:a.localhost:private")
        for header in ("Host: b", "host:b", "Content-Length: 9", "Transfer-Encoding: chunked", "Connection: close",
                       "Proxy-Authorization: x", "Upgrade: h2c", "Expect: 100-continue"):
            self.refused("sets itself", self.url("/echo"), headers=header)
        for header in ("no colon", ": x", "A B: c", "X: a\rb", "X: a\x7fb", "X\u00e4: 1", " X: folded"):
            self.refused("header", self.url("/echo"), headers=header)
        self.refused("too many", self.url("/echo"), headers="X: 1\n" * 65)
        self.refused("limit", self.url("/echo"), headers="X: " + "y" * 16400)

    def test_redirects(self):
        self.make("network:a.localhost:private", "network:b.localhost:private")
        b = self.url("/echo", "b.localhost")
        secret = "Authorization: s\nCookie: c\nX-Key: k\nAccept: text/plain\n"
        self.assertEqual(self.ask(self.url(f"/go/302?{b}"), headers=secret), "200 yes 4 GET ")
        got = Handler.seen[-1]
        self.assertEqual((got[1], got[2].get("Accept")), (f"b.localhost:{PORTS['good']}", "text/plain"))
        self.assertFalse({"Authorization", "Cookie", "X-Key"} & got[2].keys())
        self.assertEqual(self.ask(self.url("/go/302?/echo"), headers=secret), "200 yes 4 GET ")
        self.assertEqual(Handler.seen[-1][2]["Authorization"], "s")
        self.assertEqual(self.ask(self.url("/go/303?/echo"), "POST", body="x"), "200 yes 4 GET ")
        self.assertEqual(self.ask(self.url("/go/301?/echo"), "POST", body="x"), "200 yes 4 GET ")
        self.assertEqual(self.ask(self.url("/go/307?/echo"), "POST", body="x"), "200 yes 6 POST x")
        self.assertEqual(self.ask(self.url("/go/308?/echo"), "PUT", body="x"), "200 yes 5 PUT x")
        self.refused("more than 5 redirects", self.url("/loop"))

    def test_redirects_that_lead_out(self):
        self.make("network:a.localhost:private", "network:b.localhost")
        for to, why in ((self.url("/echo", "127.0.0.1"), "a redirect: procedure ask may not reach 127.0.0.1"),
                        (self.url("/echo", "other.localhost"), "a redirect: procedure ask may not reach other.localhost"),
                        (self.url("/echo", "b.localhost"), "private network"),
                        (f"http://a.localhost:{PORTS['good']}/echo", "a redirect: expected a URL"),
                        ("file:///etc/passwd", "a redirect: expected a URL"),
                        (f"//127.0.0.1:{PORTS['good']}/echo", "a redirect: .*may not reach"),
                        (f"https://u:p@a.localhost:{PORTS['good']}/", "a redirect: expected a URL")):
            before = len(Handler.seen)
            self.refused(why, self.url(f"/go/302?{to}"))
            self.assertEqual(len(Handler.seen), before + 1, to)

    def test_certificates(self):
        self.make("network:*.localhost:private", "network:127.0.0.1")
        self.refused("certificate", self.url("/echo", server="own"))
        self.refused("a.localhost: .*(name|certificate)", self.url("/echo", server="other"))
        self.assertEqual(self.ask(self.url("/echo", "other.localhost", "other")), "200 yes 4 GET ")
        authorities = os.environ.pop("HELIOS_CA_FILE")
        try:
            self.refused("certificate", self.url("/echo"))
        finally:
            os.environ["HELIOS_CA_FILE"] = authorities

    def test_limits(self):
        self.make("network:a.localhost:private")
        self.assertRegex(self.ask(self.url(f"/large?{16 * MIB}")), f"^200 - {16 * MIB} ")
        self.refused("larger than 16 MiB|16777216", self.url(f"/large?{16 * MIB + 1}"))
        self.refused("larger than 16 MiB", self.url("/endless"))
        self.refused("headers are larger than 64 KiB", self.url("/headers"))

    def test_time_limit(self):
        self.make("network:a.localhost:private", rest="WITH (timeout = '500ms')")
        for path in ("/slow", "/drip"):
            begun = time.monotonic()
            self.refused("time limit exceeded while the procedure waited for a response", self.url(path))
            self.assertLess(time.monotonic() - begun, 2.5)
        self.assertEqual(self.ask(self.url("/echo")), "200 yes 4 GET ")

    def test_cancel(self):
        self.make("network:a.localhost:private")
        took = []
        for _ in range(3):
            with interrupted(self.db, 0.3) as at:
                self.refused("cancelled|interrupted", self.url("/slow"))
                took.append(time.monotonic() - at[0])
        print(f"cancelled after {min(took) * 1e3:.1f} ms", flush=True)
        self.assertLess(min(took), 0.2)

    def test_connections_that_break(self):
        self.make("network:a.localhost:private")
        create(self.db, "send_much", "(url TEXT, mib INTEGER) RETURNS INTEGER", "http.so", "network:a.localhost:private")
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # in a program that does not ignore it
        self.addCleanup(signal.signal, signal.SIGPIPE, before)
        for _ in range(5):
            self.assertEqual(one(self.db, f"SELECT send_much('{self.url('/deaf')}', 1)"), -21)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.refused("a.localhost: ", f"https://a.localhost:{closed.getsockname()[1]}/")
        self.refused("a.localhost: ", "https://a.localhost:1/")

    def test_environment_of_the_program(self):
        names = ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
        os.environ.update({name: "http://127.0.0.1:1" for name in names})
        try:
            self.make("network:a.localhost:private")
            self.assertEqual(self.ask(self.url("/echo")), "200 yes 4 GET ")
        finally:
            for name in names:
                del os.environ[name]

    def test_rust_crate(self):
        source = Path(__file__).with_name("http_guest.rs")
        built = subprocess.run([os.environ["HELIOS_HELIOSC"], "build", source, "-o", "rs.so"], capture_output=True, text=True)
        if "H0300" in built.stderr:
            self.skipTest(built.stderr)
        self.assertEqual(built.returncode, 0, built.stderr)
        folder = Path("kept").resolve()
        folder.mkdir()
        grants = "network:a.localhost:private", f"filesystem:{folder}:rw"
        create(self.db, "fetch", "(url TEXT) RETURNS TEXT", "rs.so", *grants, rest="WITH (memory_limit = '32MB')")
        self.assertEqual(one(self.db, f"SELECT fetch('{self.url('/echo')}')"), '200 Some("yes") POST from Rust')
        self.assertEqual(one(self.db, f"SELECT fetch('{self.url('/none')}')"), '404 None nothing here')
        create(self.db, "keep", "(folder TEXT) RETURNS TEXT", "rs.so", *grants, rest="WITH (memory_limit = '32MB')")
        self.assertEqual(one(self.db, f"SELECT keep('{folder}')"), f'{(3 << 20) + 3} ["kept"]')

    def test_nothing_is_left(self):
        self.make("network:a.localhost:private")
        self.ask(self.url("/echo"))
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            self.ask(self.url(f"/large?{MIB}"))
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before + 4)  # the servers' ends close when they like


if __name__ == "__main__":
    unittest.main()
