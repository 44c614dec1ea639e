// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/formats/library_code.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mask/formats/python_predicate.h"

namespace longscope {

namespace {

// Up to here, arrays stand in the text.
constexpr std::int64_t most_inline_numbers = 64;

bool flag(const MaskArrays& arrays, const char* name) {
    return std::get<bool>(arrays.scalars.at(name));
}

std::int64_t number(const MaskArrays& arrays, const char* name) {
    return std::get<std::int64_t>(arrays.scalars.at(name));
}

const std::vector<std::int64_t>& numbers(const MaskArrays& arrays, const char* name) {
    return std::get<std::vector<std::int64_t>>(arrays.scalars.at(name));
}

const char* python_bool(bool value) {
    return value ? "True" : "False";
}

std::int64_t longest(const IntegerArray& cumulative) {
    std::int64_t most = 0;
    for (std::int64_t i = 0; i + 1 < cumulative.size(); ++i) {
        most = std::max(most, cumulative.at(i + 1) - cumulative.at(i));
    }
    return most;
}

std::string flash_attn_call(const MaskArrays& arrays) {
    const std::vector<std::int64_t>& window = numbers(arrays, "window_size");
    return fmt::format(R"(
from flash_attn import flash_attn_varlen_func

# q, k, v: tokens x heads x elements
out = flash_attn_varlen_func(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q={}, max_seqlen_k={},
    causal={}, window_size=({}, {}),
)
)",
                       longest(arrays.array("cu_seqlens_q")), longest(arrays.array("cu_seqlens_k")),
                       python_bool(flag(arrays, "causal")), window[0], window[1]);
}

std::string magi_call(const MaskArrays& /*arrays*/) {
    return R"(
from magi_attention.api import flex_flash_attn_func

# q, k, v: tokens x heads x elements
out = flex_flash_attn_func(q, k, v, q_ranges=q_ranges, k_ranges=k_ranges, attn_type_map=attn_type_map)[0]
)";
}

std::string flashmask_call(const MaskArrays& arrays) {
    return fmt::format(R"(
from paddle.nn.functional import flashmask_attention

# q, k, v: 1 x tokens x heads x elements
out = flashmask_attention(
    q, k, v, startend_row_indices=startend_row_indices, causal={}
)
)",
                       python_bool(flag(arrays, "causal")));
}

std::string flex_call(const MaskArrays& arrays) {
    const std::vector<std::int64_t>& block = numbers(arrays, "BLOCK_SIZE");
    const bool divides = arrays.query_tokens % block[0] == 0 && arrays.key_tokens % block[1] == 0;
    return fmt::format(
        R"(
from torch.nn.attention.flex_attention import BlockMask, flex_attention


{}
block_mask = BlockMask.from_kv_blocks(
    kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices, BLOCK_SIZE=({}, {}), mask_mod=mask_mod{}
)
# q, k, v: batch x heads x tokens x elements
out = flex_attention(q, k, v, block_mask=block_mask)
)",
        arrays.texts.at("mask_mod"), block[0], block[1],
        divides
            ? ""
            : fmt::format(",\n    seq_lengths=({}, {}),  # PyTorch 2.5 has no such argument: there pad to whole blocks",
                          arrays.query_tokens, arrays.key_tokens));
}

std::string flashinfer_call(const MaskArrays& arrays) {
    if (arrays.format == "bsr") {
        return fmt::format(R"(
import flashinfer

wrapper = flashinfer.BlockSparseAttentionWrapper(torch.empty(128 * 2**20, dtype=torch.uint8, device=device))
# q, k, v: tokens x heads x elements
wrapper.plan(indptr, indices, {}, {}, {}, {}, q.shape[1], k.shape[1], q.shape[2])
out = wrapper.run(q, k, v)
)",
                           arrays.query_tokens, arrays.key_tokens, number(arrays, "R"), number(arrays, "C"));
    }
    if (arrays.array("mask_indptr").size() == 2) {
        return R"(
import flashinfer

# q, k, v: tokens x heads x elements
out = flashinfer.single_prefill_with_kv_cache(q, k, v, packed_custom_mask=packed_custom_mask)
)";
    }
    return R"(
import flashinfer
import numpy

# plan() packs the bits of several requests itself.
bits = []
for i in range(len(mask_indptr) - 1):
    pairs = int((qo_indptr[i + 1] - qo_indptr[i]) * (kv_indptr[i + 1] - kv_indptr[i]))
    packed = packed_custom_mask[mask_indptr[i]:mask_indptr[i + 1]].cpu().numpy()
    bits.append(numpy.unpackbits(packed, count=pairs, bitorder="little"))
