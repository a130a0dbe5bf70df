"""The layers of an image, as buildah's overlay storage keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.support.image_engine import Buildah


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        made_by: The instruction that made it.
        size: Bytes, uncompressed.
        files: Folder with what it adds; a deleted file of a lower layer is a device there.
        is_base: Whether it came with the base image.
    """

    made_by: str
    size: int
    files: Path
    is_base: bool


def layers_of(buildah: Buildah, image: str) -> list[Layer]:
    """The layers of an image, lowest first."""
    described = json.loads(buildah.run("inspect", "--type", "image", image))["OCIv1"]
    storage = buildah.folder / "images"
    stored = {
        layer["diff-digest"]: layer
        for layer in json.loads((storage / "overlay-layers/layers.json").read_text())
        if "diff-digest" in layer
    }
    history = [step for step in described["history"] if not step.get("empty_layer")]
    layers = []
    for index, (step, digest) in enumerate(zip(history, described["rootfs"]["diff_ids"], strict=True)):
        layer = stored[digest]
        layers.append(
            Layer(
                made_by=step.get("created_by", "").removeprefix("/bin/sh -c ").strip(),
                size=layer["diff-size"],
                files=storage / "overlay" / layer["id"] / "diff",
                is_base=index == 0,
            )
        )
    return layers
