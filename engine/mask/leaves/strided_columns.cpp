// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// Columns of one key (Sparse Transformer), or of a block of keys (S2-Attention, LongGen): stride and first then count
// the keys of whole blocks.
std::shared_ptr<const MaskLeaf> parse_strided_columns_leaf(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, max_tokens);
    const std::int64_t first = parameters.integer("first", 0, stride - 1);
    const std::int64_t width = parameters.integer("width", 1, stride - first);
    parameters.finish();
    return make_striped_leaf({{"stride", stride}, {"first", first}, {"width", width}},
                             [=](const MaskDomain& domain, const std::string& /*path*/) {
                                 return under_stripe(box_zone(domain.box()), StripeAxis::key, stride, first, width);
                             });
}

}  // namespace longscope
