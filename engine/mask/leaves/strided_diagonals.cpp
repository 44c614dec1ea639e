// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_strided_diagonals_leaf(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, max_tokens);
    parameters.finish();
    return make_striped_leaf({{"stride", stride}}, [=](const MaskDomain& domain, const std::string& /*path*/) {
        return under_stripe(box_zone(domain.box()), StripeAxis::diagonal, stride, domain.diagonal(), 1);
    });
}

}  // namespace longscope
