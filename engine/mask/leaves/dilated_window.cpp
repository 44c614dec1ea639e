// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_dilated_window_leaf(JsonObject parameters) {
    const std::int64_t left = parameters.integer("left", 0, max_tokens);
    const std::int64_t right = parameters.integer("right", 0, max_tokens);
    const std::int64_t dilation = parameters.integer("dilation", 1, max_tokens);
    parameters.finish();
    return make_striped_leaf({{"left", left}, {"right", right}, {"dilation", dilation}}, [=](const MaskDomain& domain,
                                                                                             const std::string& path) {
        const std::int64_t most = (domain.longest() - 1) / dilation;
        check_at_most(path + ".left", left, 0, most);
        check_at_most(path + ".right", right, 0, most);
        Zone band = box_zone(domain.box());
        band.d = {domain.diagonal() - left * dilation, domain.diagonal() + right * dilation + 1};
        return under_stripe(band, StripeAxis::diagonal, dilation, domain.diagonal(), 1);
    });
}

}  // namespace longscope
