// SPDX-License-Identifier: GPL-3.0-or-later
// Partial results over parts of the keys, merged on the device (resources/opencl/merge_parts.cl).
#pragma once

#include <cstdint>

#include "engine/kernel/opencl/session.h"
#include "engine/kernel/scoring.h"

namespace longscope::opencl {

// Memory of the device that is kept from call to call: of each part and row the output, the base of the weights and
// their sum.
struct PartBuffers {
    SpareBuffer outputs, bases, sums;

    // Makes room.
    void reserve(const Session& session, std::int64_t parts, std::int64_t rows, std::int64_t dim);
};

struct MergedRows {
    std::int64_t parts = 1;
    std::int64_t rows = 0;  // of all heads
    std::int64_t dim = 0;
};

// In the order of the parts. `from` holds their results.
void merge_parts(Session& session, const Scoring& scoring, const MergedRows& what, PartBuffers& from,
                 const cl::Buffer& output, const cl::Buffer& lse);

}  // namespace longscope::opencl
