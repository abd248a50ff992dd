"""What apodns talks to in a cluster: an API server with TLS and rights, and another DNS server."""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# Paths of the API by the group.
ROOTS = {"/api/v1": "", "/apis/discovery.k8s.io/v1": "discovery.k8s.io"}
KINDS = {"namespaces": "Namespace", "services": "Service", "endpointslices": "EndpointSlice", "pods": "Pod"}


class APIServer:
    """Lists of objects in JSON, and watches that have no news, for whom a Role or ClusterRole allows that.

    `granted` and `refused` are what was asked for: (group, resource, verb, namespace).
    """

    def __init__(self, items, role, token, folder):
        self.items = items
        self.role = role
        self.token = token
        self.granted = set()
        self.refused = set()
        self.unauthorized = 0
        self.is_stopping = threading.Event()
        certificate, key = os.path.join(folder, "server.crt"), os.path.join(folder, "server.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=kubernetes", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        with open(certificate, encoding="ascii") as file:
            self.authority = file.read()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.is_stopping.set()
        self.http.shutdown()
        self.http.server_close()

    def allows(self, group, resource, verb, namespace):
        if self.role["kind"] == "Role" and namespace != self.role["metadata"]["namespace"]:
            return False
        return any(
            group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"]
            for rule in self.role["rules"])

    def answer(self, request):
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        root = next((root for root in ROOTS if url.path.startswith(root + "/")), None)
        steps = url.path[len(root) + 1:].split("/") if root else []
        namespace = steps[1] if len(steps) == 3 and steps[0] == "namespaces" else None
        resource = steps[-1] if steps else ""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.unauthorized += 1
            return self.refuse(request, 401, "Unauthorized")
        if resource not in KINDS or len(steps) not in (1, 3):
            return self.refuse(request, 404, "NotFound")
        verb = "watch" if query.get("watch") in ("1", "true") else "list"
        asked = (ROOTS[root], resource, verb, namespace)
        if not self.allows(*asked):
            self.refused.add(asked)
            return self.refuse(request, 403, "Forbidden")
        self.granted.add(asked)
        if "sendInitialEvents" in query:
            return self.refuse(request, 422, "Invalid")
        if verb == "list":
            items = [
                item for item in self.items
                if item["kind"] == KINDS[resource] and namespace in (None, item["metadata"].get("namespace"))
            ]
            version = url.path.split("/")[3] if ROOTS[root] else "v1"
            return self.send(request, 200, {
                "kind": KINDS[resource] + "List", "apiVersion": f"{ROOTS[root]}/{version}".lstrip("/"),
                "metadata": {"resourceVersion": "1"}, "items": items,
            })
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.flush()
        self.is_stopping.wait()
        request.close_connection = True

    def refuse(self, request, code, reason):
        self.send(request, code, {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": code,
            "message": f"{request.path}: {reason}",
        })

    def send(self, request, code, body):
        data = json.dumps(body).encode()
        request.send_response(code)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


class NameServer:
    """The cluster's DNS: has one address for every name, and nothing else. In a network of its own, with a cable to this one,
    as the program listens on port 53 of all of this one's addresses."""

    ADDRESS = "192.0.2.53"

    def __init__(self, host):
        self.process = subprocess.Popen(
            ["unshare", "--net", sys.executable, os.path.abspath(__file__), host], stdout=subprocess.PIPE, text=True)
        self.wait_for("in its network")
        number = str(self.process.pid)
        there = ["nsenter", "--target", number, "--net"]
        gateway = host.rsplit(".", 1)[0] + ".254"
        for command in [
            ["ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", number],
            ["ip", "address", "add", gateway + "/24", "dev", "here"],
            ["ip", "link", "set", "here", "up"],
            [*there, "ip", "address", "add", host + "/24", "dev", "there"],
            [*there, "ip", "link", "set", "there", "up"],
        ]:
            subprocess.run(command, check=True)
        self.wait_for("serving")

    def wait_for(self, line):
        said = self.process.stdout.readline().strip()
        if said != line:
            raise OSError(f"the name server says '{said}', expected '{line}'")

    def stop(self):
        self.process.kill()
        self.process.wait()


def response(query):
    """What the name server answers."""
    end = 12
    while query[end]:
        end += 1 + query[end]
    end += 5
    is_address = query[end - 4:end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 60, 4) + socket.inet_aton(NameServer.ADDRESS) if is_address else b""
    return query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_address else b"\0\0") + b"\0\0\0\0" + query[12:end] + answer


def serve_streams(listener):
    while True:
        stream = listener.accept()[0]
        with stream, stream.makefile("rwb") as file:
            length = file.read(2)
            if len(length) == 2:
                answer = response(file.read(int.from_bytes(length, "big")))
                file.write(len(answer).to_bytes(2, "big") + answer)


def serve_names(host):
    """The name server's process: over UDP, and over TCP, where `loop` asks."""
    print("in its network", flush=True)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end = time.monotonic() + 10
    while True:
        try:
            datagrams.bind((host, 53))
            break
        except OSError:
            # Until the cable is there.
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
    listener = socket.create_server((host, 53))
    threading.Thread(target=serve_streams, args=(listener,), daemon=True).start()
    print("serving", flush=True)
    while True:
        query, client = datagrams.recvfrom(4096)
        datagrams.sendto(response(query), client)


if __name__ == "__main__":
    serve_names(sys.argv[1])
