// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/leaf_support.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

class LeafOfZones final : public MaskLeaf {
  public:
    LeafOfZones(Json parameters, LeafZones zones) : parameters_(std::move(parameters)), zones_(std::move(zones)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return zones_(domain, path);
    }
    [[nodiscard]] Json parameters() const override { return parameters_; }

  private:
    Json parameters_;
    LeafZones zones_;
};

class LeafOfStripes final : public MaskLeaf {
  public:
    LeafOfStripes(Json parameters, LeafStriped striped)
        : parameters_(std::move(parameters)), striped_(std::move(striped)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return disjoint_zones(tree(domain, path), domain.box());
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        ZoneSet parts;
        append_part(striped_(domain, path), box_zone(domain.box()), parts);
        ZoneTree tree;
        tree.zones = std::move(parts.zones);
        tree.striped = std::move(parts.striped);
        return tree;
    }
    [[nodiscard]] Json parameters() const override { return parameters_; }

  private:
    Json parameters_;
    LeafStriped striped_;
};

constexpr Range any_difference{-2 * max_tokens, 2 * max_tokens};

}  // namespace

std::shared_ptr<const MaskLeaf> make_leaf(Json parameters, LeafZones zones) {
    return std::make_shared<LeafOfZones>(std::move(parameters), std::move(zones));
}

std::shared_ptr<const MaskLeaf> make_striped_leaf(Json parameters, LeafStriped striped) {
    return std::make_shared<LeafOfStripes>(std::move(parameters), std::move(striped));
}

StripedZone under_stripe(const Zone& zone, StripeAxis axis, std::int64_t modulus, std::int64_t first,
                         std::int64_t width) {
    return width == modulus ? StripedZone(zone) : StripedZone(zone, Stripe::of(axis, modulus, first, width));
}

namespace {

std::vector<std::int64_t> checked_list(const Json& value, const std::string& path, std::int64_t min, std::int64_t max,
                                       std::int64_t least, std::int64_t& entries_left) {
    if (!value.is_array() || value.size() < static_cast<std::size_t>(least) ||
        value.size() > static_cast<std::size_t>(entries_left)) {
        throw bad_input(path, value.is_array() ? fmt::format("a list of {} entries", value.size()) : shown(value),
                        "is not such a list", fmt::format("a list of {} to {} integers", least, entries_left));
    }
    entries_left -= static_cast<std::int64_t>(value.size());
    std::vector<std::int64_t> numbers;
    numbers.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        const Json& entry = value[i];
        // Of a million entries the path is made for the one that does not fit.
        const bool fits = entry.is_number_integer() && entry >= min && entry <= max &&
                          !(entry.is_number_unsigned() && entry.get<std::uint64_t>() > INT64_MAX);
        numbers.push_back(fits ? entry.get<std::int64_t>()
                               : checked_integer(entry, fmt::format("{}[{}]", path, i), min, max));
    }
    return numbers;
}

}  // namespace

std::vector<std::int64_t> checked_integers(JsonObject& parameters, const std::string& name, std::int64_t min,
                                           std::int64_t max, std::int64_t least) {
    std::int64_t entries_left = max_list_entries;
    return checked_list(parameters.required(name, "a list of integers"), parameters.path_of(name), min, max, least,
                        entries_left);
}

std::vector<std::vector<std::int64_t>> checked_integer_lists(JsonObject& parameters, const std::string& name,
                                                             std::int64_t min, std::int64_t max, std::int64_t least) {
    const Json& value = parameters.required(name, "a list of lists of integers");
    const std::string path = parameters.path_of(name);
    if (!value.is_array() || value.empty() || value.size() > static_cast<std::size_t>(max_list_entries)) {
        throw bad_input(path, value.is_array() ? fmt::format("a list of {} entries", value.size()) : shown(value),
                        "is not such a list", fmt::format("a list of 1 to {} lists of integers", max_list_entries));
    }
    std::int64_t entries_left = max_list_entries;
    std::vector<std::vector<std::int64_t>> lists;
    lists.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        lists.push_back(checked_list(value[i], fmt::format("{}[{}]", path, i), min, max, least, entries_left));
    }
    return lists;
}

std::vector<Range> runs_of(std::vector<std::int64_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    std::vector<Range> runs;
    for (const std::int64_t number : numbers) {
        if (!runs.empty() && number <= runs.back().end) {
            runs.back().end = number + 1;
        } else {
            runs.push_back({number, number + 1});
        }
    }
    return runs;
}

void check_zone_count(std::int64_t count, const std::string& path) {
    if (count > max_zones) {
        throw bad_input(path, fmt::format("a mask of {} zones", format_count(count)), "is too large",
                        fmt::format("at most {} zones: larger blocks, or a shorter sequence", format_count(max_zones)));
    }
}

void check_at_most(const std::string& field, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value > most) {
        throw bad_input(field, std::to_string(value), "is larger than the sequence",
                        fmt::format("an integer from {} to {}", least, most));
    }
}

void check_square(const MaskDomain& domain, const std::string& path) {
    if (domain.query_tokens != domain.key_tokens) {
        throw bad_input(path, fmt::format("{} queries and {} keys", domain.query_tokens, domain.key_tokens),
                        "do not hold the same tokens", "as many queries as keys");
    }
}

std::vector<Range> documents_of(const MaskDomain& domain, const std::string& path) {
    if (domain.query_tokens != domain.key_tokens) {
        throw bad_input(path, fmt::format("{} queries and {} keys", domain.query_tokens, domain.key_tokens),
                        "do not hold the same documents", "as many queries as keys");
    }
    if (domain.cu_seqlens.empty()) {
        return {{0, domain.key_tokens}};
    }
    std::vector<Range> documents;
    documents.reserve(domain.cu_seqlens.size() - 1);
    for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
        const Range document{domain.cu_seqlens[i], domain.cu_seqlens[i + 1]};
        if (!document.empty()) {
            documents.push_back(document);
        }
    }
    return documents;
}

Zone zone_at(const MaskDomain& domain, Range positions, Range keys, Range d) {
    const std::int64_t shift = domain.diagonal();
    return tightened({intersect(Range{positions.begin - shift, positions.end - shift}, Range{0, domain.query_tokens}),
                      intersect(keys, {0, domain.key_tokens}),
                      {d.begin + shift, d.end + shift}});
}

Zone box_at(const MaskDomain& domain, Range positions, Range keys) {
    return zone_at(domain, positions, keys, any_difference);
}

Zone diagonal_at(const MaskDomain& domain, std::int64_t d) {
    const Box box = domain.box();
    return {box.q, box.k, {d + domain.diagonal(), d + domain.diagonal() + 1}};
}

Zone causal_at(const MaskDomain& domain, Range positions, Range keys) {
    return zone_at(domain, positions, keys, {any_difference.begin, 1});
}

}  // namespace longscope
