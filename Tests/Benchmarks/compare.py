#!/usr/bin/env python3
"""Measures what an answer costs a DNS server: apodns beside a loop that only echoes (echo.c), NSD and Knot.

    compare.py --program APODNS [--rounds N] [--seconds N] [--clients N] [--only ROW] [--keep]

Each row is a kind of query. Its servers run one at a time on a processor of their own, dnsperf loads them from another one, and
what is compared is the processor time, user and system, that the server's processes spent for each answer. All servers of a
row are measured in each round; the median of the rounds' ratios to the row's first server is shown. Wrong codes and lost queries
are reported.

The servers answer for the same names: 1,000 services and 200 headless ones, as a snapshot for apodns and as a zone for the
others. Needs the commands nsd, knotd, dnsperf and cc or clang.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

SERVICES = 1000
HEADLESS = 200
ENDPOINTS = 6
ADDRESS = "127.0.0.1"
# How long a server may take until it answers, in seconds.
PATIENCE = 20
# Queries on their way at a time.
OUTSTANDING = 400
# More than this share of answers with another code, or of queries without an answer, and a row is not worth anything.
TOLERANCE = 0.01

# kubeadm's, as far as there are the plugins.
COREFILE = """.:{port} {{
    bind 127.0.0.1
    errors
    health 127.0.0.1:{health} {{
        lameduck 0s
    }}
    ready 127.0.0.1:{ready}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        snapshot {snapshot}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    prometheus 127.0.0.1:{metrics}
    forward . 127.0.0.1:{upstream} {{
        max_concurrent 1000
    }}
{cache}{loop}{reload}    loadbalance
}}
"""

NSD = """server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    rrl-ratelimit: 0
    tcp-count: 200
    tcp-query-count: 0
remote-control:
    control-enable: no
zone:
    name: cluster.local
    zonefile: cluster.local.zone
"""

KNOT = """server:
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    rundir: "{folder}"
database:
    storage: "{folder}"
template:
  - id: default
    storage: "{folder}"
    journal-content: none
zone:
  - domain: cluster.local
    file: cluster.local.zone
    zonefile-load: whole
"""


class Cluster:
    """The services that everybody answers for."""

    def __init__(self):
        self.services = [f"web-{number}" for number in range(SERVICES)]
        self.headless = [f"db-{number}" for number in range(HEADLESS)]

    @staticmethod
    def service_address(number):
        return f"10.96.{number >> 8}.{number & 255}"

    @staticmethod
    def endpoints(number):
        for place in range(ENDPOINTS):
            index = number * ENDPOINTS + place
            yield f"10.128.{index >> 8}.{index & 255}"

    def snapshot(self):
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]
        ports = [{"name": "http", "port": 80, "protocol": "TCP"}]

        def service(name, address):
            return {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": "shop"},
                "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": ports},
            }

        for number, name in enumerate(self.services):
            items.append(service(name, self.service_address(number)))
        for number, name in enumerate(self.headless):
            items.append(service(name, "None"))
            items.append(
                {
                    "apiVersion": "discovery.k8s.io/v1",
                    "kind": "EndpointSlice",
                    "metadata": {
                        "name": f"{name}-abcde",
                        "namespace": "shop",
                        "labels": {"kubernetes.io/service-name": name},
                    },
                    "addressType": "IPv4",
                    "ports": ports,
                    "endpoints": [
                        {"addresses": [address], "conditions": {"ready": True}} for address in self.endpoints(number)
                    ],
                }
            )
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})

    def zone(self):
        lines = [
            "$ORIGIN cluster.local.",
            "$TTL 30",
            "@ IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30",
            "@ IN NS ns.dns.cluster.local.",
            "ns.dns IN A 10.96.255.10",
        ]
        for number, name in enumerate(self.services):
            lines.append(f"{name}.shop.svc IN A {self.service_address(number)}")
        for number, name in enumerate(self.headless):
            for address in self.endpoints(number):
                label = address.replace(".", "-")
                lines.append(f"{name}.shop.svc IN A {address}")
                lines.append(f"{label}.{name}.shop.svc IN A {address}")
                lines.append(f"_http._tcp.{name}.shop.svc IN SRV 0 16 80 {label}.{name}.shop.svc")
        return "\n".join(lines) + "\n"

    def queries(self, kind):
        if kind == "A":
            return [f"{name}.shop.svc.cluster.local A" for name in self.services]
        if kind == "SRV":
            return [f"_http._tcp.{name}.shop.svc.cluster.local SRV" for name in self.headless]
        if kind == "NXDOMAIN":
            return [f"no-{name}.shop.svc.cluster.local A" for name in self.services]
        return [f"host-{number}.example.org A" for number in range(SERVICES)]


# Name of the row, queries, transport, code, the servers (the first is what the others are compared with), apodns at most.
ROWS = [
    ("A", "A", "udp", "NOERROR", ["echo", "apodns", "nsd", "knot"], 1.05),
    ("SRV", "SRV", "udp", "NOERROR", ["echo", "apodns", "nsd", "knot"], 1.25),
    ("NXDOMAIN", "NXDOMAIN", "udp", "NXDOMAIN", ["echo", "apodns", "nsd", "knot"], 1.25),
    ("TCP", "A", "tcp", "NOERROR", ["nsd", "apodns", "knot"], 0.8),
    ("cache hit", "outside", "udp", "NOERROR", ["echo", "apodns"], 1.25),
    ("forwarded", "outside", "udp", "NOERROR", ["echo", "apodns uncached"], 3.0),
]


def free_port():
    """A port that nobody has now, for UDP and TCP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
                stream.bind((ADDRESS, 0))
                port = stream.getsockname()[1]
                try:
                    datagram.bind((ADDRESS, port))
                except OSError:
                    continue
                return port
    sys.exit("compare: no free port")


