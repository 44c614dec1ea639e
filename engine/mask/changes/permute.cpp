// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/change.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/permuted_mask.h"
#include "engine/mask/permuted_zones.h"
#include "engine/mask/token_order.h"

namespace longscope {

namespace {

// The pair (q, k) is kept when the mask keeps (token q of the rows' order, token k of the columns').
class Permute final : public MaskChange {
  public:
    Permute(std::string axis, TokenOrder order) : axis_(std::move(axis)), order_(std::move(order)) {}

    [[nodiscard]] ZoneTree tree(const Operand& operand, const MaskDomain& domain,
                                const std::string& path) const override {
        if (axis_ == "both") {
            check_square(domain, path);
        }
        const std::string field = path + ".order." + order_.written.begin().key();
        const auto order_of = [&](const char* own_axis, std::int64_t tokens) {
            return axis_ == own_axis || axis_ == "both" ? order_.over(tokens, domain.whole_tokens, field)
                                                        : Permutation(tokens);
        };
        Permutation rows = order_of("rows", domain.query_tokens);
        Permutation columns = order_of("columns", domain.key_tokens);
        ZoneTree inner = cut_to(domain.box(), operand(domain));
        if (rows.is_identity() && columns.is_identity()) {
            return inner;
        }
        if (std::optional<ZoneTree> moved = permuted(inner, rows, columns)) {
            return std::move(*moved);
        }
        const std::shared_ptr<const Mask> mask =
            compile_tree(std::make_shared<const ZoneTree>(std::move(inner)), domain.query_tokens, domain.key_tokens);
        return ZoneTree::of(permuted_mask(mask, std::move(rows), std::move(columns), field));
    }
    [[nodiscard]] Json parameters() const override { return {{"axis", axis_}, {"order", order_.written}}; }

  private:
    std::string axis_;
    TokenOrder order_;
};

}  // namespace

std::shared_ptr<const MaskChange> parse_permute(JsonObject& parameters) {
    std::string axis = parameters.choice("axis", {"rows", "columns", "both"});
    const Json& order = parameters.required("order", "an order of tokens, such as {\"interleave\": {\"stride\": 256}}");
    return std::make_shared<Permute>(std::move(axis), parse_token_order(order, parameters.path_of("order")));
}

}  // namespace longscope
