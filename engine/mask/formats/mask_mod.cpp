// SPDX-License-Identifier: GPL-3.0-or-later
// A FlexAttention mask_mod as a Python file, with the arrays that it looks up.
#include <fmt/format.h>

#include "engine/mask/formats/formats.h"
#include "engine/mask/formats/python_predicate.h"

namespace longscope {

MaskArrays write_mask_mod(const Mask& mask, const FormatOptions& options) {
    PythonPredicate predicate = python_predicate(mask, options);
    std::string loads;
    for (const auto& [name, array] : predicate.arrays) {
        loads += fmt::format("    {0} = torch.from_numpy(numpy.load(HERE / \"{0}.npy\")).to(device)\n", name);
    }
    const std::string meaning = options.expression == nullptr ? "a mask" : to_text(*options.expression);
    MaskArrays arrays{"mask_mod", mask.query_tokens(), mask.key_tokens(), {}, std::move(predicate.arrays), {}, ""};
    arrays.texts["mask_mod.py"] = fmt::format(
        R"(# {}
# {} queries, {} keys, {} pairs kept.
import pathlib

import numpy
import torch

HERE = pathlib.Path(__file__).parent
QUERIES, KEYS = {}, {}


def make_mask_mod(device="cuda"):
{}
    def mask_mod(b, h, q_idx, kv_idx):
        return {}

    return mask_mod


def make_block_mask(device="cuda"):
    from torch.nn.attention.flex_attention import create_block_mask

    return create_block_mask(make_mask_mod(device), None, None, QUERIES, KEYS, device=device)
)",
        one_line(meaning, 1000), mask.query_tokens(), mask.key_tokens(), mask.pairs(), mask.query_tokens(),
        mask.key_tokens(), loads, predicate.expression);
    return arrays;
}

}  // namespace longscope
