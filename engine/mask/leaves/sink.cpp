// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaf.h"
#include "engine/mask/leaves/first_keys.h"

namespace longscope {

namespace {

// The first tokens, seen by every query at or after them (StreamingLLM, Xiao et al. 2023): a prefix that stays causal.
class SinkLeaf final : public MaskLeaf {
  public:
    explicit SinkLeaf(std::int64_t tokens) : tokens_(tokens) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return {first_keys_zone(domain, tokens_, path + ".tokens", domain.diagonal() + 1)};
    }
    [[nodiscard]] Json parameters() const override { return {{"tokens", tokens_}}; }

  private:
    std::int64_t tokens_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_sink_leaf(JsonObject parameters) {
    const std::int64_t tokens = parameters.integer("tokens", 1, max_tokens);
    parameters.finish();
    return std::make_shared<SinkLeaf>(tokens);
}

}  // namespace longscope
