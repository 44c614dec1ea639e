// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_causal_blockwise_leaf(JsonObject parameters) {
    parameters.finish();
    return make_leaf(Json::object(), [](const MaskDomain& domain, const std::string& path) {
        std::vector<Range> documents = documents_of(domain, path);
        const Range last = documents.back();
        documents.pop_back();
        ZoneList zones;
        for (const Range document : documents) {
            zones.push_back(causal_at(domain, document, document));
        }
        zones.push_back(causal_at(domain, last, {0, domain.key_tokens}));
        return zones;
    });
}

}  // namespace longscope
