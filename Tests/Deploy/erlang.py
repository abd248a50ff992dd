"""The application of the sidecar's manifests, for real: Erlang nodes with the names of pods, on addresses of this machine."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from container import bind_file
from kustomize import find

PODS = {f"myapp-7c9f8d5b6-{suffix}": f"127.0.0.{place}" for place, suffix in enumerate(["2xkqm", "8vd4t", "zq9wl"], 11)}
# erl starts in half a second; the application looks every five seconds.
PATIENCE_SECONDS = 40


def objects(namespace):
    """The service `myapp` with its pods, as the API server has them."""
    metadata = {"namespace": namespace, "resourceVersion": "1"}
    ports = [{"name": "epmd", "port": 4369, "protocol": "TCP"}]
    return [
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "name": "myapp", "uid": "service"},
            "spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": ports, "publishNotReadyAddresses": True},
        },
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
            "metadata": {
                **metadata, "name": "myapp-1", "uid": "slice", "labels": {
                    "kubernetes.io/service-name": "myapp", "service.kubernetes.io/headless": ""}},
            "endpoints": [
                {
                    "addresses": [address], "conditions": {"ready": True},
                    "targetRef": {"kind": "Pod", "namespace": namespace, "name": pod},
                }
                for pod, address in PODS.items()
            ],
        },
    ]


def resolver_file(pod, cluster_dns):
    """What the kubelet writes into /etc/resolv.conf."""
    if pod.get("dnsPolicy", "ClusterFirst") == "ClusterFirst":
        return f"nameserver {cluster_dns}\noptions ndots:5\n"
    config = pod["dnsConfig"]
    options = " ".join(f"{option['name']}:{option['value']}" for option in config["options"])
    servers = "".join(f"nameserver {server}\n" for server in config["nameservers"])
    return f"{servers}search {' '.join(config['searches'])}\noptions {options}\n"


class Node:
    """One container `myapp`, without its own network: it has one address of its own, and no epmd, which has to be alone."""

    def __init__(self, check, pod, address, home):
        container = [entry for entry in check.pod["containers"] if entry["name"] == "myapp"][0]
        values = {"PATH": os.environ["PATH"]}
        for variable in container["env"]:
            source = variable.get("valueFrom", {})
            if "fieldRef" in source:
                fields = {"metadata.name": pod, "metadata.namespace": check.deployment["metadata"]["namespace"]}
                value = fields[source["fieldRef"]["fieldPath"]]
            elif "configMapKeyRef" in source:
                reference = source["configMapKeyRef"]
                value = find(check.objects, "ConfigMap", reference["name"], "")["data"][reference["key"]]
            elif "secretKeyRef" in source:
                reference = source["secretKeyRef"]
                value = find(check.objects, "Secret", reference["name"], "")["stringData"][reference["key"]]
            else:
                value = expand(variable["value"], values)
            values[variable["name"]] = value
        self.name = values["RELEASE_NODE"]
        values["HOME"] = home
        if "ERL_INETRC" in values:
            path = os.path.join(home, "inetrc")
            with open(path, "w", encoding="ascii") as file:
                file.write(find(check.objects, "ConfigMap", "myapp-dns", "")["data"]["inetrc"])
            values["ERL_INETRC"] = path
        command = [*container["command"], *(expand(word, values) for word in container["args"])]
        command += ["-start_epmd", "false", "-erl_epmd_port", "9100"]
        command += ["-kernel", "inet_dist_use_interface", "{" + address.replace(".", ",") + "}"]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, env=values, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def output(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def others(self):
        """The nodes that it knew when it last said so."""
        said = re.findall(rf"^{re.escape(self.name)} has \[([^\]]*)\]", self.output(), re.MULTILINE)
        return set(re.findall(r"'([^']+)'", said[-1])) if said else set()

    def stop(self):
        self.process.kill()
        self.process.wait()


def expand(text, values):
    return re.sub(r"\$\((\w+)\)", lambda match: values[match.group(1)], text)


def problems(check, folder, cluster_dns):
    """Starts a node for each pod, and says which do not find all others."""
    if shutil.which("erl") is None:
        return ["erl is not installed; it is in Debian's and Ubuntu's package erlang-base"]
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(resolver_file(check.pod, cluster_dns))
    nodes = []
    with bind_file(path, os.path.realpath("/etc/resolv.conf")):
        try:
            nodes = [Node(check, pod, address, folder) for pod, address in PODS.items()]
            names = {node.name for node in nodes}
            end = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < end and any(node.others() != names - {node.name} for node in nodes):
                time.sleep(0.1)
            return [
                f"{node.name} knows {node.others()} only:\n{node.output()}" for node in nodes
                if node.others() != names - {node.name}
            ]
        finally:
            for node in nodes:
                node.stop()
