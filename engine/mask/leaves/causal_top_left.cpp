// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_causal_top_left_leaf(JsonObject parameters) {
    parameters.finish();
    return make_leaf(Json::object(), [](const MaskDomain& domain, const std::string& /*path*/) -> ZoneList {
        const Box box = domain.box();
        return {tightened({box.q, box.k, {-domain.query_tokens, 1}})};
    });
}

}  // namespace longscope