custom_mask = torch.from_numpy(numpy.concatenate(bits)).bool().to(device)
workspace = torch.empty(128 * 2**20, dtype=torch.uint8, device=device)
wrapper = flashinfer.BatchPrefillWithRaggedKVCacheWrapper(workspace, "NHD")
# q, k, v: tokens x heads x elements
wrapper.plan(qo_indptr, kv_indptr, q.shape[1], k.shape[1], q.shape[2], custom_mask=custom_mask)
out = wrapper.run(q, k, v)
)";
}

// Nested lists, one for each dimension.
std::string list_text(const IntegerArray& array, std::size_t dimension, std::int64_t& at) {
    std::string text = "[";
    for (std::int64_t i = 0; i < array.shape()[dimension]; ++i) {
        text += i == 0 ? "" : ", ";
        text +=
            dimension + 1 < array.shape().size() ? list_text(array, dimension + 1, at) : std::to_string(array.at(at++));
    }
    return text + "]";
}

std::string array_text(PythonTensors tensors, const std::string& name, const IntegerArray& array) {
    std::int64_t at = 0;
    const std::string values = list_text(array, 0, at);
    const char* type = array.type() == IntegerType::uint8 ? "uint8" : "int32";
    return tensors == PythonTensors::torch
               ? fmt::format("{} = torch.tensor({}, dtype=torch.{}, device=device)\n", name, values, type)
               : fmt::format("{} = paddle.to_tensor({}, dtype=\"{}\")\n", name, values, type);
}

std::string load_text(PythonTensors tensors, const std::string& name, const std::string& folder) {
    return tensors == PythonTensors::torch
               ? fmt::format("{} = torch.from_numpy(numpy.load(\"{}/{}.npy\")).to(device)\n", name, folder, name)
               : fmt::format("{} = paddle.to_tensor(numpy.load(\"{}/{}.npy\"))\n", name, folder, name);
}

// The mask_mod goes into the text, its arrays to the others.
void add_mask_mod(MaskArrays& arrays, const Mask& mask, const FormatOptions& options) {
    PythonPredicate predicate = python_predicate(mask, options);
    arrays.texts["mask_mod"] =
        fmt::format("def mask_mod(b, h, q_idx, kv_idx):\n    return {}\n\n", predicate.expression);
    for (auto& [name, array] : predicate.arrays) {
        arrays.arrays[name] = std::move(array);
    }
}

MaskArrays first_that_fits(const LibraryEntry& library, const Mask& mask, const FormatOptions& options) {
    for (std::size_t i = 0; i + 1 < library.formats.size(); ++i) {
        try {
            return find_mask_format(library.formats[i], "--library").write(mask, options);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::bad_input) {
                throw;
            }
        }
    }
    return find_mask_format(library.formats.back(), "--library").write(mask, options);
}

}  // namespace

const std::vector<LibraryEntry>& mask_libraries() {
    static const std::vector<LibraryEntry> libraries{
        {"flash-attn", PythonTensors::torch, {"varlen"}, flash_attn_call},
        {"magi", PythonTensors::torch, {"slices"}, magi_call},
        {"flashmask", PythonTensors::paddle, {"flashmask"}, flashmask_call},
        {"flex", PythonTensors::torch, {"block_mask"}, flex_call},
        {"flashinfer", PythonTensors::torch, {"bsr", "packed"}, flashinfer_call},
    };
    return libraries;
}

std::string library_code(const LibraryEntry& library, const Mask& mask, const FormatOptions& options,
                         const std::string& folder) {
    MaskArrays arrays = first_that_fits(library, mask, options);
    if (arrays.format == "block_mask") {
        add_mask_mod(arrays, mask, options);
    }
    std::string given;
    std::string loaded;
    for (const auto& [name, array] : arrays.arrays) {
        if (array.size() <= most_inline_numbers) {
            given += array_text(library.tensors, name, array);
        } else {
            const bool is_of_mask_mod = name == "document_id" || name.starts_with("range_");
            loaded += load_text(library.tensors, name, is_of_mask_mod ? folder + "_mod" : folder);
        }
    }
    std::string text =
        fmt::format("# {} queries, {} keys, {} pairs kept\n", mask.query_tokens(), mask.key_tokens(), mask.pairs());
    if (!loaded.empty()) {
        text += fmt::format("# arrays: longscope-engine mask convert ... --to {} -o {}\n", arrays.format, folder);
        if (loaded.find("_mod/") != std::string::npos) {
            text += fmt::format("#         longscope-engine mask convert ... --to mask_mod -o {}_mod\n", folder);
        }
        text += "import numpy\n";
    }
    text += library.tensors == PythonTensors::torch ? "import torch\n\ndevice = q.device\n" : "import paddle\n\n";
    return text + loaded + given + library.call(arrays);
}

}  // namespace longscope
