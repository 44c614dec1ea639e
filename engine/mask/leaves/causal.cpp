// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaf.h"

namespace longscope {

namespace {

class CausalLeaf final : public MaskLeaf {
  public:
    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& /*path*/) const override {
        const Box box = domain.box();
        return {tightened({box.q, box.k, {-domain.query_tokens, domain.diagonal() + 1}})};
    }
    [[nodiscard]] Json parameters() const override { return Json::object(); }
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): all leaves are parsed by functions of one type.
std::shared_ptr<const MaskLeaf> parse_causal_leaf(JsonObject parameters) {
    parameters.finish();
    return std::make_shared<CausalLeaf>();
}

}  // namespace longscope
