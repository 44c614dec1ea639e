// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

class DocumentsLeaf final : public MaskLeaf {
  public:
    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        ZoneList zones;
        for (const Range document : documents_of(domain, path)) {
            zones.push_back(box_zone({document, document}));
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
