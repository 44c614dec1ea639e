// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/change.h"

namespace longscope {

namespace {

// The pair (q, k) is kept when the mask keeps (q - queries, k - keys), which must be a pair of the matrix.
class Shift final : public MaskChange {
  public:
    Shift(std::int64_t queries, std::int64_t keys) : queries_(queries), keys_(keys) {}

    [[nodiscard]] ZoneTree tree(const Operand& operand, const MaskDomain& domain,
                                const std::string& /*path*/) const override {
        const Box all = domain.box();
        const Box moved{intersect(all.q, {all.q.begin + queries_, all.q.end + queries_}),
                        intersect(all.k, {all.k.begin + keys_, all.k.end + keys_})};
        return kept_in(moved, translated(operand(domain), queries_, keys_));
    }
    [[nodiscard]] Json parameters() const override { return {{"queries", queries_}, {"keys", keys_}}; }

  private:
    std::int64_t queries_;
    std::int64_t keys_;
};

}  // namespace

std::shared_ptr<const MaskChange> parse_shift(JsonObject& parameters) {
    const std::int64_t queries = parameters.integer("queries", -max_tokens, max_tokens);
    const std::int64_t keys = parameters.integer("keys", -max_tokens, max_tokens);
    return std::make_shared<Shift>(queries, keys);
}

}  // namespace longscope
