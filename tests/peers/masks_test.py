# SPDX-License-Identifier: GPL-3.0-or-later
"""Every preset and many random masks through the code that `mask code` prints for each library.

The matrix that a library gets is that of `mask convert --to dense`, and what PyTorch computes on a processor
(FlexAttention by its mask_mod and BlockMask, scaled_dot_product_attention by the dense mask) is what `attend` computes.
"""

import argparse
import collections
import pathlib
import sys
import tempfile

import numpy
import torch

from cases import Case, random_cases
from engine import Engine, Refused
from libraries import FORMATS, NEED_A_GPU, check_blocks, of_flex

PRESET_DOCUMENTS = [3000, 1, 4191, 1000]
HEAD_DIM = 16
MOST_ERROR = 2e-6


class Test:
    def __init__(self, engine):
        self.engine = engine
        self.agreed = collections.Counter()
        self.refused = collections.Counter()
        self.failures = []
        self.worst = collections.defaultdict(float)

    def tensors(self, tokens):
        generator = torch.Generator().manual_seed(tokens)
        return [torch.randn(1, 1, tokens, HEAD_DIM, generator=generator) for _ in range(3)]

    def compare(self, what, case, theirs, ours):
        """Rows that see nothing are 0 here; PyTorch may say NaN."""
        blind = ~numpy.isfinite(theirs).all(-1)
        assert (ours[blind] == 0).all(), f"{what}: a row is NaN there and not 0 here"
        error = numpy.linalg.norm(theirs[~blind] - ours[~blind]) / max(numpy.linalg.norm(ours[~blind]), 1e-30)
        self.worst[what] = max(self.worst[what], float(error))
        assert error <= MOST_ERROR, f"{what}: relative error {error:.1e}"

    def try_one(self, what, case, check):
        try:
            check()
            self.agreed[what] += 1
        except Refused as refusal:
            self.refused[what] += 1
            print(f"  {what}: refused: {refusal}")
        except Exception as error:  # noqa: BLE001
            self.failures.append(f"{case.name}, {what}: {error!r}: {case.mask} over {case.documents}")
            print(f"  {what}: FAILED: {error!r}")

    def run(self, case):
        print(f"{case.name}: {case.mask[:150]}", flush=True)
        folder = self.engine.folder
        dense = numpy.load(self.engine.convert(case, "dense", "dense.npy"))
        tensors = self.tensors(case.tokens)
        for name, tensor in zip("qkv", tensors):
            numpy.save(folder / f"{name}.npy", tensor.numpy())
        (folder / "o.npy").unlink(missing_ok=True)
        self.engine.run(
            "attend", "--q", "q.npy", "--k", "k.npy", "--v", "v.npy", "--mask", case.mask, *case.sequence(), "-o", "o.npy"
        )
        ours = numpy.load(folder / "o.npy")

        def sdpa():
            out = torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(dense))
            self.compare("sdpa", case, out.numpy(), ours)

        def flex():
            code = self.engine.code(case, "flex")
            self.engine.convert(case, "block_mask", "mask")
            if "mask_mod/" in code:
                self.engine.convert(case, "mask_mod", "mask_mod")
            theirs, block_mask, out = of_flex(code, folder, case.tokens, tensors)
            assert (theirs == dense).all(), "mask_mod is another mask"
            check_blocks(block_mask, dense)
            # FlexAttention gives 0 where SDPA gives NaN.
            self.compare("flex", case, numpy.where(dense.any(-1)[None, None, :, None], out.numpy(), 0), ours)

        def other(library):
            code = self.engine.code(case, library)
            if library in FORMATS:
                self.engine.convert(case, FORMATS[library], "mask")
            elif "--to packed" in code or "--to bsr" in code:
                self.engine.convert(case, "packed" if "--to packed" in code else "bsr", "mask")
            assert (NEED_A_GPU[library](code, folder, case.tokens) == dense).all(), "another mask"

        self.try_one("sdpa", case, sdpa)
        self.try_one("flex", case, flex)
        for library in NEED_A_GPU:
            self.try_one(library, case, lambda library=library: other(library))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--random", type=int, default=60, help="how many random masks")
    parser.add_argument("--seed", type=int, default=1, help="of these")
    parser.add_argument("--presets", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    print(f"PyTorch {torch.__version__}, NumPy {numpy.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(str(pathlib.Path(options.engine).resolve()), folder)
        test = Test(engine)
        for case in random_cases(options.random, options.seed):
            test.run(case)
        if options.presets:
            documents = ",".join(map(str, PRESET_DOCUMENTS))
            for name, mask in engine.presets(sum(PRESET_DOCUMENTS), documents):
                test.run(Case(name, mask, PRESET_DOCUMENTS))
    for what in ["sdpa", "flex", *NEED_A_GPU]:
        error = f", worst relative error {test.worst[what]:.1e}" if what in test.worst else ""
        print(f"{what}: {test.agreed[what]} masks agree, {test.refused[what]} refused{error}")
    print(*test.failures, sep="\n")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
