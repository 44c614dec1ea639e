// SPDX-License-Identifier: GPL-3.0-or-later
// Inputs that are copied in pieces: how large a piece is, and the first one of the call that comes next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// What a key/value head and its query heads take.
struct HeadBytes {
    std::int64_t copied = 0;  // of inputs, where they are copied
    std::int64_t packed = 0;  // of the device's memory, in the order in which it computes
};

// Key/value heads that are computed at once, from 1 to all of them: as many as the device has room for; where inputs
// are copied those of the next piece are on their way while this one is computed, and outputs of the last one.
[[nodiscard]] std::int64_t heads_of_piece(const Session& session, HeadBytes head, std::int64_t heads);

// The hooks for the last piece of a call: whoever polls asks for the next call too, until it is told; then it stands in
// `ahead` and `copy` is called. All arguments outlive the hooks.
[[nodiscard]] AttendHooks asking_for_next(const Session& session, const AttendHooks& hooks,
                                          std::shared_ptr<const ReadAhead>& ahead,
                                          std::function<void(const ReadAhead&)> copy);

// A call begins: was it told ahead? From now on nothing is.
[[nodiscard]] bool was_told_ahead(const AttendHooks& hooks, std::shared_ptr<const ReadAhead>& ahead);

}  // namespace longscope::opencl
