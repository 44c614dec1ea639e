// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/checkpoint_account.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace longscope {

namespace {

std::int64_t bytes_received(const Operation& operation) {
    const bool receives = operation.kind == OperationKind::recv || operation.kind == OperationKind::all_gather ||
                          operation.kind == OperationKind::all_to_all;
    return receives ? operation.bytes : 0;
}

}  // namespace

void CheckpointAccount::add(const CheckpointAccount& rank) {
    kept_bytes = std::max(kept_bytes, rank.kept_bytes);
    forward_flops += rank.forward_flops;
    forward_bytes_received += rank.forward_bytes_received;
    flops += rank.flops;
    bytes_received += rank.bytes_received;
}

CheckpointAccount checkpoint_account(const Schedule& schedule) {
    CheckpointAccount account;
    std::map<std::int64_t, std::int64_t> live;  // bytes of each buffer
    for (const Operation& operation : schedule.operations) {
        account.flops += operation.flops;
        account.bytes_received += bytes_received(operation);
        switch (operation.kind) {
            case OperationKind::alloc:
                live[operation.buffer] = operation.bytes;
                break;
            case OperationKind::free:
                live.erase(operation.buffer);
                break;
            case OperationKind::barrier:
                account.forward_flops = account.flops;
                account.forward_bytes_received = account.bytes_received;
                account.kept_bytes =
                    std::accumulate(live.begin(), live.end(), std::int64_t{0},
                                    [](std::int64_t sum, const auto& one) { return sum + one.second; });
                break;
            default:
                break;
        }
    }
    return account;
}

}  // namespace longscope
