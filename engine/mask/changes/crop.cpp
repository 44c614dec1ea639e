// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/change.h"

namespace longscope {

namespace {

Range range_of(JsonObject& parameters, const std::string& name) {
    const std::string accepted =
        fmt::format("[begin, end], two integers from 0 to {}, the first below the second", max_tokens);
    const Json& value = parameters.required(name, accepted);
    const std::string path = parameters.path_of(name);
    if (!value.is_array() || value.size() != 2) {
        throw bad_input(path, shown(value), "is not a range", accepted);
    }
    const Range range{checked_integer(value[0], path + "[0]", 0, max_tokens),
                      checked_integer(value[1], path + "[1]", 0, max_tokens)};
    if (range.empty()) {
        throw bad_input(path, shown(value), "is empty", accepted);
    }
    return range;
}

class Crop final : public MaskChange {
  public:
    Crop(Range queries, Range keys) : box_{queries, keys} {}

    [[nodiscard]] ZoneTree tree(const Operand& operand, const MaskDomain& domain,
                                const std::string& path) const override {
        check(box_.q, std::max(domain.query_tokens, domain.whole_tokens), path + ".queries");
        check(box_.k, domain.longest(), path + ".keys");
        const Box all = domain.box();
        return kept_in({intersect(box_.q, all.q), intersect(box_.k, all.k)}, operand(domain));
    }
    [[nodiscard]] Json parameters() const override {
        return {{"queries", {box_.q.begin, box_.q.end}}, {"keys", {box_.k.begin, box_.k.end}}};
    }

  private:
    static void check(const Range& range, std::int64_t tokens, const std::string& field) {
        if (range.end > tokens) {
            throw bad_input(field, fmt::format("[{}, {}]", range.begin, range.end), "reaches beyond the sequence",
                            fmt::format("an end of at most {}", tokens));
        }
    }

    Box box_;
};

}  // namespace

std::shared_ptr<const MaskChange> parse_crop(JsonObject& parameters) {
    const Range queries = range_of(parameters, "queries");
    return std::make_shared<Crop>(queries, range_of(parameters, "keys"));
}

}  // namespace longscope
