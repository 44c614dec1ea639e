// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/schedule.h"

#include <algorithm>
#include <array>
#include <map>

namespace longscope {

namespace {

constexpr std::array<std::string_view, 7> kind_words{"alloc", "free", "send", "recv", "attend", "merge", "finalize"};
constexpr std::array<std::string_view, 2> role_words{"key_values", "partial"};

}  // namespace

std::string_view to_string(OperationKind kind) {
    return kind_words.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(BufferRole role) {
    return role_words.at(static_cast<std::size_t>(role));
}

ScheduleTotals totals(const Schedule& schedule) {
    ScheduleTotals sums;
    std::map<std::int64_t, std::int64_t> live;
    std::int64_t live_bytes = 0;
    for (const Operation& operation : schedule.operations) {
        sums.pairs += operation.pairs;
        sums.flops += operation.flops;
        switch (operation.kind) {
            case OperationKind::send:
                sums.bytes_sent += operation.bytes;
                break;
            case OperationKind::recv:
                sums.bytes_received += operation.bytes;
                break;
            case OperationKind::alloc:
                live[operation.buffer] = operation.bytes;
                live_bytes += operation.bytes;
                sums.peak_buffer_bytes = std::max(sums.peak_buffer_bytes, live_bytes);
                break;
            case OperationKind::free:
                live_bytes -= live[operation.buffer];
                break;
            case OperationKind::attend:
            case OperationKind::merge:
            case OperationKind::finalize:
                break;
        }
    }
    return sums;
}

}  // namespace longscope
