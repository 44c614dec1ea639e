# SPDX-License-Identifier: GPL-3.0-or-later
"""What the printed code hands to each library, as a matrix again, by the library's own definition.

FlexAttention runs as it is. The others need a GPU: their modules are stood in for by ones that take what they are given.
"""

import sys
import types

import numpy
import torch

ROWS_AT_ONCE = 512


class Device:
    """Stands for q, k and v where only their device and shape are asked for."""

    device = torch.device("cpu")
    shape = (1, 1, 1)


def run_code(code, folder, modules, scope):
    """Runs the code as if the modules were installed, with its arrays in the folder."""
    taken = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        exec(code.replace('"mask', f'"{folder}/mask'), scope)  # noqa: S102
    finally:
        for name, module in taken.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return scope


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    return made


def recorder(calls):
    def call(*arguments, **named):
        calls.append((arguments, named))
        return [None]

    return call


def of_flash_attention(code, folder, tokens):
    calls = []
    stand_in = module("flash_attn", flash_attn_varlen_func=recorder(calls))
    run_code(code, folder, {"flash_attn": stand_in}, {"q": Device, "k": Device, "v": Device})
    (_, _, _, cu_q, cu_k), named = calls[0]
    left, right = named["window_size"]
    right = 0 if named["causal"] else right
    dense = numpy.zeros((tokens, tokens), bool)
    for q0, q1, k0, k1 in zip(cu_q[:-1], cu_q[1:], cu_k[:-1], cu_k[1:]):
        i = numpy.arange(q1 - q0)[:, None] + int((k1 - k0) - (q1 - q0))
        j = numpy.arange(k1 - k0)[None, :]
        seen = numpy.ones((int(q1 - q0), int(k1 - k0)), bool)
        seen &= (j >= i - left) if left >= 0 else True
        seen &= (j <= i + right) if right >= 0 else True
        dense[q0:q1, k0:k1] = seen
    return dense


def of_magi(code, folder, tokens):
    calls = []
    api = module("magi_attention.api", flex_flash_attn_func=recorder(calls))
    modules = {"magi_attention": module("magi_attention", api=api), "magi_attention.api": api}
    run_code(code, folder, modules, {"q": Device, "k": Device, "v": Device})
    named = calls[0][1]
    dense = numpy.zeros((tokens, tokens), bool)
    for (q0, q1), (k0, k1), kind in zip(
        named["q_ranges"].tolist(), named["k_ranges"].tolist(), named["attn_type_map"].tolist()
    ):
        q = numpy.arange(q0, q1)[:, None]
        k = numpy.arange(k0, k1)[None, :]
        seen = numpy.ones((q1 - q0, k1 - k0), bool)
        if kind in (1, 3):
            seen &= k1 - 1 - k >= q1 - 1 - q
        if kind in (2, 3):
            seen &= k - k0 >= q - q0
        assert not (dense[q0:q1, k0:k1] & seen).any(), "two slices share a pair"
        dense[q0:q1, k0:k1] |= seen
    return dense


def of_flashmask(code, folder, tokens):
    calls = []
    functional = module("paddle.nn.functional", flashmask_attention=recorder(calls))
    paddle = module("paddle", to_tensor=lambda values, dtype=None: numpy.asarray(values))
    modules = {
        "paddle": paddle,
        "paddle.nn": module("paddle.nn", functional=functional),
        "paddle.nn.functional": functional,
    }
    run_code(code, folder, modules, {"q": None, "k": None, "v": None})
    named = calls[0][1]
    vectors = named["startend_row_indices"][0, 0]
    i = numpy.arange(tokens)[:, None]
    j = numpy.arange(tokens)[None, :]
    column = [vectors[None, :, number] for number in range(vectors.shape[1])]
    if named["causal"]:
        end = column[1] if len(column) == 2 else tokens
        return (j <= i) & ~((i >= column[0]) & (i < end))
    if len(column) == 2:
        return ~(i >= column[0]) & ~(i < column[1])
    return ~((i >= column[0]) & (i < column[1])) & ~((i >= column[2]) & (i < column[3]))


