// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/leaf.h"

namespace longscope {

namespace {

class DocumentsLeaf final : public MaskLeaf {
  public:
    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        if (domain.query_tokens != domain.key_tokens) {
            throw bad_input(path, fmt::format("{} queries and {} keys", domain.query_tokens, domain.key_tokens),
                            "do not hold the same documents", "as many queries as keys");
        }
        if (domain.cu_seqlens.empty()) {
            return {box_zone(domain.box())};
        }
        ZoneList zones;
        zones.reserve(domain.cu_seqlens.size() - 1);
        for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
            const Range document{domain.cu_seqlens[i], domain.cu_seqlens[i + 1]};
            if (!document.empty()) {
                zones.push_back(box_zone({document, document}));
            }
        }
        return zones;
    }
    [[nodiscard]] Json parameters() const override { return Json::object(); }
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_documents_leaf(JsonObject parameters) {
    parameters.finish();
    return std::make_shared<DocumentsLeaf>();
}

}  // namespace longscope
