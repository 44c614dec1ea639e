// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/communicator.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace longscope {

std::unique_ptr<Transfer> Communicator::send(Channel channel, int peer, std::span<const std::byte> payload) {
    require_in(channel, peer);
    bytes_sent_ += static_cast<std::int64_t>(payload.size());
    return start_send(channel, peer, payload);
}

std::unique_ptr<Transfer> Communicator::receive(Channel channel, int peer, std::span<std::byte> payload) {
    require_in(channel, peer);
    bytes_received_ += static_cast<std::int64_t>(payload.size());
    return start_receive(channel, peer, payload);
}

void Communicator::open_channels(const std::vector<std::vector<int>>& groups) {
    replace_channels(groups);
    channels_ = groups;
}

void Communicator::require_in(Channel channel, int peer) const {
    if (channel == channel_of_all) {
        return;
    }
    if (channel < 0 || channel >= static_cast<Channel>(channels_.size())) {
        throw failed(fmt::format("channel {} is not open: there are {}", channel, channels_.size()));
    }
    const std::vector<int>& ranks = channels_[static_cast<std::size_t>(channel)];
    if (!std::binary_search(ranks.begin(), ranks.end(), peer)) {
        throw failed(fmt::format("channel {} is without rank {}", channel, peer));
    }
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
