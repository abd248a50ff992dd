#!/usr/bin/env python3
"""Runs the program as the manifests in deploy/ would, in the root folder that deploy/Dockerfile would put into the image.

    image.py PROGRAM

PROGRAM is a release build with Swift's standard library in it. For each kustomization: its Corefile, variables, user,
capabilities and rights, an API server with the demo's cluster that allows what the Role allows, and dig.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import yaml

import erlang
from container import CAP_NET_BIND_SERVICE, Container, enter_own_space, seal, set_sysctl, unseal
from kustomize import Problem, build, containers, find
from manifests import ROOT, Check
from neighbours import APIServer, NameServer

TOKEN = "a-token-of-the-test"
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
CLUSTER_DNS = "10.96.0.10"
# nonroot, of the image.
USER = 65532
POD = "cluster-demo-7bd795854f-298qd.cluster-demo.default.svc.cluster.local"
SRV = "_epmd._tcp.cluster-demo.default.svc.cluster.local"
# Without endpoint_pod_names, the dashed address is the endpoint's name.
DASHED = "10-244-1-12.cluster-demo.default.svc.cluster.local"
OTHER = "web.messaging.svc.cluster.local"


class Case:
    """A folder of deploy/, and what the pod's own resolver then gets: (name, type, answers). None: REFUSED or NXDOMAIN."""

    def __init__(self, folder, port, program, answers, has_erlang=False):
        self.folder = folder
        self.port = port
        self.program = program
        self.answers = answers
        self.has_erlang = has_erlang


CASES = [
    # Called by CoreDNS's name, as by a Deployment that has `command: ["/coredns"]`.
    Case("deploy/cluster-dns", 53, "/coredns", [
        ("web.default.svc.cluster.local", "A", ["10.96.140.27"]),
        (DASHED, "A", ["10.244.1.12"]),
        (POD, "A", None),
        ("rabbitmq-1.rabbitmq-nodes.messaging.svc.cluster.local", "A", ["10.244.2.11"]),
        ("10-1-2-3.default.pod.cluster.local", "A", ["10.1.2.3"]),
        ("example.org", "A", [NameServer.ADDRESS]),
    ]),
    Case("deploy/erlang-sidecar/resolver", 53, "/apodns", [
        (POD, "A", ["10.244.1.12"]),
        (DASHED, "A", ["10.244.1.12"]),
        (SRV, "SRV", [f"0 33 4369 {pod}.cluster-demo.default.svc.cluster.local." for pod in (
            "cluster-demo-7bd795854f-298qd", "cluster-demo-7bd795854f-7xvkn", "cluster-demo-7bd795854f-kq4zs")]),
        # Another namespace's, what is not here, and the world's: the cluster's DNS is asked.
        ("10-1-2-3.default.pod.cluster.local", "A", [NameServer.ADDRESS]),
        ("nosuch.default.svc.cluster.local", "A", [NameServer.ADDRESS]),
        (OTHER, "A", [NameServer.ADDRESS]),
        ("example.org", "A", [NameServer.ADDRESS]),
    ], has_erlang=True),
    Case("deploy/erlang-sidecar/inetrc", 1053, "/usr/bin/coredns", [
        (POD, "A", ["10.244.1.12"]),
        (DASHED, "A", ["10.244.1.12"]),
        ("nosuch.cluster-demo.default.svc.cluster.local", "A", None),
        (OTHER, "A", None),
        ("example.org", "A", None),
    ], has_erlang=True),
]


def dig(port, name, kind):
    """The answers; None for a code other than NOERROR."""
    said = subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(port), "+tries=2", "+time=2", "+noall", "+comments", "+answer", name, kind],
        capture_output=True, text=True, check=False).stdout
    status = re.search(r"status: (\w+)", said)
    if not status:
        raise Problem(f"dig {name} {kind}: {said}")
    if status.group(1) != "NOERROR":
        return None
    lines = [line.split(None, 4) for line in said.splitlines() if line and not line.startswith(";")]
    return sorted(line[4] for line in lines if line[3] == kind)


