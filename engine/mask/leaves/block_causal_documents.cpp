// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_block_causal_documents_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"block", block}}, [=](const MaskDomain& domain, const std::string& path) {
        const std::vector<Range> documents = documents_of(domain, path);
        std::int64_t blocks = 0;
        for (const Range document : documents) {
            blocks += ceil_divided(document.size(), block);
        }
        check_zone_count(blocks, path);
        ZoneList zones;
        for (const Range document : documents) {
            for (std::int64_t begin = document.begin; begin < document.end; begin += block) {
                const std::int64_t end = std::min(begin + block, document.end);
                zones.push_back(box_zone({{begin, end}, {document.begin, end}}));
            }
        }
        return zones;
    });
}

}  // namespace longscope
