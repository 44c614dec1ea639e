// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/custom/condition.h"
#include "engine/mask/custom/condition_zones.h"
#include "engine/mask/leaf.h"

namespace longscope {

namespace {

// What a user wrote as a condition.
class CustomLeaf final : public MaskLeaf {
  public:
    CustomLeaf(std::string text, Condition condition) : text_(std::move(text)), condition_(std::move(condition)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return disjoint_zones(tree(domain, path), domain.box());
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        return condition_zones(condition_, domain, path + ".expression");
    }
    [[nodiscard]] Json parameters() const override { return {{"expression", text_}}; }
    [[nodiscard]] HeadDependence depends() const override {
        return {mentions(condition_, Condition::Kind::head), mentions(condition_, Condition::Kind::layer)};
    }
    [[nodiscard]] Json at_head(std::int64_t head, std::int64_t layer, const std::string& /*path*/) const override {
        return {{"custom", {{"expression", condition_at_head(text_, head, layer)}}}};
    }

  private:
    std::string text_;
    Condition condition_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_custom_leaf(JsonObject parameters) {
    std::string text = parameters.text("expression", "a condition such as \"k <= q && q - k < 1024\"");
    Condition condition = parse_condition(text, parameters.path_of("expression"));
    parameters.finish();
    return std::make_shared<CustomLeaf>(std::move(text), std::move(condition));
}

}  // namespace longscope
