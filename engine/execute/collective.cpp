// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/collective.h"

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

namespace {

class Exchange final : public Transfer {
  public:
    explicit Exchange(std::vector<std::unique_ptr<Transfer>> parts) : parts_(std::move(parts)) {}

    [[nodiscard]] bool done() override {
        std::erase_if(parts_, [](const std::unique_ptr<Transfer>& part) { return part->done(); });
        return parts_.empty();
    }

  private:
    std::vector<std::unique_ptr<Transfer>> parts_;
};

}  // namespace

std::unique_ptr<Transfer> start_exchange(Communicator& communicator, Channel channel,
                                         const std::vector<std::span<const std::byte>>& sent,
                                         const std::vector<std::span<std::byte>>& received, CopyCount& copies) {
    const int ranks = communicator.size();
    const int own = communicator.rank();
    std::vector<std::unique_ptr<Transfer>> parts;
    // Each rank begins with its neighbour, so that not all of them send to the same one at first.
    for (int distance = 1; distance < ranks; ++distance) {
        const int from = (own - distance + ranks) % ranks;
        if (const auto block = received[static_cast<std::size_t>(from)]; !block.empty()) {
            parts.push_back(communicator.receive(channel, from, block));
        }
        const int to = (own + distance) % ranks;
        if (const auto block = sent[static_cast<std::size_t>(to)]; !block.empty()) {
            parts.push_back(communicator.send(channel, to, block));
        }
    }
    const auto from = sent[static_cast<std::size_t>(own)];
    const auto into = received[static_cast<std::size_t>(own)];
    if (from.size() != into.size()) {
        throw failed("schedule: what a rank sends to itself has another size than what it receives from itself");
    }
    copies.copy(into.data(), from);
    return std::make_unique<Exchange>(std::move(parts));
}

}  // namespace longscope
