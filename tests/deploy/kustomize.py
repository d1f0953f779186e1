"""What `kubectl kustomize` makes of a folder, for as much of kustomize as deploy/ uses.

So the fast tests need no program; test_schemas.py holds this against kubectl where there is one.
What is not known here is refused, not passed over.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]
KEY_OF_LISTS = {"containers": "name", "env": "name", "volumes": "name"}  # others are replaced
KNOWN = {"apiVersion", "kind", "resources", "components", "patches", "images", "configMapGenerator"}


def build(folder: Path, *components: Path) -> list[Resource]:
    """The resources of a kustomization, with more components than it names itself.

    Generated ConfigMaps come without the hash that kustomize adds to their names.
    """
    resources: list[Resource] = []
    _apply(folder, resources, [path.resolve() for path in components])
    return resources


def only(resources: list[Resource], kind: str) -> Resource:
    """The one resource of a kind."""
    (found,) = (resource for resource in resources if resource["kind"] == kind)
    return found


def load(path: Path) -> Resource:
    """The one document of a file."""
    document: Resource = yaml.load(path.read_text(), yaml.CSafeLoader)
    return document


def _apply(folder: Path, resources: list[Resource], more: list[Path]) -> None:
    own = load(folder / "kustomization.yaml")
    assert own.keys() <= KNOWN, own.keys() - KNOWN
    for name in own.get("resources", ()):
        path = folder / name
        if path.is_dir():
            _apply(path, resources, [])
        else:
            resources.append(load(path))
    resources += [_config_map(folder, entry) for entry in own.get("configMapGenerator", ())]
    for component in [*(folder / name for name in own.get("components") or ()), *more]:
        _apply(component, resources, [])
    for entry in own.get("patches", ()):
        patch = load(folder / entry["path"])
        (target,) = (resource for resource in resources if _name(resource) == _name(patch))
        _merge(target, patch)
    for image in own.get("images", ()):
        _set_image(resources, image)


def _name(resource: Resource) -> tuple[str, str, str]:
    return resource["apiVersion"], resource["kind"], resource["metadata"]["name"]


def _config_map(folder: Path, entry: Resource) -> Resource:
    data = {name: (folder / name).read_text() for name in entry.get("files", ())}
    for name in entry.get("envs", ()):
        lines = (folder / name).read_text().splitlines()
        data |= dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    metadata: Resource = {"name": entry["name"]}
    if labels := entry.get("options", {}).get("labels"):
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _merge(target: Resource, patch: Resource) -> None:
    """A strategic merge: null takes away, maps go on, lists with a key are matched by it."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        elif key in KEY_OF_LISTS and key in target:
            _merge_by(KEY_OF_LISTS[key], target[key], value)
        else:
            target[key] = deepcopy(value)


def _merge_by(key: str, targets: list[Resource], patches: list[Resource]) -> None:
    for patch in patches:
        same = [target for target in targets if target[key] == patch[key]]
        if same:
            _merge(same[0], patch)
        else:
            targets.append(deepcopy(patch))


def _set_image(resources: list[Resource], image: Resource) -> None:
    for resource in resources:
        template = resource.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", ()):
            if container["image"] == image["name"]:
                container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"
