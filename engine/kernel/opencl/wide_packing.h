// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of a caller in the orders in which tiles are computed (resources/opencl/wide_packing.cl).
#pragma once

#include <cstdint>

#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/session.h"
#include "engine/mask/zone.h"
#include "engine/tensor/head_view.h"

namespace longscope::opencl {

struct PackedPart {
    Range heads;
    Range tokens;
    std::int64_t tile = 0;  // rows of a tile; the last one is filled up with zeros

    [[nodiscard]] std::int64_t tiles() const { return (tokens.size() + tile - 1) / tile; }
    [[nodiscard]] std::int64_t slots() const { return heads.size() * tiles(); }
};

// Elements of a row are filled up to whole steps of a product. `raw`: for a copy of the tensor, where the device needs
// one. The tensor must live until the device has read it.
void pack_panels(Session& session, const HeadView& tensor, const PackedPart& part, InputStage& raw,
                 SpareBuffer& packed);
// Elements of a row are filled up to whole panels. `not_finite`: an int of each tile of each head.
void pack_rows(Session& session, const HeadView& tensor, const PackedPart& part, InputStage& raw, SpareBuffer& packed,
               SpareBuffer& not_finite);

}  // namespace longscope::opencl
