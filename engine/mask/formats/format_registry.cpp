// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/registry.h"
#include "engine/base/units.h"
#include "engine/mask/formats/formats.h"

namespace longscope {

const std::vector<MaskFormat>& mask_formats() {
    static const std::vector<MaskFormat> formats{
        {"varlen", "flash-attention", "cu_seqlens_q, cu_seqlens_k", "causal, window_size",
         "documents one after the other; window_size [left, right] includes both ends, -1 is unbounded, causal sets "
         "right to 0; aligned at the bottom right of each document",
         "anything but one and the same window inside every document", write_varlen, read_varlen},
        {"slices", "MagiAttention", "q_ranges, k_ranges, attn_type_map", "",
         "disjoint rectangles, ends excluded; type 0 full, 1 causal from the bottom right, 2 inv-causal from the top "
         "left, 3 both",
         "nothing; masks of many single pairs take as many slices", write_slices, read_slices},
        {"flashmask", "FlashMask", "startend_row_indices", "causal",
         "masked rows of each key column: causal with 1 vector [LTS, end), with 2 [LTS, LTE), besides those above the "
         "diagonal; not causal with 2 [LTS, end) and [0, UTE), with 4 [LTS, LTE) and [UTS, UTE)",
         "more than two masked intervals in a column", write_flashmask, read_flashmask},
        {"block_mask", "FlexAttention", "kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices", "BLOCK_SIZE",
         "the columns of the partial and of the full blocks of each row of blocks; blocks that the matrix cuts off are "
         "partial",
         "what is inside of partial blocks: a companion mask or a mask_mod says it", write_block_mask, read_block_mask},
        {"bsr", "FlashInfer", "indptr, indices", "R, C", "the columns of the kept blocks of each row of R x C blocks",
         "blocks that are kept in part, and tokens that the blocks do not divide", write_bsr, read_bsr},
        {"packed", "FlashInfer", "packed_custom_mask, mask_indptr, qo_indptr, kv_indptr", "",
         "a bit for each pair of a request, row by row, the lowest bit of a byte first; mask_indptr counts bytes, and "
         "each request begins with a new one",
         "nothing; its size is queries x keys / 8 bytes of every request", write_packed, read_packed},
        {"dense", "any", "mask", "", "a truth value for each pair, queries x keys, true: the query sees the key",
         "nothing; its size is queries x keys bytes", write_dense, read_dense},
        {"mask_mod", "FlexAttention", "document_id, range_begins, range_ends", "",
         "Python source of a mask_mod and the arrays that it looks up; only written",
         "queries that see more than 64 separate ranges of keys, unless the mask is an expression of simple leaves",
         write_mask_mod, nullptr},
    };
    return formats;
}

const MaskFormat& find_mask_format(std::string_view name, std::string_view field) {
    return find_entry(mask_formats(), name, field, "a format of masks");
}

void require_budget(std::string_view what, std::int64_t bytes, const FormatOptions& options) {
    if (bytes > options.max_bytes) {
        throw bad_input("mask", fmt::format("{} of {}", what, format_bytes(bytes)), "is over the budget",
                        fmt::format("at most {} (--max-bytes)", format_bytes(options.max_bytes)));
    }
    if (const std::int64_t room = available_memory_bytes(); bytes > room) {
        throw Error(ErrorKind::out_of_memory, fmt::format("mask: {} takes {}, and {} of memory are free", what,
                                                          format_bytes(bytes), format_bytes(room)));
    }
}

Error does_not_fit(std::string_view format, std::string_view why, std::string_view accepted) {
    return bad_input("mask", why, fmt::format("is not what the format {} can hold", format), accepted);
}

}  // namespace longscope
