"""A step as `twinlens dump-step` writes it, and a peer's answer to it: step.json and safetensors files.

Contract: f32 tensors only, nothing but the standard library (a tensor is its shape and its bytes), so that a
machine without NumPy can still compare what burn answers. The prototypes' gain, frozen at 1, is left out.
"""
import json
import os
import struct

GAIN = "head.last_layer.weight_g"


def read_tensors(path):
    """{name: (shape, little-endian f32 bytes)} of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F32")
    return {name: (tuple(entry["shape"]), data[slice(*entry["data_offsets"])])
            for name, entry in header.items() if not name.endswith(GAIN)}


def write_tensors(path, tensors):
    """The inverse of `read_tensors`."""
    header, at = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, data in tensors.values():
            file.write(data)


def read_step(folder):
    """step.json as a dictionary, and the tensors."""
    with open(os.path.join(folder, "step.json"), encoding="utf-8") as file:
        meta = json.load(file)
    return meta, read_tensors(os.path.join(folder, "step.safetensors"))
