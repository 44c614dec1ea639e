// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_prefix_documents_leaf(JsonObject parameters) {
    const std::int64_t tokens = parameters.integer("tokens", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"tokens", tokens}}, [=](const MaskDomain& domain, const std::string& path) {
        check_at_most(path + ".tokens", tokens, 1, domain.longest());
        ZoneList zones;
        for (const Range document : documents_of(domain, path)) {
            zones.push_back(box_zone({document, {document.begin, std::min(document.begin + tokens, document.end)}}));
        }
        return zones;
    });
}

}  // namespace longscope
