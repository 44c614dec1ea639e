// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

namespace {

class GridLeaf final : public MaskLeaf {
  public:
    GridLeaf(std::int64_t stride, std::int64_t query_phase, std::int64_t key_phase)
        : stride_(stride), query_phase_(query_phase), key_phase_(key_phase) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return disjoint_zones(tree(domain, path), domain.box());
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        check_at_most(path + ".stride", stride_, 1, domain.longest());
        const Zone causal = causal_at(domain, {domain.diagonal(), domain.key_tokens}, {0, domain.key_tokens});
        const auto lines = [&](StripeAxis axis, std::int64_t first) {
            ZoneSet parts;
            append_part(under_stripe(causal, axis, stride_, first, 1), causal, parts);
            return ZoneTree{ZoneTree::Kind::zones, std::move(parts.zones), {}, std::move(parts.striped)};
        };
        return {ZoneTree::Kind::any_of,
                {},
                {lines(StripeAxis::query, query_phase_ - domain.diagonal()), lines(StripeAxis::key, key_phase_)}};
    }
    [[nodiscard]] Json parameters() const override {
        return {{"stride", stride_}, {"query_phase", query_phase_}, {"key_phase", key_phase_}};
    }

  private:
    std::int64_t stride_;
    std::int64_t query_phase_;
    std::int64_t key_phase_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_grid_leaf(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, max_tokens);
    const std::int64_t query_phase = parameters.integer("query_phase", 0, stride - 1);
    const std::int64_t key_phase = parameters.integer("key_phase", 0, stride - 1);
    parameters.finish();
    return std::make_shared<GridLeaf>(stride, query_phase, key_phase);
}

}  // namespace longscope
