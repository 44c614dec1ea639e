# SPDX-License-Identifier: GPL-3.0-or-later
"""Attention by PyTorch, for `longscope-engine bench attention --peers`.

Reads one JSON object a line from standard input and answers each with one on standard output; whatever libraries print
goes to standard error. {"do": "describe" | "prepare" | "repeat" | "results" | "release"};
see profiler/peers/python_peer.cpp.
"""

import importlib.util
import json
import os
import pathlib
import shutil
import sys
import time

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import numpy  # noqa: E402
import torch  # noqa: E402


class Unsupported(Exception):
    pass


def describe(request):
    torch.set_num_threads(request["threads"])
    return {
        "version": f"PyTorch {torch.__version__}",
        "dispatch": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def load_block_mask(folder):
    """The BlockMask that `mask convert` wrote, with its predicate."""
    from torch.nn.attention.flex_attention import BlockMask

    spec = importlib.util.spec_from_file_location("mask_mod", folder / "mask_mod" / "mask_mod.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    arrays = {path.stem: torch.from_numpy(numpy.load(path)) for path in (folder / "block_mask").glob("*.npy")}
    return BlockMask.from_kv_blocks(
        arrays["kv_num_blocks"],
        arrays["kv_indices"],
        arrays["full_kv_num_blocks"],
        arrays["full_kv_indices"],
        BLOCK_SIZE=(128, 128),
        mask_mod=module.make_mask_mod("cpu"),
        seq_lengths=(module.QUERIES, module.KEYS),
    )


def flex_call(request, folder, q, k, v):
    from torch.nn.attention.flex_attention import flex_attention

    if request["direction"] == "backward":
        raise Unsupported("FlexAttention has no backward pass on processors")
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++")):
        raise Unsupported("no C++ compiler is there for torch.compile")
    # What another task compiled would be kept with its shapes as variables, and be slower.
    torch._dynamo.reset()
    block_mask = load_block_mask(folder) if request["mask"] == "blocks" else None
    compiled = torch.compile(flex_attention, dynamic=False)
    grouped = q.shape[1] != k.shape[1]
    return lambda: compiled(q, k, v, block_mask=block_mask, scale=request["scale"], enable_gqa=grouped)


def sdpa_call(request, folder, q, k, v):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    backend = {"flash": SDPBackend.FLASH_ATTENTION, "math": SDPBackend.MATH}[request["attention"]]
    mask = torch.from_numpy(numpy.load(folder / "dense.npy")).bool() if request["mask"] == "dense" else None
    grouped = q.shape[1] != k.shape[1]

    def call():
        with sdpa_kernel(backend):
            return torch.nn.functional.scaled_dot_product_attention(
                q,
                k,
                v,
                attn_mask=mask,
                is_causal=request["mask"] == "causal",
                scale=request["scale"],
                enable_gqa=grouped,
            )

    return call


class Prepared:
    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        self.folder = pathlib.Path(request["folder"])
        self.backward = request["direction"] == "backward"
        dtype = getattr(torch, request["dtype"])
        self.inputs = [self.load(name, dtype).requires_grad_(self.backward) for name in "qkv"]
        make = flex_call if request["attention"] == "flex" else sdpa_call
        call = make(request, self.folder, *self.inputs)
        if self.backward:
            gradient = self.load("do", dtype)
            output = call()
            self.call = lambda: torch.autograd.grad(output, self.inputs, gradient, retain_graph=True)
        else:

            def forward():
                with torch.no_grad():
                    return (call(),)

            self.call = forward
        self.outputs = self.call()

    def load(self, name, dtype):
        return torch.from_numpy(numpy.load(self.folder / f"{name}.npy")).to(dtype)

    def repeat(self, _request):
        begin = time.perf_counter_ns()
        self.outputs = self.call()
        return {"ns": time.perf_counter_ns() - begin}

    def results(self, _request):
        names = ["dq", "dk", "dv"] if self.backward else ["o"]
        for name, tensor in zip(names, self.outputs):
            numpy.save(self.folder / f"{name}.npy", tensor.detach().float().contiguous().numpy())
        return {}


def main():
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "describe":
                answer = describe(request)
            elif request["do"] == "prepare":
                prepared = None  # its memory first
                prepared = Prepared(request)
                answer = {}
            elif request["do"] == "release":
                prepared = None
                answer = {}
            else:
                answer = {"repeat": prepared.repeat, "results": prepared.results}[request["do"]](request)
            answer = {"ok": True, **answer}
        except Unsupported as error:
            answer = {"ok": False, "unsupported": True, "why": str(error)}
        except Exception as error:  # whatever a library raises is an answer
            words = " ".join(str(error).split())
            answer = {"ok": False, "why": f"{type(error).__name__}: {words}"[:1000]}
        print(json.dumps(answer), file=answers, flush=True)


main()
