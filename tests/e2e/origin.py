#!/usr/bin/env python3
"""origin: an HTTP server on loopback that behaves as a script says, well or badly.

    origin.py [--script FILE] [--tls] [--http2]

It listens on free ports of 127.0.0.1 and then prints one line of JSON to standard output:

    {"http": 40001, "https": 40002, "http2": 40003, "ca": "/tmp/…/ca.pem"}

"https" and "ca" with --tls: a certificate for localhost and 127.0.0.1, signed by an authority made
for this run. "http2" with --http2: nginx in front of "http", speaking HTTP/2 over the same TLS
(left out when nginx is not installed). It ends when its standard input does, so it never outlives
the test that started it. In Python: `with Origin(script, tls=True) as o: o.http, o.https, o.ca`.

The script is a JSON object: path (the query does not count) → step, or a list of steps, of which
each request takes the next; the last one stays. A path without a step is answered 404. In
strings, {http} and {https} stand for the own addresses, "http://127.0.0.1:PORT", and {date+N} and
{date-N} for the time N seconds from now or ago, as headers write it. The keys of a step:

    status      200
    headers     {"Name": "value", …} or [["Name", "value"], …]
    body        a string, sent as UTF-8; or
    file        the path of a file; or
    fill        {"text": "x", "size": 1000}: the text over and over; or
    echo        true: the request as JSON: method, path, headers (names in lower case), body,
                connection (1, 2, …), tls, at (seconds of a monotonic clock)
    etag        sent as ETag; a request with it in If-None-Match is answered 304
    modified    sent as Last-Modified; a request with it in If-Modified-Since is answered 304
    redirect    the Location; the status is then 302 unless said
    encoding    "gzip", "deflate" (zlib) or "raw-deflate": body is sent so, and says so
    claim       what Content-Encoding says, when that is to be another thing
    chunked     true, or the size of chunks
    length      Content-Length, when that is to be wrong; false: none, the end is the end of line
    cut         bytes of the (encoded) body after which the line is cut
    reset       true: cut with a reset
    delay_ms    before the answer
    drip        {"size": 1, "every_ms": 100}: pieces of the body, and the pause between them
    many        number of further header fields
    wide        size of one further header field
    raw         a string, sent instead of an answer; then the line is cut
    close       true: the connection is closed after the answer
    login       "user:password" (Basic), else 401

Beside the script: GET /-/requests is the JSON list of all requests so far, as echo shows them, with
`ended` (seconds) of those answered;
PUT /-/script replaces the script, DELETE /-/requests forgets.
"""

import argparse
import base64
import gzip
import itertools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from email.utils import formatdate

PHRASES = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 401: "Unauthorized",
           404: "Not Found"}


def make_authority(folder):
    """A CA and a certificate for localhost, by the openssl command. Returns ca, certificate, key."""
    ca, ca_key = os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key")
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    request, extra = os.path.join(folder, "request.pem"), os.path.join(folder, "extra.cnf")

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    with open(extra, "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "2",
            "-subj", "/CN=Test authority")
    openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-out", cert, "-days", "2", "-extfile", extra)
    return ca, cert, key


def encode(step, body):
    kind = step.get("encoding")
    if kind == "gzip":
        return gzip.compress(body, 6)
    if kind == "deflate":
        return zlib.compress(body)
    if kind == "raw-deflate":
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(body) + packer.flush()
    return body


class Cut(Exception):
    """The connection ends here."""


