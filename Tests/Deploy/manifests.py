#!/usr/bin/env python3
"""Holds the manifests in deploy/ against what Kubernetes, and the program, want of them.

    manifests.py

Builds the kustomizations (and compares with `kubectl kustomize` where kubectl is installed), and checks that what refers to
something finds it: labels, ports, ConfigMaps, keys, rights, variables.
"""

import os
import re
import shutil
import subprocess
import sys

import yaml

from kustomize import LIST_KEYS, Problem, build, containers, find

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FOLDERS = ["deploy/cluster-dns", "deploy/erlang-sidecar/resolver", "deploy/erlang-sidecar/inetrc"]
CLUSTER_RIGHTS = {"Role", "ClusterRole"}
# How long a forwarded query is waited for, at most: what the end of the program waits for, after lameduck.
LONGEST_QUERY_SECONDS = 5


class Check:
    """The objects of one kustomization, and what is wrong with them."""

    def __init__(self, folder, objects):
        self.folder = folder
        self.objects = objects
        self.problems = []
        deployments = [item for item in objects if item["kind"] == "Deployment"]
        if len(deployments) != 1:
            raise Problem(f"{folder}: {len(deployments)} Deployments, expected one")
        self.deployment = deployments[0]
        self.template = self.deployment["spec"]["template"]
        self.pod = self.template["spec"]
        self.dns = [entry for entry in containers(self.deployment) if "apodns" in entry["image"]]
        if len(self.dns) != 1:
            raise Problem(f"{folder}: {len(self.dns)} containers have the image of apodns, expected one")
        self.dns = self.dns[0]

    def expect(self, holds, what):
        if not holds:
            self.problems.append(f"{self.folder}: {what}")

    def named(self, kind, name):
        found = [item for item in self.objects if item["kind"] == kind and item["metadata"]["name"] == name]
        self.expect(len(found) == 1, f"{len(found)} objects are {kind} {name}, expected one")
        return found[0] if found else None

    def all(self):
        """Everything; returns what is wrong."""
        self.names()
        self.labels()
        self.references()
        self.rights()
        self.ports()
        self.variables()
        self.corefile()
        self.security()
        return self.problems

    def names(self):
        seen = set()
        for item in self.objects:
            name = (item["kind"], item["metadata"]["name"])
            self.expect(name not in seen, f"{name} is there twice")
            seen.add(name)
            is_in_cluster = item["kind"].startswith("Cluster")
            self.expect(is_in_cluster != ("namespace" in item["metadata"]), f"{name}: namespace")

    def labels(self):
        labels = self.template["metadata"]["labels"]
        spec = self.deployment["spec"]
        selectors = {"Deployment": spec["selector"]["matchLabels"]}
        for item in self.objects:
            if item["kind"] == "Service":
                selectors[f"Service {item['metadata']['name']}"] = item["spec"]["selector"]
            if item["kind"] == "PodDisruptionBudget":
                selectors["PodDisruptionBudget"] = item["spec"]["selector"]["matchLabels"]
        for place, constraint in enumerate(self.pod.get("topologySpreadConstraints", [])):
            selectors[f"topologySpreadConstraints {place}"] = constraint["labelSelector"]["matchLabels"]
        apart = self.pod.get("affinity", {}).get("podAntiAffinity", {})
        for term in apart.get("preferredDuringSchedulingIgnoredDuringExecution", []):
            selectors["podAntiAffinity"] = term["podAffinityTerm"]["labelSelector"]["matchLabels"]
        for name, selector in selectors.items():
            self.expect(selector and selector.items() <= labels.items(), f"{name} selects {selector}, pods have {labels}")

    def references(self):
        self.named("ServiceAccount", self.pod["serviceAccountName"])
        if "subdomain" in self.pod:
            service = self.named("Service", self.pod["subdomain"])
            self.expect(service and service["spec"].get("clusterIP") == "None", "subdomain's Service is not headless")
        volumes = {volume["name"]: volume for volume in self.pod.get("volumes", [])}
        mounted = set()
        for container in containers(self.deployment):
            for mount in container.get("volumeMounts", []):
                mounted.add(mount["name"])
                self.expect(mount["name"] in volumes, f"{container['name']} mounts {mount['name']}, which is no volume")
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {})
                for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                    if field in source:
                        self.key(kind, source[field]["name"], source[field]["key"])
        for name, volume in volumes.items():
            self.expect(name in mounted, f"nothing mounts the volume {name}")
            for entry in volume.get("configMap", {}).get("items", []):
                self.key("ConfigMap", volume["configMap"]["name"], entry["key"])

    def key(self, kind, name, key):
        item = self.named(kind, name)
        data = item and (item.get("data") or item.get("stringData"))
        self.expect(data and key in data, f"{kind} {name} has no key {key}")

    def rights(self):
        for item in self.objects:
            if not item["kind"].endswith("Binding"):
                continue
            role = self.named(item["roleRef"]["kind"], item["roleRef"]["name"])
            self.expect(role and role["kind"] in CLUSTER_RIGHTS, f"{item['kind']} of {role and role['kind']}")
            for subject in item["subjects"]:
                account = self.named(subject["kind"], subject["name"])
                self.expect(
                    account and account["metadata"]["namespace"] == subject.get("namespace"),
                    f"{item['kind']}: the namespace of {subject}")

    def ports(self):
        everywhere = set()
        for container in containers(self.deployment):
            for port in container.get("ports", []):
                number = (port["containerPort"], port.get("protocol", "TCP"))
                self.expect(number not in everywhere, f"two containers have port {number}")
                everywhere.add(number)
            names = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                port = container.get(probe, {}).get("httpGet", {}).get("port")
                self.expect(port is None or port in names, f"{container['name']}: {probe} asks port {port}: no port's name")
        for item in self.objects:
            if item["kind"] != "Service":
                continue
            for port in item["spec"]["ports"]:
                target = (port.get("targetPort", port["port"]), port.get("protocol", "TCP"))
                self.expect(target in everywhere, f"Service {item['metadata']['name']}: no container has port {target}")

    def variables(self):
        for container in containers(self.deployment):
            known = set()
            for variable in container.get("env", []):
                for name in re.findall(r"\$\((\w+)\)", variable.get("value", "")):
                    self.expect(name in known, f"{container['name']}: {variable['name']} uses {name}, not set before it")
                known.add(variable["name"])
            for name in re.findall(r"\$\((\w+)\)", "\n".join(container.get("command", []) + container.get("args", []))):
                self.expect(name in known, f"{container['name']}: an argument uses {name}, which is not set")
        known = {variable["name"] for variable in self.dns.get("env", [])}
        for name in re.findall(r"\{\$(\w+)\}", self.corefile_text()):
            self.expect(name in known, f"the Corefile uses {name}, which is not set")
        self.expect({"name": "SWIFT_BACKTRACE", "value": "enable=no"} in self.dns["env"], "SWIFT_BACKTRACE")

    def corefile_path(self):
        arguments = self.dns["args"]
        return arguments[arguments.index("-conf") + 1]

    def corefile_text(self):
        """What the program reads, by way of the mounts."""
        path = self.corefile_path()
        for mount in self.dns["volumeMounts"]:
            if os.path.dirname(path) == mount["mountPath"]:
                volume = [entry for entry in self.pod["volumes"] if entry["name"] == mount["name"]][0]["configMap"]
                key = [entry["key"] for entry in volume["items"] if entry["path"] == os.path.basename(path)][0]
                return find(self.objects, "ConfigMap", volume["name"], self.folder)["data"][key]
        raise Problem(f"{self.folder}: nothing is mounted where {path} should be")

    def directive(self, name):
        """The first argument of a directive or property of the Corefile; empty without one, nil without the line."""
        match = re.search(rf"^\s*{name}\b[ \t]*([^\s{{]*)", self.corefile_text(), re.MULTILINE)
        return match and match.group(1)

    def corefile(self):
        ports = {port["name"]: port["containerPort"] for port in self.dns["ports"]}
        defaults = {"health": 8080, "ready": 8181}
        for probe, name in (("livenessProbe", "health"), ("startupProbe", "ready"), ("readinessProbe", "ready")):
            if probe in self.dns:
                says = self.directive(name)
                self.expect(says is not None, f"{probe} asks what the Corefile has not: {name}")
                port = int(says.split(":")[-1]) if says else defaults[name]
                asks = self.dns[probe]["httpGet"]
                self.expect(ports[asks["port"]] == port, f"{probe} asks port {asks['port']}, {name} listens on {port}")
                self.expect(asks["path"] == "/" + name, f"{probe} asks for {asks['path']}, expected /{name}")
        lameduck = int((self.directive("lameduck") or "0s").removesuffix("s"))
        grace = self.pod.get("terminationGracePeriodSeconds", 30)
        self.expect(grace >= lameduck + LONGEST_QUERY_SECONDS, f"{grace} s of grace, {lameduck} s of lameduck")
        state = self.directive("last_state")
        if state:
            writable = [mount["mountPath"] for mount in self.dns["volumeMounts"] if not mount.get("readOnly")]
            self.expect(os.path.dirname(state) in writable, f"last_state {state} is in none of {writable}")
        if self.pod.get("dnsPolicy") == "None":
            servers = self.pod["dnsConfig"]["nameservers"]
            self.expect(servers == [self.directive("bind")], f"the pod asks {servers}, apodns is elsewhere")
            self.expect("/etc/resolv.conf" not in self.corefile_text(), "/etc/resolv.conf leads back to apodns")
            namespace = self.deployment["metadata"]["namespace"]
            search = self.pod["dnsConfig"]["searches"][0]
            self.expect(search.startswith(f"{namespace}.svc."), f"searches {search} first, the namespace is {namespace}")
        elif "/etc/resolv.conf" in self.corefile_text():
            self.expect(self.pod.get("dnsPolicy") == "Default", "/etc/resolv.conf is the cluster's own without dnsPolicy")

    def security(self):
        context = self.dns["securityContext"]
        self.expect(context["readOnlyRootFilesystem"] is True, "the root folder can be written to")
        self.expect(context["allowPrivilegeEscalation"] is False, "allowPrivilegeEscalation")
        self.expect(context["capabilities"]["drop"] == ["ALL"], "not all capabilities are dropped")
        added = context["capabilities"].get("add", [])
        sysctls = {entry["name"]: entry["value"] for entry in self.pod["securityContext"].get("sysctls", [])}
        port = int(re.search(r":(\d+)(?: \S+)* \{", self.corefile_text()).group(1))
        is_open = port >= 1024 or sysctls.get("net.ipv4.ip_unprivileged_port_start") == "0"
        self.expect(added == ([] if is_open else ["NET_BIND_SERVICE"]), f"capabilities {added} for port {port}")
        self.expect(self.pod["securityContext"]["runAsNonRoot"] is True, "runAsNonRoot")
        self.expect(self.pod["securityContext"]["runAsUser"] > 0, "runAsUser")
        self.expect(self.pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, "seccompProfile")
        self.expect(re.fullmatch(r"\d+Mi", self.dns["resources"]["limits"].get("memory", "")), "no memory limit")


