// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/composition.h"
#include "profiler/peers/peer.h"
#include "profiler/peers/python_peer.h"

namespace longscope {

namespace {

template <std::unique_ptr<GemmLibrary> (*load)(), BackwardWeights weights>
std::unique_ptr<Peer> composed(const PeerSettings& settings) {
    return make_composition(load(), weights, settings.threads);
}

template <TorchAttention attention>
std::unique_ptr<Peer> torch(const PeerSettings& settings) {
    return make_python_peer(attention, settings);
}

}  // namespace

const std::vector<PeerEntry>& peers() {
    static const std::vector<PeerEntry> registry{
        {"OpenBLAS", "products by cblas_sgemm, a vectorised softmax; scores again in the backward pass", true, true,
         composed<load_openblas, BackwardWeights::recomputed>},
        {"OpenBLAS, stored", "the same with all weights stored by the forward pass", false, true,
         composed<load_openblas, BackwardWeights::stored>},
        {"oneDNN", "products by dnnl_sgemm, a vectorised softmax; scores again in the backward pass", true, true,
         composed<load_onednn, BackwardWeights::recomputed>},
        {"oneDNN, stored", "the same with all weights stored by the forward pass", false, true,
         composed<load_onednn, BackwardWeights::stored>},
        {"PyTorch flash", "scaled_dot_product_attention, its flash kernel", true, true, torch<TorchAttention::flash>},
        {"PyTorch math", "scaled_dot_product_attention, its plain composition", true, true,
         torch<TorchAttention::math>},
        {"PyTorch flex", "FlexAttention, compiled where there is a compiler", true, true, torch<TorchAttention::flex>},
    };
    return registry;
}

}  // namespace longscope
