// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/communicator.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace longscope {

std::unique_ptr<Transfer> Communicator::send(int peer, std::span<const std::byte> payload) {
    bytes_sent_ += static_cast<std::int64_t>(payload.size());
    return start_send(peer, payload);
}

std::unique_ptr<Transfer> Communicator::receive(int peer, std::span<std::byte> payload) {
    bytes_received_ += static_cast<std::int64_t>(payload.size());
    return start_receive(peer, payload);
}

void require_same_plan(Communicator& communicator, std::uint64_t hash) {
    const std::vector<std::int64_t> hashes = communicator.all_gather(static_cast<std::int64_t>(hash));
    for (std::size_t rank = 1; rank < hashes.size(); ++rank) {
        if (hashes[rank] != hashes[0]) {
            throw failed(
                fmt::format("rank {} has another plan ({}) than rank 0 ({}): do all ranks run the same build "
                            "of longscope on the same experiment?",
                            rank, hash_text(static_cast<std::uint64_t>(hashes[rank])),
                            hash_text(static_cast<std::uint64_t>(hashes[0]))));
        }
    }
}

}  // namespace longscope