class Connection(threading.Thread):
    def __init__(self, origin, sock, number, tls):
        super().__init__(daemon=True)
        self.origin, self.sock, self.number, self.tls = origin, sock, number, tls

    def run(self):
        try:
            if self.tls:
                self.sock = self.origin.context.wrap_socket(self.sock, server_side=True)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = self.sock.makefile("rb")
            while self.serve(reader):
                pass
        except (OSError, Cut, ValueError):
            pass
        finally:
            self.sock.close()

    def serve(self, reader):
        line = reader.readline(65536).decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = {}
        while True:
            field = reader.readline(65536).decode("latin-1").rstrip("\r\n")
            if not field:
                break
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        request = {"method": line[0], "path": line[1], "headers": headers,
                   "body": body.decode("utf-8", "replace"), "connection": self.number,
                   "tls": self.tls, "at": time.monotonic()}
        step = self.origin.step(request)
        if "raw" in step:
            self.sock.sendall(step["raw"].encode("latin-1"))
            raise Cut
        try:
            self.answer(request, step)
        finally:
            request["ended"] = time.monotonic()
        return not step.get("close") and step.get("length", 0) is not False and \
            headers.get("connection", "").lower() != "close"

    def answer(self, request, step):
        time.sleep(step.get("delay_ms", 0) / 1000)
        status = step.get("status", 302 if "redirect" in step else 200)
        fields = step.get("headers", {})
        fields = list(fields.items()) if isinstance(fields, dict) else [list(f) for f in fields]
        asked = request["headers"]
        if "login" in step:
            expected = "Basic " + base64.b64encode(step["login"].encode()).decode()
            if asked.get("authorization") != expected:
                status = 401
        for key, name, condition in (("etag", "ETag", "if-none-match"),
                                     ("modified", "Last-Modified", "if-modified-since")):
            if key in step:
                fields.append([name, step[key]])
                if asked.get(condition) == step[key]:
                    status = 304
        if "redirect" in step:
            fields.append(["Location", step["redirect"]])
        fields += [["X-Filler-%d" % i, "x"] for i in range(step.get("many", 0))]
        fields += [["X-Wide", "x" * step["wide"]]] if "wide" in step else []
        body = b"" if status == 304 else self.body(request, step)
        claim = step.get("claim", (step.get("encoding") or "").replace("raw-", ""))
        if claim:
            fields.append(["Content-Encoding", claim])
        chunk = step.get("chunked")
        if chunk:
            fields.append(["Transfer-Encoding", "chunked"])
        elif step.get("length", 0) is not False and status != 304:
            fields.append(["Content-Length", str(step.get("length", len(body)))])
        else:
            fields += [] if status == 304 else [["Connection", "close"]]
        head = "HTTP/1.1 %d %s\r\n" % (status, PHRASES.get(status, "Status"))
        head += "".join("%s: %s\r\n" % (n, self.origin.expand(str(v))) for n, v in fields) + "\r\n"
        head = head.encode("utf-8")
        if status == 304 or request["method"] == "HEAD":
            self.sock.sendall(head)
        else:
            self.send(step, head, body, 65536 if chunk is True else chunk)

    def body(self, request, step):
        if step.get("echo"):
            body = json.dumps(request).encode()
        elif "file" in step:
            with open(step["file"], "rb") as f:
                body = f.read()
        elif "fill" in step:
            text, size = step["fill"]["text"].encode(), step["fill"]["size"]
            body = (text * (size // len(text) + 1))[:size]
        else:
            body = self.origin.expand(step.get("body", "")).encode()
        return self.origin.encoded(step, body)

    def send(self, step, head, body, chunk):
        cut = step.get("cut")
        body = body if cut is None else body[:cut]
        drip = step.get("drip")
        if not drip and not chunk:
            self.sock.sendall(head + body)
        else:
            self.sock.sendall(head)
            size = drip["size"] if drip else chunk
            for i in range(0, len(body), size):
                piece = body[i:i + size]
                if chunk:
                    piece = b"%x\r\n%s\r\n" % (len(piece), piece)
                self.sock.sendall(piece)
                if drip:
                    time.sleep(drip["every_ms"] / 1000)
            if chunk and cut is None:
                self.sock.sendall(b"0\r\n\r\n")
        if step.get("reset"):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Cut
        if cut is not None:
            raise Cut


class Origin:
    def __init__(self, script=None, tls=False, http2=False):
        self.script, self.taken, self.requests = script or {}, {}, []
        self.lock, self.numbers, self.cache = threading.Lock(), itertools.count(1), {}
        self.folder = tempfile.mkdtemp(prefix="origin-")
        self.http = self.https = self.http2 = self.ca = self.context = self.nginx = None
        self.listeners = []
        self.http = self.listen(False)
        if tls or http2:
            self.ca, cert, key = make_authority(self.folder)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
            self.https = self.listen(True)
            if http2 and shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"):
                self.start_nginx(cert, key)

    def listen(self, tls):
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listeners.append(listener)
        threading.Thread(target=self.accept, args=(listener, tls), daemon=True).start()
        return listener.getsockname()[1]

    def accept(self, listener, tls):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            Connection(self, sock, next(self.numbers), tls).start()

    def start_nginx(self, cert, key):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        f, conf = self.folder, os.path.join(self.folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as out:
            out.write(f"daemon off; master_process off; pid {f}/nginx.pid; error_log {f}/nginx.log;\n"
                      "events {}\n"
                      f"http {{ access_log off; client_body_temp_path {f}/b; proxy_temp_path {f}/p;\n"
                      f"fastcgi_temp_path {f}/f; uwsgi_temp_path {f}/u; scgi_temp_path {f}/s;\n"
                      f"server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {cert};\n"
                      f"ssl_certificate_key {key}; location / {{ proxy_http_version 1.1;\n"
                      f"proxy_pass http://127.0.0.1:{self.http}; }} }} }}\n")
        exe = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        self.nginx = subprocess.Popen([exe, "-p", f, "-c", conf], stderr=subprocess.DEVNULL)
        while self.nginx.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                self.http2 = port
                return
            except OSError:
                time.sleep(0.01)

    def expand(self, text):
        text = re.sub(r"\{date([+-]\d+)\}",
                      lambda m: formatdate(time.time() + int(m[1]), usegmt=True), text)
        return text.replace("{http}", "http://127.0.0.1:%s" % self.http).replace(
            "{https}", "https://127.0.0.1:%s" % self.https)

    def encoded(self, step, body):
        """Big ones are encoded once."""
        if len(body) < 100000 or not step.get("encoding"):
            return encode(step, body)
        key = (step["encoding"], body[:100], len(body))
        if key not in self.cache:
            self.cache[key] = encode(step, body)
        return self.cache[key]

    def step(self, request):
        path = request["path"].partition("?")[0]
        with self.lock:
            if path == "/-/requests":
                if request["method"] == "DELETE":
                    self.requests = []
                return {"body": json.dumps(self.requests)}
            if path == "/-/script" and request["method"] == "PUT":
                self.script, self.taken = json.loads(request["body"]), {}
                return {}
            self.requests.append(request)
            step = self.script.get(path, {"status": 404})
            if isinstance(step, list):
                n = self.taken.get(path, 0)
                self.taken[path] = n + 1
                step = step[min(n, len(step) - 1)]
            return step

    def ports(self):
        known = {"http": self.http, "https": self.https, "http2": self.http2, "ca": self.ca}
        return {k: v for k, v in known.items() if v}

    def close(self):
        for listener in self.listeners:
            listener.close()
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--script")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--http2", action="store_true")
    args = parser.parse_args()
    script = {}
    if args.script:
        with open(args.script, encoding="utf-8") as f:
            script = json.load(f)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Origin(script, args.tls, args.http2) as origin:
        print(json.dumps(origin.ports()), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