def check_cluster_dns(check):
    """What others know CoreDNS's objects by."""
    service = check.named("Service", "kube-dns")
    if not service:
        return
    labels = service["metadata"]["labels"]
    check.expect(labels["k8s-app"] == "kube-dns", "the Service's label k8s-app")
    check.expect(labels["kubernetes.io/cluster-service"] == "true", "the Service's label kubernetes.io/cluster-service")
    ports = [(port["name"], port["port"], port["protocol"]) for port in service["spec"]["ports"]]
    check.expect(ports == [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP")], f"ports {ports}")
    check.expect(check.deployment["metadata"]["name"] == check.dns["name"] == "coredns", "the names coredns")
    check.expect(check.dns["args"] == ["-conf", "/etc/coredns/Corefile"], f"args {check.dns['args']}")
    check.expect(check.pod["priorityClassName"] == "system-cluster-critical", "priorityClassName")
    namespaces = {item["metadata"].get("namespace", "kube-system") for item in check.objects}
    check.expect(namespaces == {"kube-system"}, f"namespaces {namespaces}")


def check_sidecar(check):
    """What a pod that another pod asks by its name has to have."""
    sidecar = [entry for entry in check.pod["initContainers"] if entry["name"] == "apodns"]
    check.expect(sidecar and sidecar[0]["restartPolicy"] == "Always", "apodns is no sidecar")
    check.expect(not any(item["kind"].startswith("Cluster") for item in check.objects), "rights in the whole cluster")
    check.expect(check.dns["resources"]["limits"]["memory"] == "24Mi", "the memory limit")
    check.expect(check.directive("namespaces") == "", "the Corefile's namespaces")
    check.expect("namespaces {$POD_NAMESPACE}" in check.corefile_text(), "the Corefile's namespaces")


def normalized(value, key=None):
    """In an order of its own, as lists that have keys may have any."""
    if isinstance(value, dict):
        return {name: normalized(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        entries = [normalized(entry) for entry in value]
        if key in LIST_KEYS and all(isinstance(entry, dict) for entry in entries):
            entries.sort(key=lambda entry: str(entry.get(LIST_KEYS[key])))
        return entries
    return value


def compare_with_kubectl(folder, objects):
    """The objects as kubectl has them, which is what is applied."""
    if shutil.which("kubectl") is None:
        print(f"manifests: {folder}: kubectl is not installed, so nothing is compared with it")
        return []
    said = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    if said.returncode != 0:
        return [f"{folder}: kubectl kustomize: {said.stderr.strip()}"]

    def by_name(items):
        # A Secret's values are in base64 there.
        return {
            (item["kind"], item["metadata"]["name"]): normalized(
                {name: value for name, value in item.items() if item["kind"] != "Secret"})
            for item in items
        }

    theirs, ours = by_name(yaml.safe_load_all(said.stdout)), by_name(objects)
    problems = [f"{folder}: {name} is made by one of the two only" for name in theirs.keys() ^ ours.keys()]
    for name in theirs.keys() & ours.keys():
        if theirs[name] != ours[name]:
            problems.append(f"{folder}: {name} differs from kubectl's:\n    {theirs[name]}\n    {ours[name]}")
    return problems


def unused_files(folder):
    """Files beside a kustomization that it does not name."""
    with open(os.path.join(folder, "kustomization.yaml"), encoding="utf-8") as file:
        text = file.read()
    return [
        f"{folder}/{name} is named nowhere" for name in os.listdir(folder)
        if name not in ("kustomization.yaml", "README.md") and not re.search(rf"- (path: )?{re.escape(name)}$", text, re.M)
    ]


def check_dockerfile(check):
    """That the image is the root folder of the tests, and what the manifests take it for."""
    with open("deploy/Dockerfile", encoding="utf-8") as file:
        text = file.read().replace("\\\n", "")
    lines = [re.sub(r"\s+", " ", line) for line in text.splitlines() if line and not line.startswith("#")]
    last = lines[[place for place, line in enumerate(lines) if line.startswith("FROM ")][-1]:]
    user = check.pod["securityContext"]["runAsUser"]
    # A number: the kubelet cannot tell whether a name is root's.
    for line in ["FROM scratch", "COPY --from=build /root-folder/ /", f"USER {user}:{user}", 'ENTRYPOINT ["/apodns"]']:
        check.expect(line in last, f"deploy/Dockerfile: no line '{line}' in its last stage")
    check.expect(any(line.startswith("RUN bash deploy/root-folder.sh ") for line in lines), "deploy/Dockerfile: root-folder.sh")
    check.expect(any("SWIFT_BACKTRACE=enable=no" in line for line in last), "deploy/Dockerfile: SWIFT_BACKTRACE")


def main():
    os.chdir(ROOT)
    problems = []
    for folder in FOLDERS:
        try:
            objects = build(folder)
            problems += compare_with_kubectl(folder, objects)
            check = Check(folder, objects)
            check.all()
            (check_cluster_dns if folder == "deploy/cluster-dns" else check_sidecar)(check)
            check_dockerfile(check)
            problems += check.problems
        except (Problem, KeyError, IndexError) as error:
            problems.append(f"{folder}: {type(error).__name__}: {error}")
    for folder in [*FOLDERS, "deploy/erlang-sidecar/base"]:
        problems += unused_files(folder)
    for problem in problems:
        print(f"manifests: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"manifests: {len(FOLDERS)} kustomizations are as they should be")


if __name__ == "__main__":
    main()
