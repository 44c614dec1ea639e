// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/leaf.h"

namespace longscope {

namespace {

// Both ends included, as in flash-attention's window_size: a causal window of w keeps w + 1 keys.
class WindowLeaf final : public MaskLeaf {
  public:
    WindowLeaf(std::int64_t left, std::int64_t right) : left_(left), right_(right) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        check(path + ".left", left_, domain);
        check(path + ".right", right_, domain);
        const Box box = domain.box();
        return {tightened({box.q, box.k, {domain.diagonal() - left_, domain.diagonal() + right_ + 1}})};
    }
    [[nodiscard]] Json parameters() const override { return {{"left", left_}, {"right", right_}}; }

  private:
    static void check(const std::string& field, std::int64_t value, const MaskDomain& domain) {
        if (value >= domain.longest()) {
            throw bad_input(field, std::to_string(value), "is larger than the sequence",
                            fmt::format("an integer from 0 to {}", domain.longest() - 1));
        }
    }
    std::int64_t left_;
    std::int64_t right_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_window_leaf(JsonObject parameters) {
    const std::int64_t left = parameters.integer("left", 0, max_tokens);
    const std::int64_t right = parameters.integer("right", 0, max_tokens);
    parameters.finish();
    return std::make_shared<WindowLeaf>(left, right);
}

}  // namespace longscope
