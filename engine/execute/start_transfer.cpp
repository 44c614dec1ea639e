// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/start_transfer.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/execute/collective.h"

namespace longscope {

namespace {

// Of keys with their values, the values do not stand at the front.
std::span<const std::byte> leaving(const Operation& operation, RankBuffers& buffers) {
    if (operation.role != BufferRole::values) {
        return buffers.bytes(operation.buffer, operation.bytes);
    }
    const HeadView values = buffers.values(operation.buffer, operation.keys);
    const std::int64_t held = values.heads * values.tokens * values.dim * size_bytes(values.dtype);
    if (held != operation.bytes) {
        throw failed(fmt::format("schedule: operation {} sends {} bytes of values where there are {}", operation.id,
                                 operation.bytes, held));
    }
    return {static_cast<const std::byte*>(values.data), static_cast<std::size_t>(operation.bytes)};
}

std::unique_ptr<Transfer> exchange(const Operation& operation, RankBuffers& buffers, Communicator& communicator) {
    const bool same_for_all = operation.kind == OperationKind::all_gather;
    const auto sum = [](const std::vector<std::int64_t>& sizes) {
        return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    };
    const std::int64_t own = operation.sent_bytes[static_cast<std::size_t>(communicator.rank())];
    std::span<const std::byte> source = buffers.bytes(operation.buffer, same_for_all ? own : sum(operation.sent_bytes));
    std::span<std::byte> target = buffers.writable_bytes(operation.into, sum(operation.received_bytes));
    std::vector<std::span<const std::byte>> sent;
    std::vector<std::span<std::byte>> received;
    for (std::size_t rank = 0; rank < operation.sent_bytes.size(); ++rank) {
        const auto size = static_cast<std::size_t>(operation.sent_bytes[rank]);
        if (size > source.size()) {
            throw failed(fmt::format("schedule: operation {} sends more than it has", operation.id));
        }
        sent.push_back(source.first(size));
        if (!same_for_all) {
            source = source.subspan(size);
        }
        const auto arriving = static_cast<std::size_t>(operation.received_bytes[rank]);
        received.push_back(target.first(arriving));
        target = target.subspan(arriving);
    }
    return start_exchange(communicator, static_cast<Channel>(operation.group), sent, received, buffers.copies());
}

}  // namespace

std::unique_ptr<Transfer> start_transfer(const Operation& operation, RankBuffers& buffers, Communicator& communicator) {
    const auto channel = static_cast<Channel>(operation.group);
    const auto peer = static_cast<int>(operation.peer);
    switch (operation.kind) {
        case OperationKind::send:
            return communicator.send(channel, peer, leaving(operation, buffers));
        case OperationKind::recv:
            return communicator.receive(channel, peer, buffers.writable_bytes(operation.buffer, operation.bytes));
        case OperationKind::all_gather:
        case OperationKind::all_to_all:
            return exchange(operation, buffers, communicator);
        default:
            throw failed(fmt::format("schedule: operation {}: no transfer, on a stream of transfers", operation.id));
    }
}

}  // namespace longscope
