// SPDX-License-Identifier: GPL-3.0-or-later
// Attention as it is put together from a library of matrix products: S = Q K^T, a masked softmax, O = P V, head by head
// and a block of rows at a time. Keys that no row of a block sees are left out.
#pragma once

#include <memory>

#include "profiler/peers/gemm_library.h"
#include "profiler/peers/peer.h"

namespace longscope {

enum class BackwardWeights {
    recomputed,  // five products
    stored,      // by the forward pass, all of them: four products
};

[[nodiscard]] std::unique_ptr<Peer> make_composition(std::unique_ptr<GemmLibrary> library, BackwardWeights weights,
                                                     int threads);

}  // namespace longscope
