// SPDX-License-Identifier: GPL-3.0-or-later
// Packing of documents into one sequence: the lengths of the documents, in order, for one of several independent draws.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/workload/length_source.h"

namespace longscope {

// A sequence is packed from at most this many documents, which bounds the memory and the time that a source of tiny
// documents can ask for.
inline constexpr std::int64_t max_documents = std::int64_t{1} << 22;

// Lengths of at least 1 that sum to exactly `tokens` (at least 1): drawn from the source one after the other, the last
// one cut to fit. A pure function of its arguments; draws 0, 1, 2, ... are independent of one another. Of a fixed
// source: its lengths, in every draw. Throws Error(bad_input) when fixed lengths sum to something else, or when it
// takes more than max_documents.
[[nodiscard]] std::vector<std::int64_t> draw_documents(const LengthSource& source, std::int64_t tokens,
                                                       std::uint64_t seed, std::int64_t draw);

// [0, l0, l0 + l1, ...], as varlen kernels take them.
[[nodiscard]] std::vector<std::int64_t> cu_seqlens(const std::vector<std::int64_t>& lengths);

}  // namespace longscope