class Server:
    """A server that runs in processes of its own, until it is stopped."""

    def __init__(self, words, port, log, processors, question):
        self.port = port
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Before it starts: how many threads it starts depends on it.
                preexec_fn=lambda: os.sched_setaffinity(0, processors),
            )
        self.wait(question)

    def wait(self, question):
        """Until the question is answered with a record."""
        end = time.monotonic() + PATIENCE
        labels = b"".join(bytes([len(label)]) + label.encode() for label in question.split("."))
        query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            asker.connect((ADDRESS, self.port))
            while time.monotonic() < end and self.process.poll() is None:
                try:
                    asker.send(query)
                    answer = asker.recv(4096)
                except OSError:
                    time.sleep(0.05)
                    continue
                if len(answer) > 12 and answer[3] & 15 == 0 and answer[7] > 0:
                    return
        self.stop()
        with open(self.log, errors="replace") as log:
            sys.exit(f"compare: {self.process.args[0]} does not answer:\n{log.read()[-2000:]}")

    def processes(self):
        """The process and all below it: NSD answers in a child."""
        found, left = [], [self.process.pid]
        while left:
            process = left.pop()
            found.append(process)
            try:
                for thread in os.listdir(f"/proc/{process}/task"):
                    with open(f"/proc/{process}/task/{thread}/children") as children:
                        left += [int(child) for child in children.read().split()]
            except OSError:
                continue
        return found

    def seconds(self):
        """Processor time, user and system."""
        total = 0.0
        for process in self.processes():
            try:
                # The clock of a process (clock_getcpuclockid(3)): in nanoseconds, not in ticks.
                total += time.clock_gettime(((~process) << 3) | 2)
            except OSError:
                continue
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Comparison:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.cluster = Cluster()
        processors = sorted(os.sched_getaffinity(0))
        self.own = {processors[0]}
        self.load = {processors[-1]}
        # What only waits for queries of apodns: not where apodns is measured.
        self.beside = {processors[-1]}
        self.running = []
        self.write("snapshot.json", self.cluster.snapshot())
        self.write("cluster.local.zone", self.cluster.zone())
        for kind in ["A", "SRV", "NXDOMAIN", "outside"]:
            self.write(f"{kind}.queries", "\n".join(self.cluster.queries(kind)) + "\n")
        compiler = shutil.which("cc") or shutil.which("clang") or sys.exit("compare: there is no cc and no clang")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "echo.c")
        subprocess.run([compiler, "-O2", "-o", self.path("echo"), source], check=True)
        listed = subprocess.run([arguments.program, "-plugins"], check=True, capture_output=True, text=True).stdout
        self.plugins = set(re.findall(r"[a-z0-9]+", listed))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, words, name, port, processors, question):
        server = Server(words, port, self.path(f"{name}.log".replace(" ", "-")), processors, question)
        self.running.append(server)
        return server

    def server(self, name):
        """Starts a server by its name; those of one row are started together, and idle while another is measured."""
        port = free_port()
        inside = f"{self.cluster.services[0]}.shop.svc.cluster.local"
        if name in ("echo", "upstream"):
            where = self.own if name == "echo" else self.beside
            return self.start([self.path("echo"), str(port)], name, port, where, "example.org")
        if name == "nsd":
            os.makedirs(self.path("nsd"), exist_ok=True)
            shutil.copy(self.path("cluster.local.zone"), self.path("nsd"))
            file = self.write("nsd.conf", NSD.format(port=port, folder=self.path("nsd")))
            return self.start(["nsd", "-c", file, "-d"], name, port, self.own, inside)
        if name == "knot":
            os.makedirs(self.path("knot"), exist_ok=True)
            shutil.copy(self.path("cluster.local.zone"), self.path("knot"))
            file = self.write("knot.conf", KNOT.format(port=port, folder=self.path("knot")))
            return self.start(["knotd", "-c", file], name, port, self.own, inside)
        upstream = self.server("upstream")
        corefile = COREFILE.format(
            port=port,
            health=free_port(),
            ready=free_port(),
            metrics=free_port(),
            snapshot=self.path("snapshot.json"),
            upstream=upstream.port,
            cache="" if name == "apodns uncached" else "    cache 30\n",
            # The echo answers the query that looks for loops as well, with a record that is no sign of one.
            loop="    loop\n" if "loop" in self.plugins else "",
            reload="    reload\n" if "reload" in self.plugins else "",
        )
        file = self.write(f"{name}.Corefile".replace(" ", "-"), corefile)
        return self.start([self.arguments.program, "-conf", file], name, port, self.own, inside)

    def measure(self, server, kind, transport, code):
        """Microseconds of processor time for an answer, and answers a second."""
        before = server.seconds()
        words = ["dnsperf", "-s", ADDRESS, "-p", str(server.port), "-d", self.path(f"{kind}.queries")]
        words += ["-l", str(self.arguments.seconds), "-c", str(self.arguments.clients), "-T", "1"]
        words += ["-q", str(OUTSTANDING), "-t", "2", "-m", transport]
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=self.arguments.seconds + 60,
            preexec_fn=lambda: os.sched_setaffinity(0, self.load),
        )
        spent = server.seconds() - before

        def number(pattern):
            found = re.search(pattern, done.stdout)
            return float(found[1]) if found else 0.0

        completed = number(r"Queries completed:\s+(\d+)")
        lost = number(r"Queries lost:\s+(\d+)")
        right = number(rf"Response codes:.*?\b{code} (\d+)")
        if completed == 0:
            sys.exit(f"compare: dnsperf got no answers:\n{done.stdout}{done.stderr}")
        if right < completed * (1 - TOLERANCE) or lost > completed * TOLERANCE:
            print(f"compare: {int(completed - right)} wrong codes, {int(lost)} lost of {int(completed)}", file=sys.stderr)
        return spent / completed * 1e6, number(r"Queries per second:\s+([\d.]+)")

    def row(self, name, kind, transport, code, names, goal):
        servers = [(server, self.server(server)) for server in names]
        costs = {server: [] for server in names}
        rates = {server: [] for server in names}
        try:
            for step in range(self.arguments.rounds + 1):
                for server, running in servers:
                    # The first round fills caches, and does not count.
                    expected = "NOERROR" if server == "echo" else code
                    cost, rate = self.measure(running, kind, transport, expected)
                    if step > 0:
                        costs[server].append(cost)
                        rates[server].append(rate)
        finally:
            self.stop()
        for server in names:
            # Round by round: a machine that is slower for a while is slower for all.
            ratio = statistics.median(cost / base for cost, base in zip(costs[server], costs[names[0]]))
            is_own = server.startswith("apodns")
            aim = f"<= {goal:.2f} {'reached' if ratio <= goal else 'MISSED'}" if is_own else ""
            print(
                f"| {name} | {server.split()[0]} | {ratio:.2f} | {aim} | {statistics.median(costs[server]):.2f} us"
                f" | {statistics.median(rates[server]):.0f} |",
                flush=True,
            )

    def stop(self):
        while self.running:
            self.running.pop().stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the apodns to measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of load, for each server in each round")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", choices=[row[0] for row in ROWS])
    parser.add_argument("--keep", action="store_true", help="keep the folder with configurations and logs")
    arguments = parser.parse_args()
    for command in ["nsd", "knotd", "dnsperf"]:
        if not shutil.which(command):
            # As installed, the servers may be outside of a user's PATH.
            os.environ["PATH"] += ":/usr/sbin:/sbin"
        if not shutil.which(command):
            sys.exit(f"compare: there is no {command}: bash deploy/install-missing.sh compare")
    if len(os.sched_getaffinity(0)) < 2:
        print("compare: one processor for servers and load: times are rough", file=sys.stderr)
    folder = tempfile.mkdtemp(prefix="apodns-compare-")
    comparison = Comparison(arguments, folder)
    print("| query | server | ratio | apodns at most | processor time of an answer | answers a second |")
    print("| --- | --- | --- | --- | --- | --- |")
    try:
        for row in ROWS:
            if arguments.only in (None, row[0]):
                comparison.row(*row)
    finally:
        comparison.stop()
        if arguments.keep:
            print(f"compare: see {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    # So that `finally` stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
