# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradients over random masks: those of `attend` are PyTorch's by autograd, and `verify` agrees with PyTorch's own.

Attention written out in float64 is what `attend` is held against, with a bias and sinks in turns and grouped heads;
what scaled_dot_product_attention gives in float32 and bfloat16 is what `verify` is asked about.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy
import torch

from cases import random_cases
from engine import Engine

HEADS = 4
KEY_VALUE_HEADS = 2
HEAD_DIM = 16
# Three times the limit of the output (resources/docs/tensors.md).
MOST_ERROR = 3e-6
NAMES = ["q", "k", "v", "bias", "sinks"]


def tensors_of(case, kind, seed):
    """Of a kind of scoring; leaves of autograd in float64, of values that float32 has."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator).double()  # noqa: E731
    leaves = {
        "q": draw(HEADS, case.tokens, HEAD_DIM),
        "k": draw(KEY_VALUE_HEADS, case.tokens, HEAD_DIM),
        "v": draw(KEY_VALUE_HEADS, case.tokens, HEAD_DIM),
    }
    if "bias" in kind:
        leaves["bias"] = draw(1 if "shared" in kind else HEADS, case.tokens, case.tokens)
    if "sinks" in kind:
        leaves["sinks"] = draw(HEADS)
    return {name: leaf.requires_grad_() for name, leaf in leaves.items()}, draw(HEADS, case.tokens, HEAD_DIM)


def seen_by_all(dense):
    """Rows that see nothing see everything instead, to be multiplied by 0: their softmax would be NaN."""
    blind = ~dense.any(-1)
    return dense | blind[:, None], (~blind)[:, None]


def attention(leaves, dense):
    kept, seeing = seen_by_all(dense)
    k, v = (leaves[name].repeat_interleave(HEADS // KEY_VALUE_HEADS, dim=0) for name in "kv")
    scores = leaves["q"] @ k.transpose(-1, -2) / HEAD_DIM**0.5
    if "bias" in leaves:
        scores = scores + leaves["bias"]
    scores = scores.masked_fill(~kept, -torch.inf)
    if "sinks" in leaves:
        sinks = leaves["sinks"][:, None, None].expand(-1, scores.shape[1], 1)
        weights = torch.cat([scores, sinks], dim=-1).softmax(-1)[..., :-1]
    else:
        weights = scores.softmax(-1)
    return (weights @ v) * seeing


def sdpa(leaves, dense):
    kept, seeing = seen_by_all(dense)
    k, v = (leaves[name].repeat_interleave(HEADS // KEY_VALUE_HEADS, dim=0) for name in "kv")
    return torch.nn.functional.scaled_dot_product_attention(leaves["q"][None], k[None], v[None], attn_mask=kept)[0] * seeing


def save(folder, name, tensor):
    """In float32, which holds what bfloat16 does."""
    numpy.save(folder / f"{name}.npy", tensor.detach().float().numpy())


def error(theirs, ours):
    return float(numpy.linalg.norm(theirs - ours) / max(numpy.linalg.norm(theirs), 1e-30))


def options(leaves, of="--{}", prefix=""):
    return [word for name in leaves for word in (of.format(name), f"{prefix}{name}.npy")]


class Test:
    def __init__(self, engine):
        self.engine = engine
        self.worst = {}
        self.failures = []

    def check(self, what, case, value, limit):
        self.worst[what] = max(self.worst.get(what, 0.0), value)
        if not value <= limit:
            self.failures.append(f"{case.name}, {what}: {value:.1e}: {case.mask} over {case.documents}")

    def attend(self, case, dense, kind, seed):
        leaves, output_gradient = tensors_of(case, kind, seed)
        out = attention(leaves, dense)
        out.backward(output_gradient)
        folder = self.engine.folder
        for name, leaf in leaves.items():
            save(folder, name, leaf)
        save(folder, "dout", output_gradient)
        gradients = options(leaves, "--d{}", "d")
        more = ["--store-probabilities"] if seed % 2 else []
        self.engine.run("attend", *options(leaves), "--mask", case.mask, *case.sequence(), "-o", "o.npy",
                        "--dout", "dout.npy", *gradients, *more)
        for name, leaf in leaves.items():
            ours = numpy.load(folder / f"d{name}.npy").astype(float)
            theirs = leaf.grad.numpy()
            # Where all terms cancel (rows that see one key) there is nothing to be relative to.
            if numpy.linalg.norm(theirs) > 1e-6 or numpy.linalg.norm(ours) > 1e-4:
                self.check(f"attend, {kind}: d{name}", case, error(theirs, ours), MOST_ERROR)

    def verify(self, case, dense, dtype, seed):
        leaves, output_gradient = tensors_of(case, "plain", seed)
        leaves = {name: leaf.detach().to(dtype).requires_grad_() for name, leaf in leaves.items()}
        output_gradient = output_gradient.to(dtype)
        out = sdpa(leaves, dense)
        out.backward(output_gradient)
        folder = self.engine.folder
        for name, leaf in leaves.items():
            save(folder, name, leaf)
            save(folder, f"d{name}", leaf.grad)
        save(folder, "dout", output_gradient)
        save(folder, "o", out)
        # The files are float32; what PyTorch computed in is what counts.
        tolerance = ["--tolerance", "8e-3", "--gradient-tolerance", "24e-3"] if dtype == torch.bfloat16 else []
        try:
            self.engine.run("verify", *options(leaves), "--mask", case.mask, *case.sequence(), "--o", "o.npy",
                            "--dout", "dout.npy", *options(leaves, "--d{}", "d"), *tolerance, "--rows", "all")
            self.check(f"verify, {dtype}", case, 0.0, 0.0)
        except RuntimeError as departs:
            self.failures.append(f"{case.name}, verify, {dtype}: {departs}: {case.mask} over {case.documents}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--random", type=int, default=30, help="how many random masks")
    parser.add_argument("--seed", type=int, default=1, help="of these")
    chosen = parser.parse_args()
    print(f"PyTorch {torch.__version__}, NumPy {numpy.__version__}, seed {chosen.seed}")
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(str(pathlib.Path(chosen.engine).resolve()), folder)
        test = Test(engine)
        for number, case in enumerate(random_cases(chosen.random, chosen.seed)):
            print(f"{case.name}: {case.mask[:150]}", flush=True)
            dense = torch.from_numpy(numpy.load(engine.convert(case, "dense", "dense.npy")))
            kinds = ["plain", "bias", "shared bias", "sinks", "bias and sinks"]
            test.attend(case, dense, kinds[number % len(kinds)], chosen.seed * 1000 + number)
            test.verify(case, dense, [torch.float32, torch.bfloat16][number % 2], chosen.seed * 1000 + number)
    for what, worst in sorted(test.worst.items()):
        print(f"{what}: worst relative error {worst:.1e}" if worst else f"{what}: agrees")
    print(*test.failures, sep="\n")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
