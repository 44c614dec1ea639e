// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_profile.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace longscope {

namespace {

constexpr std::array<std::string_view, buffer_role_count> role_names{
    "keys and values", "partial results",         "queries", "messages", "output gradients", "delta",
    "query gradients", "key and value gradients", "lse",     "keys",     "values",           "score rows",
    "key gradients",   "value gradients"};
static_assert(!role_names.back().empty());

bool changes_memory(const Operation& operation) {
    return operation.kind == OperationKind::alloc || operation.kind == OperationKind::free;
}

// The step that each operation stands in: what allocates and frees has none of its own, and comes with what is written
// before it.
std::vector<std::int32_t> steps_in_order(const Schedule& schedule) {
    std::vector<std::int32_t> steps;
    std::int32_t step = 0;
    for (const Operation& operation : schedule.operations) {
        if (!changes_memory(operation)) {
            step = std::max(step, operation.step);
        }
        steps.push_back(step);
    }
    return steps;
}

}  // namespace

std::int64_t sum_of(const BytesByRole& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
}

std::string_view role_name(BufferRole role) {
    return role_names.at(static_cast<std::size_t>(role));
}

MemoryProfile memory_profile(const Schedule& schedule, const AttentionShape& shape, HeldTokens tokens) {
    MemoryProfile profile;
    profile.input_bytes = memory_ledger(0, shape, tokens, schedule.pass).input_bytes;
    const std::vector<std::int32_t> steps = steps_in_order(schedule);
    struct Buffer {
        BufferRole role = BufferRole::message;
        std::int64_t bytes = 0;
    };
    std::map<std::int64_t, Buffer> live;
    BytesByRole now{};
    std::size_t begin = 0;  // of the operations of this step
    std::size_t end = 0;
    for (std::size_t i = 0; i < schedule.operations.size(); ++i) {
        if (i == end) {
            begin = i;
            end = static_cast<std::size_t>(std::upper_bound(steps.begin(), steps.end(), steps[i]) - steps.begin());
        }
        const Operation& operation = schedule.operations[i];
        if (!changes_memory(operation)) {
            continue;
        }
        if (operation.kind == OperationKind::alloc) {
            live[operation.buffer] = {operation.role, operation.bytes};
            now.at(static_cast<std::size_t>(operation.role)) += operation.bytes;
        } else {
            const Buffer gone = std::exchange(live[operation.buffer], {});  // a document may free it twice
            now.at(static_cast<std::size_t>(gone.role)) -= gone.bytes;
        }
        const double share = static_cast<double>(i - begin) / static_cast<double>(end - begin);
        profile.changes.push_back({steps[i] + share, steps[i], now});
        if (const std::int64_t held = sum_of(now); held > profile.peak_buffer_bytes) {
            profile.peak_buffer_bytes = held;
            profile.peak = profile.changes.size() - 1;
        }
    }
    return profile;
}

}  // namespace longscope
