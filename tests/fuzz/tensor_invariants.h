// SPDX-License-Identifier: GPL-3.0-or-later
// What holds of every tensor that was read from a file.
#pragma once

#include <algorithm>
#include <span>

#include "engine/tensor/stored_tensor.h"
#include "engine/tensor/tensor_layout.h"
#include "tests/fuzz/require.h"

namespace longscope::fuzz {

inline void require_lies_in(const StoredTensor& tensor, std::span<const std::byte> file) {
    const std::int64_t elements = checked_elements(tensor.shape, tensor.type, "read");
    require(static_cast<std::int64_t>(tensor.bytes.size()) == elements * size_bytes(tensor.type),
            "a tensor has the bytes that its shape needs");
    require(tensor.bytes.empty() || (tensor.bytes.data() >= file.data() &&
                                     tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size()),
            "a tensor lies in its file");
    // As the verbs use it: laid out, then every item as numbers.
    accepts([&] {
        const LaidOutTensor laid_out = lay_out(tensor, find_layout("", tensor.shape.size()), "read");
        std::vector<float> room;
        if (elements > 0 && laid_out.batch > 0) {
            (void)head_matrix(laid_out, laid_out.batch - 1, room);
        }
    });
}

inline void require_same(const StoredTensor& a, const StoredTensor& b) {
    require(a.type == b.type && a.shape == b.shape, "what was written has the same type and shape");
    require(std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end()),
            "what was written has the same elements");
}

}  // namespace longscope::fuzz
