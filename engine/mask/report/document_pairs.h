// SPDX-License-Identifier: GPL-3.0-or-later
// The work of each document of a packed sequence.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

struct DocumentPairs {
    Range tokens;
    std::int64_t pairs = 0;   // of its queries
    std::int64_t inside = 0;  // of these, with its own keys
};

// `cu_seqlens` as in MaskDomain; empty: one document. Documents without tokens are left out.
[[nodiscard]] std::vector<DocumentPairs> document_pairs(const Mask& mask, const std::vector<std::int64_t>& cu_seqlens);

}  // namespace longscope
