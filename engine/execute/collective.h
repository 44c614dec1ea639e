// SPDX-License-Identifier: GPL-3.0-or-later
// Exchanges among all ranks, made of the transfers of a communicator, which counts them.
#pragma once

#include <memory>
#include <vector>

#include "engine/execute/communicator.h"
#include "engine/execute/copy_count.h"

namespace longscope {

// Block p goes to rank p, block p of `received` comes from rank p; the own block is copied at once. The memory must
// stay until done() has returned true. Every rank calls it, in the same order.
[[nodiscard]] std::unique_ptr<Transfer> start_exchange(Communicator& communicator, Channel channel,
                                                       const std::vector<std::span<const std::byte>>& sent,
                                                       const std::vector<std::span<std::byte>>& received,
                                                       CopyCount& copies);

}  // namespace longscope
