"""What `kubectl kustomize` makes of a folder: as much of it as deploy/ uses. Anything else in a kustomization is an error.

Where kubectl is installed, manifests.py compares the two.
"""

import copy
import os

import yaml

# The fields by which the API knows the entries of a list; the entries of other lists are replaced as a whole.
LIST_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}
# Kinds that are in no namespace.
CLUSTER_KINDS = {"ClusterRole", "ClusterRoleBinding", "Namespace"}
FIELDS = {
    "apiVersion", "kind", "namespace", "resources", "patches", "configMapGenerator", "secretGenerator",
    "generatorOptions", "images", "replacements",
}


class Problem(Exception):
    """A kustomization or manifest that is wrong: where, and what."""


def build(folder):
    """The objects that a kustomization makes."""
    path = os.path.join(folder, "kustomization.yaml")
    with open(path, encoding="utf-8") as file:
        kustomization = yaml.safe_load(file)
    unknown = set(kustomization) - FIELDS
    if unknown:
        raise Problem(f"{path}: fields that this test does not know: {', '.join(sorted(unknown))}")
    if kustomization.get("kind") != "Kustomization":
        raise Problem(f"{path}: kind is {kustomization.get('kind')}, expected Kustomization")

    objects = []
    for name in kustomization.get("resources", []):
        resource = os.path.join(folder, name)
        if os.path.isdir(resource):
            objects += build(resource)
        else:
            objects += read(resource)
    if generators(kustomization) and not kustomization.get("generatorOptions", {}).get("disableNameSuffixHash"):
        raise Problem(f"{path}: names with a hash are more than this test knows: expected disableNameSuffixHash: true")
    objects += [generated(folder, kind, generator) for kind, generator in generators(kustomization)]
    for patch in kustomization.get("patches", []):
        if set(patch) != {"path"}:
            raise Problem(f"{path}: a patch with {sorted(patch)}, expected path alone")
        for change in read(os.path.join(folder, patch["path"])):
            merge(find(objects, change["kind"], change["metadata"]["name"], patch["path"]), change)
    namespace = kustomization.get("namespace")
    if namespace:
        for item in objects:
            set_namespace(item, namespace, objects)
    for image in kustomization.get("images", []):
        for item in objects:
            for container in containers(item):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
    for replacement in kustomization.get("replacements", []):
        replace(objects, replacement, path)
    return objects


def read(path):
    """The objects of a file."""
    if not os.path.exists(path):
        raise Problem(f"{path}: named in a kustomization, and not there")
    with open(path, encoding="utf-8") as file:
        try:
            objects = list(yaml.safe_load_all(file))
        except yaml.YAMLError as error:
            raise Problem(f"{path}: {error}") from error
    for item in objects:
        if not isinstance(item, dict) or not all(item.get(key) for key in ("apiVersion", "kind", "metadata")):
            raise Problem(f"{path}: an entry without apiVersion, kind or metadata")
    return objects


def generators(kustomization):
    found = [("ConfigMap", entry) for entry in kustomization.get("configMapGenerator", [])]
    return found + [("Secret", entry) for entry in kustomization.get("secretGenerator", [])]


def generated(folder, kind, generator):
    data = {}
    for name in generator.get("files", []):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            data[os.path.basename(name)] = file.read()
    for literal in generator.get("literals", []):
        key, value = literal.split("=", 1)
        data[key] = value
    # A Secret's data in plain text: what stringData is.
    field = "data" if kind == "ConfigMap" else "stringData"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": generator["name"]}, field: data}


def merge(target, change):
    """A strategic merge patch."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        elif isinstance(value, list) and isinstance(target.get(key), list) and key in LIST_KEYS:
            by = LIST_KEYS[key]
            for entry in value:
                same = [old for old in target[key] if old.get(by) == entry.get(by)]
                if same:
                    merge(same[0], entry)
                else:
                    target[key].append(copy.deepcopy(entry))
        else:
            target[key] = copy.deepcopy(value)


def set_namespace(item, namespace, objects):
    if item["kind"] not in CLUSTER_KINDS:
        item["metadata"]["namespace"] = namespace
    accounts = {other["metadata"]["name"] for other in objects if other["kind"] == "ServiceAccount"}
    for subject in item.get("subjects", []):
        if subject["kind"] == "ServiceAccount" and subject["name"] in accounts:
            subject["namespace"] = namespace


def replace(objects, replacement, path):
    source = replacement["source"]
    value = find(objects, source["kind"], source["name"], path)
    for step in source["fieldPath"].split("."):
        value = value[step]
    for target in replacement["targets"]:
        options = target.get("options", {})
        for field in target["fieldPaths"]:
            *steps, last = [int(step) if step.isdigit() else step for step in field.split(".")]
            place = find(objects, target["select"]["kind"], target["select"]["name"], path)
            for step in steps:
                place = place[step]
            parts = place[last].split(options["delimiter"])
            parts[options["index"]] = value
            place[last] = options["delimiter"].join(parts)


def find(objects, kind, name, where):
    """The one object of this kind and name."""
    found = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    if len(found) != 1:
        raise Problem(f"{where}: {len(found)} objects are {kind} {name}, expected one")
    return found[0]


def containers(item):
    """The containers of a workload, those for the start first."""
    pod = item.get("spec", {}).get("template", {}).get("spec", {})
    return pod.get("initContainers", []) + pod.get("containers", [])
