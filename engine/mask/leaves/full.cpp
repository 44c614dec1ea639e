// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaf.h"

namespace longscope {

namespace {

class FullLeaf final : public MaskLeaf {
  public:
    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& /*path*/) const override {
        return {box_zone(domain.box())};
    }
    [[nodiscard]] Json parameters() const override { return Json::object(); }
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_full_leaf(JsonObject parameters) {
    parameters.finish();
    return std::make_shared<FullLeaf>();
}

}  // namespace longscope
