// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/fail_condition.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <utility>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::array<std::pair<std::string_view, double>, 12> units{{{"", 1},
                                                                     {"ns", 1},
                                                                     {"us", 1e3},
                                                                     {"ms", 1e6},
                                                                     {"s", 1e9},
                                                                     {"B", 1},
                                                                     {"KiB", 1024.0},
                                                                     {"MiB", 1024.0 * 1024},
                                                                     {"GiB", 1024.0 * 1024 * 1024},
                                                                     {"GFLOP/s", 1e9},
                                                                     {"TFLOP/s", 1e12},
                                                                     {"PFLOP/s", 1e15}}};

Error refused(const std::string& text) {
    std::string names;
    for (const Metric& metric : metrics()) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", metric.name);
    }
    return bad_input(
        "--fail-if", fmt::format("'{}'", text), "is not a condition",
        fmt::format("METRIC > NUMBERx for a ratio, as 'time > 1.05x', or METRIC > NUMBER [UNIT]; <, >= and "
                    "<= too; metrics: {}; units: ns, us, ms, s, B, KiB, MiB, GiB, GFLOP/s, TFLOP/s",
                    names));
}

}  // namespace

FailCondition::FailCondition(const std::string& text) : text_(text) {
    static const std::regex form(
        R"(\s*([a-z]+)\s*(>=|<=|>|<)\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z/]*)\s*)");
    std::smatch match;
    if (text.size() > 200 || !std::regex_match(text, match, form)) {
        throw refused(text);
    }
    for (const Metric& metric : metrics()) {
        if (metric.name == match[1].str()) {
            metric_ = &metric;
        }
    }
    greater_ = match[2].str()[0] == '>';
    or_equal_ = match[2].length() == 2;
    value_ = std::strtod(match[3].str().c_str(), nullptr);
    as_ratio_ = match[4] == "x";
    bool known = as_ratio_;
    for (const auto& [unit, factor] : units) {
        if (match[4].str() == unit) {
            known = true;
            value_ *= factor;
        }
    }
    if (metric_ == nullptr || !known || !std::isfinite(value_)) {
        throw refused(text);
    }
}

bool FailCondition::holds(const Figure& a, const Figure& b) const {
    const double figure = as_ratio_ ? ratio(a, b).middle : b.middle;
    if (std::isnan(figure)) {
        throw failed(fmt::format("--fail-if '{}': {} is not known of both runs", text_, metric_->name));
    }
    if (or_equal_ && figure == value_) {
        return true;
    }
    return greater_ ? figure > value_ : figure < value_;
}

}  // namespace longscope