def readme_problems(folder, port):
    """What dig shows other than the folder's README.md says it does."""
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```console\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    questions = [part for block in blocks for part in re.split(r"^\$ dig ", block, flags=re.MULTILINE)[1:]]
    if not questions:
        raise Problem(f"{folder}/README.md shows no dig")
    problems = []
    for question in questions:
        words, *answers = question.rstrip().split("\n")
        said = subprocess.run(
            ["dig", "@127.0.0.1", "-p", str(port), *words.split()], capture_output=True, text=True, check=False).stdout
        expected, found = (sorted(" ".join(line.split()) for line in lines) for lines in (answers, said.splitlines()))
        if found != expected:
            problems.append(f"README.md: dig {words} shows {found}, not {expected}")
    return problems


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def environment(check, objects, port):
    """The variables of the container, as the kubelet would set them."""
    values = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port), "PATH": "/usr/bin"}
    for variable in check.dns["env"]:
        source = variable.get("valueFrom", {})
        if "fieldRef" in source:
            assert source["fieldRef"]["fieldPath"] == "metadata.namespace"
            values[variable["name"]] = check.deployment["metadata"]["namespace"]
        elif "configMapKeyRef" in source:
            reference = source["configMapKeyRef"]
            values[variable["name"]] = find(objects, "ConfigMap", reference["name"], "")["data"][reference["key"]]
        else:
            values[variable["name"]] = variable["value"]
    return values


def run(case, root, folder, items):
    """One case; returns what is wrong."""
    problems = []

    def expect(holds, what):
        if not holds:
            problems.append(f"{case.folder}: {what}")

    objects = build(case.folder)
    check = Check(case.folder, objects)
    role = [item for item in objects if item["kind"] in ("Role", "ClusterRole")][0]
    user = check.pod["securityContext"]["runAsUser"]
    added = check.dns["securityContext"]["capabilities"].get("add", [])
    capabilities = [{"NET_BIND_SERVICE": CAP_NET_BIND_SERVICE}[name] for name in added]
    sysctls = {"net.ipv4.ip_unprivileged_port_start": "1024"}
    sysctls.update({entry["name"]: entry["value"] for entry in check.pod["securityContext"].get("sysctls", [])})
    for name, value in sysctls.items():
        set_sysctl(name, value)

    # What the kubelet mounts: the Corefile, the service account, resolv.conf, and folders that can be written to.
    write(root + check.corefile_path(), check.corefile_text())
    if case.has_erlang:
        items = items + erlang.objects(check.deployment["metadata"]["namespace"])
    api = APIServer(items, role, TOKEN, folder)
    write(f"{root}{SERVICE_ACCOUNT}/token", TOKEN)
    write(f"{root}{SERVICE_ACCOUNT}/ca.crt", api.authority)
    write(f"{root}{SERVICE_ACCOUNT}/namespace", check.deployment["metadata"]["namespace"])
    write(root + "/etc/resolv.conf", f"nameserver {CLUSTER_DNS}\n")
    empty = {volume["name"] for volume in check.pod["volumes"] if "emptyDir" in volume}
    seal(root, [mount["mountPath"] for mount in check.dns["volumeMounts"] if mount["name"] in empty])

    container = Container(
        root, [case.program, *check.dns["args"]], environment(check, objects, api.port), user, capabilities)
    try:
        ports = {port["name"]: port["containerPort"] for port in check.dns["ports"]}

        def probe(name):
            asks = check.dns[name]["httpGet"]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{ports[asks['port']]}{asks['path']}", timeout=2) as response:
                    return response.status == 200
            except OSError:
                return False

        ready = "readinessProbe" if "readinessProbe" in check.dns else "startupProbe"
        if not container.waits_for(lambda: probe(ready)):
            expect(False, f"is not ready:\n{container.output()}")
            return problems
        expect(probe("livenessProbe"), "does not live")
        for name, kind, answers in case.answers:
            # A service's name is there with its service; ready comes when all is known.
            found = dig(case.port, name, kind)
            expect(found == answers, f"{name} {kind} is {found}, expected {answers}")

        if case.folder == "deploy/erlang-sidecar/resolver":
            for problem in readme_problems(os.path.dirname(case.folder), case.port):
                expect(False, problem)
        if case.has_erlang:
            for problem in erlang.problems(check, folder, CLUSTER_DNS):
                expect(False, problem)

        status = container.status()
        expect(status["Uid"].split() == [str(user)] * 4, f"runs as {status['Uid']}")
        mask = sum(1 << number for number in capabilities)
        for field in ("CapPrm", "CapEff", "CapBnd"):
            expect(int(status[field], 16) == mask, f"{field} is {status[field]}, expected {mask:x}")
        # What counts is memory of its own: pages of files, most of the peak at the start, are given back when memory is short.
        own, peak = (int(status[field].split()[0]) / 1024 for field in ("RssAnon", "VmHWM"))
        limit = int(check.dns["resources"]["limits"]["memory"].removesuffix("Mi"))
        expect(own < limit / 2, f"has {own:.1f} MiB of its own, the limit is {limit} MiB")

        # Each rule is used, and nothing is asked for that is not allowed.
        namespace = role["metadata"].get("namespace")
        rules = {
            (group, resource, verb, namespace) for rule in role["rules"] for group in rule["apiGroups"]
            for resource in rule["resources"] for verb in rule["verbs"]
        }
        expect(container.waits_for(lambda: api.granted == rules, 5), f"asked for {sorted(map(str, api.granted))}, "
               f"the {role['kind']} allows {sorted(map(str, rules))}")
        # Whether a namespace is there, a Role cannot let it see, and it does without.
        unexpected = {asked for asked in api.refused if namespace is None or asked[1] != "namespaces"}
        expect(not unexpected, f"was refused {unexpected}")
        expect(api.unauthorized == 0, "sent no token, or another one")

        grace = check.pod.get("terminationGracePeriodSeconds", 30)
        code = container.stop(grace)
        expect(code == 0, f"ended with status {code} after SIGTERM:\n{container.output()}")
        state = check.directive("last_state")
        expect(state is None or os.path.getsize(root + state) > 0, "saved no state")
        print(f"image: {case.folder}: {len(case.answers)} answers, {own:.1f} MiB of its own, {peak:.0f} at the peak", flush=True)
    finally:
        container.kill()
        api.stop()
        unseal(root)
    return problems


def unbound_problems(root):
    """What the program says where it may not listen on port 53."""
    set_sysctl("net.ipv4.ip_unprivileged_port_start", "1024")
    write(root + "/Corefile", ".:53 {\n    whoami\n}\n")
    seal(root, [])
    container = Container(root, ["/apodns"], {}, USER, [])
    try:
        ended = container.waits_for(lambda: False, 10) or container.process.poll()
        said = container.output()
        if ended != 1 or "NET_BIND_SERVICE" not in said:
            return [f"without NET_BIND_SERVICE, port 53: status {ended}, said {said!r}"]
        return []
    finally:
        container.kill()
        unseal(root)


def run_all(program):
    """All cases; returns what is wrong."""
    with open("deploy/demo/cluster.yaml", encoding="utf-8") as file:
        items = yaml.safe_load(file)["items"]
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        made = os.path.join(folder, "made")
        subprocess.run(["bash", "deploy/root-folder.sh", program, made], check=True)
        for place, case in enumerate(CASES):
            root = os.path.join(folder, str(place))
            # With the program's capability, which is an extended attribute.
            shutil.copytree(made, root, symlinks=True)
            problems += run(case, root, folder, items)
        root = os.path.join(folder, "unbound")
        shutil.copytree(made, root, symlinks=True)
        problems += unbound_problems(root)
    return problems


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: image.py PROGRAM")
    program = os.path.abspath(sys.argv[1])
    os.chdir(ROOT)
    if os.geteuid() != 0:
        print("image: not run: a root folder of its own (chroot), and the program's file capability, take root")
        return
    try:
        enter_own_space()
    except OSError as error:
        print(f"image: not run: this machine lets root have no network and mounts of its own ({error})")
        return
    upstream = NameServer(CLUSTER_DNS)
    try:
        problems = run_all(program)
    finally:
        upstream.stop()
    for problem in problems:
        print(f"image: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
