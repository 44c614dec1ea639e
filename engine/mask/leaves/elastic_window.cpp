// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/mask/head_choice.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

// a + b * keys tokens.
struct Span {
    std::int64_t a = 0;
    double b = 0;
};

constexpr std::string_view accepted = "[a, b], an integer of tokens and a share of the keys from -1 to 1";

Span span_of(const Json& value, const std::string& path) {
    if (!value.is_array() || value.size() != 2) {
        throw bad_input(path, shown(value), "is not a span", accepted);
    }
    const std::int64_t a = checked_integer(value[0], path + "[0]", -max_tokens, max_tokens);
    if (!value[1].is_number() || !(std::abs(value[1].get<double>()) <= 1)) {
        throw bad_input(path + "[1]", shown(value[1]), "is not a share", accepted);
    }
    return {a, value[1].get<double>()};
}

class ElasticWindowLeaf final : public MaskLeaf {
  public:
    ElasticWindowLeaf(std::int64_t sink, std::vector<Span> spans) : sink_(sink), spans_(std::move(spans)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        check_at_most(path + ".sink", sink_, 0, domain.longest());
        const Span span = of_head(domain.head, path);
        const double tokens = std::floor(static_cast<double>(span.a) + span.b * static_cast<double>(domain.key_tokens));
        const auto seen = static_cast<std::int64_t>(std::clamp(tokens, 1.0, static_cast<double>(domain.key_tokens)));
        const Box box = domain.box();
        const std::int64_t window_begin = domain.diagonal() - seen + 1;
        return {tightened({box.q, box.k, {window_begin, domain.diagonal() + 1}}),
                tightened({box.q, {0, std::min(sink_, domain.key_tokens)}, {-max_tokens, window_begin}})};
    }
    [[nodiscard]] Json parameters() const override {
        Json spans = Json::array();
        for (const Span& span : spans_) {
            spans.push_back(Json::array({span.a, span.b}));
        }
        return {{"sink", sink_}, {"spans", std::move(spans)}};
    }
    [[nodiscard]] HeadDependence depends() const override { return {spans_.size() > 1, false}; }
    [[nodiscard]] Json at_head(std::int64_t head, std::int64_t /*layer*/, const std::string& path) const override {
        const Span span = of_head(head, path);
        return {{"elastic_window", {{"sink", sink_}, {"spans", Json::array({Json::array({span.a, span.b})})}}}};
    }

  private:
    [[nodiscard]] Span of_head(std::int64_t head, const std::string& path) const {
        if (spans_.size() == 1) {
            return spans_.front();
        }
        if (head >= static_cast<std::int64_t>(spans_.size())) {
            throw bad_input(path + ".spans", fmt::format("a list of {} spans", spans_.size()),
                            fmt::format("has none for head {}", head), "one for each head, or one for all");
        }
        return spans_[static_cast<std::size_t>(head)];
    }

    std::int64_t sink_;
    std::vector<Span> spans_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_elastic_window_leaf(JsonObject parameters) {
    const std::int64_t sink = parameters.integer("sink", 0, max_tokens);
    const std::string list = fmt::format("a list of 1 to {} spans [a, b]", max_mask_heads);
    const Json& value = parameters.required("spans", list);
    const std::string path = parameters.path_of("spans");
    if (!value.is_array() || value.empty() || value.size() > static_cast<std::size_t>(max_mask_heads)) {
        throw bad_input(path, shown(value), "is not such a list", list);
    }
    std::vector<Span> spans;
    for (std::size_t i = 0; i < value.size(); ++i) {
        spans.push_back(span_of(value[i], fmt::format("{}[{}]", path, i)));
    }
    parameters.finish();
    return std::make_shared<ElasticWindowLeaf>(sink, std::move(spans));
}

}  // namespace longscope
