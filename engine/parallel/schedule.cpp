// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/schedule.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

namespace longscope {

namespace {

constexpr std::array<std::string_view, 22> kind_words{
    "alloc",           "free",         "send",        "recv",
    "attend",          "merge",        "finalize",    "all_gather",
    "all_to_all",      "gather",       "scatter",     "scores",
    "softmax",         "weigh_values", "barrier",     "delta",
    "attend_backward", "reduce",       "scatter_add", "weigh_values_backward",
    "scores_backward", "cast"};
constexpr std::array<std::string_view, 14> role_words{
    "key_values",          "partial", "queries", "message", "output_gradients", "delta",         "query_gradients",
    "key_value_gradients", "lse",     "keys",    "values",  "scores",           "key_gradients", "value_gradients"};

}  // namespace

std::string_view to_string(OperationKind kind) {
    return kind_words.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(BufferRole role) {
    return role_words.at(static_cast<std::size_t>(role));
}

std::int64_t bytes_to_others(const Operation& operation, std::int64_t rank) {
    return std::accumulate(operation.sent_bytes.begin(), operation.sent_bytes.end(), std::int64_t{0}) -
           operation.sent_bytes.at(static_cast<std::size_t>(rank));
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
                live_bytes -= std::exchange(live[operation.buffer], 0);  // a document may free it twice
                break;
            case OperationKind::all_gather:
            case OperationKind::all_to_all:
                sums.bytes_sent += bytes_to_others(operation, schedule.rank);
                sums.bytes_received += operation.bytes;
                break;
            case OperationKind::attend:
            case OperationKind::merge:
            case OperationKind::finalize:
            case OperationKind::gather:
            case OperationKind::scatter:
            case OperationKind::scores:
            case OperationKind::softmax:
            case OperationKind::weigh_values:
            case OperationKind::weigh_values_backward:
            case OperationKind::scores_backward:
            case OperationKind::barrier:
            case OperationKind::delta:
            case OperationKind::attend_backward:
            case OperationKind::reduce:
            case OperationKind::scatter_add:
            case OperationKind::cast:
                break;
        }
    }
    return sums;
}

}  // namespace longscope