def of_flashinfer(code, folder, tokens):
    calls = []
    plans = []

    class Wrapper:
        def __init__(self, *arguments):
            pass

        plan = staticmethod(recorder(plans))
        run = staticmethod(recorder(calls))

    stand_in = module(
        "flashinfer",
        single_prefill_with_kv_cache=recorder(calls),
        BlockSparseAttentionWrapper=Wrapper,
        BatchPrefillWithRaggedKVCacheWrapper=Wrapper,
    )
    # The workspace of the wrappers is of no use here.
    code = code.replace("torch.empty(128 * 2**20", "torch.empty(1")
    run_code(code, folder, {"flashinfer": stand_in}, {"q": Device, "k": Device, "v": Device})
    dense = numpy.zeros((tokens, tokens), bool)
    if not plans:
        bits = numpy.unpackbits(calls[0][1]["packed_custom_mask"].numpy(), bitorder="little")
        return bits[: tokens * tokens].reshape(tokens, tokens).astype(bool)
    arguments, named = plans[0]
    if "custom_mask" in named:
        at = 0
        q, k = (indptr.tolist() for indptr in arguments[:2])
        for q0, q1, k0, k1 in zip(q[:-1], q[1:], k[:-1], k[1:]):
            pairs = (q1 - q0) * (k1 - k0)
            dense[q0:q1, k0:k1] = named["custom_mask"][at : at + pairs].reshape(q1 - q0, k1 - k0).numpy()
            at += pairs
        return dense
    indptr, indices, _, _, rows, columns = arguments[:6]
    for row in range(len(indptr) - 1):
        for column in indices[indptr[row] : indptr[row + 1]].tolist():
            dense[row * rows : (row + 1) * rows, column * columns : (column + 1) * columns] = True
    return dense


def dense_of_mask_mod(mask_mod, tokens):
    rows = []
    k = torch.arange(tokens)[None, :]
    for begin in range(0, tokens, ROWS_AT_ONCE):
        q = torch.arange(begin, min(begin + ROWS_AT_ONCE, tokens))[:, None]
        rows.append(torch.as_tensor(mask_mod(0, 0, q, k)).expand(q.shape[0], tokens).numpy())
    return numpy.concatenate(rows)


def check_blocks(block_mask, dense):
    """The partial and the full blocks are those of the matrix."""
    q_block, k_block = block_mask.BLOCK_SIZE
    rows, columns = -(-dense.shape[0] // q_block), -(-dense.shape[1] // k_block)
    padded = numpy.zeros((rows * q_block, columns * k_block), bool)
    padded[: dense.shape[0], : dense.shape[1]] = dense
    tiles = padded.reshape(rows, q_block, columns, k_block).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    full = numpy.zeros((rows, columns), bool)
    for row in range(rows):
        count = int(block_mask.full_kv_num_blocks[0, 0, row])
        full[row, block_mask.full_kv_indices[0, 0, row, :count].tolist()] = True
    kept = block_mask.to_dense()[0, 0].bool().numpy()
    assert (kept == tiles.any(-1)).all(), "the kept blocks are not those of the matrix"
    assert (full == tiles.all(-1)).all(), "the full blocks are not those of the matrix"


def of_flex(code, folder, tokens, tensors):
    """The matrix of mask_mod, the BlockMask, and the output of FlexAttention itself."""
    scope = run_code(code, folder, {}, dict(zip("qkv", tensors)))
    return dense_of_mask_mod(scope["mask_mod"], tokens), scope["block_mask"], scope["out"]


NEED_A_GPU = {
    "flash-attn": of_flash_attention,
    "magi": of_magi,
    "flashmask": of_flashmask,
    "flashinfer": of_flashinfer,
}
# The format whose arrays the printed code loads; flashinfer's depends on the mask.
FORMATS = {"flash-attn": "varlen", "magi": "slices", "flashmask": "flashmask", "flex": "block_mask"}
