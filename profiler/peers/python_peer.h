// SPDX-License-Identifier: GPL-3.0-or-later
// PyTorch's attention in a child process that runs resources/peers/torch_peer.py. Tensors and masks go through files,
// times and reasons through one JSON line each.
#pragma once

#include <memory>
#include <string>

#include "profiler/peers/peer.h"

namespace longscope {

enum class TorchAttention { flash, math, flex };

// Throws Error(unsupported) without a Python program, Error(failed) where that has no PyTorch.
[[nodiscard]] std::unique_ptr<Peer> make_python_peer(TorchAttention attention, const PeerSettings& settings);

}  // namespace longscope
