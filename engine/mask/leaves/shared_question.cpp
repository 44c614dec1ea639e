// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_shared_question_leaf(JsonObject parameters) {
    parameters.finish();
    return make_leaf(Json::object(), [](const MaskDomain& domain, const std::string& path) {
        const std::vector<Range> documents = documents_of(domain, path);
        ZoneList zones;
        for (const Range document : documents) {
            zones.push_back(causal_at(domain, document, document));
        }
        const Range question = documents.front();
        zones.push_back(box_at(domain, {question.end, domain.key_tokens}, question));
        return zones;
    });
}

}  // namespace longscope
