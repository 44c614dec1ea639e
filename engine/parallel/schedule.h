// SPDX-License-Identifier: GPL-3.0-or-later
// What one rank does for one attention, as plain data: streams of operations in order, with explicit dependencies
// between streams. A strategy writes it; it is stored as JSON; the executor (and a simulator) works from what was read
// back. Mask and positions are not in it: operations name the token sets that the dispatch gave to the ranks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/parallel/stream.h"

namespace longscope {

enum class OperationKind : std::uint8_t {
    alloc,     // buffer `buffer` of `bytes`, of the given role
    free,      // buffer `buffer`
    send,      // the content of `buffer` to `peer`
    recv,      // into `buffer` from `peer`; it then holds keys and values of token set `keys`
    attend,    // queries of token set `queries` over the keys in `buffer`; result replaces partial `partial`
    merge,     // partial `partial` into partial `into`
    finalize,  // partial `partial` becomes the output
};

enum class BufferRole : std::uint8_t { key_values, partial };

[[nodiscard]] std::string_view to_string(OperationKind kind);
[[nodiscard]] std::string_view to_string(BufferRole role);

// Fields that a kind does not use stay at -1 or 0.
struct Operation {
    std::int64_t id = 0;  // position in Schedule::operations
    OperationKind kind = OperationKind::alloc;
    Stream stream = Stream::compute;
    std::int32_t step = 0;
    std::vector<std::int64_t> after;  // operations of other streams that must have completed
    BufferRole role = BufferRole::key_values;
    std::int64_t buffer = -1;
    std::int64_t bytes = 0;     // alloc: size; send, recv: payload
    std::int64_t peer = -1;     // rank
    std::int64_t flow = -1;     // the same at sender and receiver, unique in the run
    std::int64_t queries = -1;  // token set = rank of the dispatch
    std::int64_t keys = -1;
    std::int64_t partial = -1;  // buffer
    std::int64_t into = -1;     // buffer
    std::int64_t pairs = 0;     // exact, of one head
    double flops = 0;           // of all heads

    [[nodiscard]] bool operator==(const Operation&) const = default;
};

struct Schedule {
    std::string strategy;
    std::int64_t ranks = 0;
    std::int64_t rank = 0;
    std::vector<Operation> operations;

    [[nodiscard]] bool operator==(const Schedule&) const = default;
};

// Buffer 0 of every schedule: the rank's own keys and values, which exist before it starts and outlive it.
inline constexpr std::int64_t own_key_values = 0;

// Sums that follow from the operations alone.
struct ScheduleTotals {
    std::int64_t bytes_sent = 0;
    std::int64_t bytes_received = 0;
    std::int64_t pairs = 0;
    double flops = 0;
    std::int64_t peak_buffer_bytes = 0;  // of alloc less free, in the order of the compute stream
};
[[nodiscard]] ScheduleTotals totals(const Schedule& schedule);

[[nodiscard]] Json to_json(const Schedule& schedule);
// Throws Error(bad_input) when the document is not a schedule, or names operations, buffers or ranks that are not
// there.
[[nodiscard]] Schedule schedule_from_json(const Json& document);

}  // namespace longscope
