// SPDX-License-Identifier: GPL-3.0-or-later
// Small attention problems out of bytes: most inputs make a problem that can be computed.
#pragma once

#include <optional>

#include "tests/fuzz/byte_reader.h"
#include "tests/support/attention_case.h"

namespace longscope::fuzz {

enum class Operand { queries, keys, values, output_gradients, bias };

// A number that is none.
struct Poison {
    Operand operand = Operand::queries;
    std::int64_t at = 0;  // the element, modulo their number
    float value = 0.0F;
};

struct AttentionProblem {
    AttentionCase attention;
    int threads = 1;
    std::int64_t row_gap = 0;  // elements between the rows of the inputs
    std::optional<Poison> poison;
};

// In this order: whether there are as many queries as keys (even: yes), queries and otherwise keys (a byte each, which
// also takes values around the sizes of tiles), key/value heads, query heads of each, dimensions of QK and V, the type,
// threads, the seed, the scale, the gap, the poison (four bytes, of which the first says whether there is one), of as
// many queries as keys the documents (their number, then a byte for the length of each), the mask, the scoring (a byte
// for each option, 0 for none; then whether the poison is one of the bias).
[[nodiscard]] AttentionProblem attention_problem(ByteReader& bytes);

}  // namespace longscope::fuzz
