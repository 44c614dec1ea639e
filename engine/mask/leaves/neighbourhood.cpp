// SPDX-License-Identifier: GPL-3.0-or-later
// Neighbourhoods on a grid of tokens, with the conventions of NATTEN: along each axis a query sees `window` tokens, as
// many of them before it as after it; at the borders the window stays inside, so that every query sees as many. Along
// an even window one more lies before than after. `stride` queries beside one another share the window of the one in
// their middle (the right one of two), and along a causal axis that of the last one, up to the query itself.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/leaves/row_merger.h"

namespace longscope {

namespace {

struct Axis {
    std::int64_t length;
    std::int64_t window;
    std::int64_t stride;
    std::int64_t dilation;
    bool causal;

    [[nodiscard]] bool sees_all() const { return window == length && !causal; }

    // Replaces `runs` by what one place of the axis sees, ascending.
    void runs_of_place(std::int64_t place, std::vector<Range>& runs) const {
        const std::int64_t group = place % dilation;  // groups do not see one another
        const std::int64_t index = place / dilation;
        const std::int64_t last = ceil_divided(length - group, dilation) - 1;
        const std::int64_t in_stride = causal ? stride - 1 : stride / 2;
        const std::int64_t leader = std::min(index / stride * stride + in_stride, last);
        Range seen{std::max<std::int64_t>(0, leader - window + 1), index + 1};
        if (!causal) {
            seen.begin = std::clamp<std::int64_t>(leader - window / 2, 0, last + 1 - window);
            seen.end = seen.begin + window;
        }
        runs.clear();
        if (dilation == 1) {
            runs.push_back(seen);
            return;
        }
        for (std::int64_t i = seen.begin; i < seen.end; ++i) {
            runs.push_back({i * dilation + group, i * dilation + group + 1});
        }
    }
    [[nodiscard]] std::int64_t runs_of_all() const { return length * (dilation == 1 ? 1 : window); }
    [[nodiscard]] std::int64_t most_pairs() const { return length * window; }
};

std::vector<bool> checked_booleans(JsonObject& parameters, const std::string& name) {
    const Json& list = parameters.required(name, "a list of true and false");
    if (!list.is_array() || list.size() > 3) {
        throw bad_input(parameters.path_of(name), shown(list), "is not such a list", "true or false for each axis");
    }
    std::vector<bool> values;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!list[i].is_boolean()) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of(name), i), shown(list[i]),
                            "is neither true nor false", "true, false");
        }
        values.push_back(list[i].get<bool>());
    }
    return values;
}

std::vector<Axis> checked_axes(JsonObject& parameters) {
    const auto list = [&](const char* name) { return checked_integers(parameters, name, 1, max_tokens, 1); };
    const auto grid = list("grid");
    const auto window = list("window");
    const auto stride = list("stride");
    const auto dilation = list("dilation");
    const auto causal = checked_booleans(parameters, "causal");
    parameters.finish();
    const std::size_t count = grid.size();
    if (count > 3 || window.size() != count || stride.size() != count || dilation.size() != count ||
        causal.size() != count) {
        throw bad_input(parameters.path_of("grid"), fmt::format("a grid of {} axes", count),
                        "does not go with the other lists", "1 to 3 axes, and as many entries in each list");
    }
    std::vector<Axis> axes;
    for (std::size_t i = 0; i < count; ++i) {
        axes.push_back({grid[i], window[i], stride[i], dilation[i], causal[i]});
        const auto check = [&](const char* name, std::int64_t value, std::int64_t most, const char* why) {
            if (value > most) {
                throw bad_input(fmt::format("{}[{}]", parameters.path_of(name), i), std::to_string(value), why,
                                fmt::format("an integer from 1 to {}", most));
            }
        };
        check("window", window[i], grid[i], "is larger than the axis");
        check("dilation", dilation[i], grid[i] / window[i], "leaves no room for the window");
        check("stride", stride[i], window[i], "is larger than the window");
    }
    return axes;
}

// Calls visit(queries begin, keys begin) for each pair of places along the outer axes, queries first.
class OuterPlaces {
  public:
    OuterPlaces(const std::vector<Axis>& axes, std::int64_t tokens_of_last) : places_(1) {
        places_.front().keys = {0};
        for (const Axis& axis : axes) {
            std::vector<Place> next;
            std::vector<Range> runs;
            for (const Place& outer : places_) {
                for (std::int64_t place = 0; place < axis.length; ++place) {
                    axis.runs_of_place(place, runs);
                    Place inner{outer.query * axis.length + place, {}};
                    for (const std::int64_t key : outer.keys) {
                        for (const Range run : runs) {
                            for (std::int64_t i = run.begin; i < run.end; ++i) {
                                inner.keys.push_back(key * axis.length + i);
                            }
                        }
                    }
                    next.push_back(std::move(inner));
                }
            }
            places_ = std::move(next);
        }
        for (Place& place : places_) {
            place.query *= tokens_of_last;
            for (std::int64_t& key : place.keys) {
                key *= tokens_of_last;
            }
        }
    }

    struct Place {
        std::int64_t query = 0;
        std::vector<std::int64_t> keys;
    };
    [[nodiscard]] const std::vector<Place>& places() const { return places_; }

  private:
    std::vector<Place> places_;
};

ZoneList neighbourhood_zones(const MaskDomain& domain, std::vector<Axis> axes, const std::string& path) {
    check_square(domain, path);
    std::int64_t tokens = 1;
    for (const Axis& axis : axes) {
        tokens *= axis.length;
        if (tokens > domain.key_tokens) {
            throw bad_input(path + ".grid", fmt::format("a grid of {} tokens or more", tokens),
                            "is larger than the sequence", fmt::format("at most {} tokens", domain.key_tokens));
        }
    }
    // Axes at the end that are seen whole are one run of tokens.
    std::int64_t unit = 1;
    while (axes.size() > 1 && axes.back().sees_all()) {
        unit *= axes.back().length;
        axes.pop_back();
    }
    const Axis last = axes.back();
    axes.pop_back();
    check_zone_count(last.runs_of_all(), path);
    RowMerger merger(unit);
    std::vector<Range> runs;
    for (std::int64_t place = 0; place < last.length; ++place) {
        last.runs_of_place(place, runs);
        merger.add_row(runs);
    }
    const ZoneList inner = merger.finish();
    std::int64_t outer_pairs = 1;
    for (const Axis& axis : axes) {
        outer_pairs *= axis.most_pairs();
        check_zone_count(outer_pairs, path);
    }
    check_zone_count(outer_pairs * static_cast<std::int64_t>(inner.size()), path);
    const OuterPlaces outer(axes, last.length * unit);
    ZoneList zones;
    zones.reserve(static_cast<std::size_t>(outer_pairs) * inner.size());
    for (const OuterPlaces::Place& place : outer.places()) {
        for (const Zone& zone : inner) {
            for (const std::int64_t key : place.keys) {
                const std::int64_t d = key - place.query;
                zones.push_back({{zone.q.begin + place.query, zone.q.end + place.query},
                                 {zone.k.begin + key, zone.k.end + key},
                                 {zone.d.begin + d, zone.d.end + d}});
            }
        }
    }
    return zones;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_neighbourhood_leaf(JsonObject parameters) {
    const std::vector<Axis> axes = checked_axes(parameters);
    Json written = Json::object();
    for (const char* name : {"grid", "window", "stride", "dilation", "causal"}) {
        written[name] = parameters.json()[name];
    }
    return make_leaf(std::move(written), [axes](const MaskDomain& domain, const std::string& path) {
        return neighbourhood_zones(domain, axes, path);
    });
}

}  // namespace longscope
