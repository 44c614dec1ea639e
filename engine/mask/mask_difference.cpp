// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/error.h"
#include "engine/mask/bit_words.h"
#include "engine/mask/mask_of_bits.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/mask/zone_sets.h"
#include "engine/mask/zone_sweep.h"

namespace longscope {

namespace {

struct Parts {
    ZoneSet both;
    ZoneSet only_a;
    ZoneSet only_b;
};

void append(ZoneSet& set, const ZoneSet& more) {
    set.zones.insert(set.zones.end(), more.zones.begin(), more.zones.end());
    set.striped.insert(set.striped.end(), more.striped.begin(), more.striped.end());
}

// A slab that strides cut, or of few zones: every one with every other.
void split_by_sets(const ZoneSet& a, const ZoneSet& b, Parts& parts) {
    ZoneSet part = a;
    intersect_sets(part, b);
    append(parts.both, part);
    part = a;
    subtract(part, b);
    append(parts.only_a, part);
    part = b;
    subtract(part, a);
    append(parts.only_b, part);
}

void runs_of(const ZoneList& zones, std::int64_t row, std::vector<Range>& runs) {
    runs.clear();
    for (const Zone& zone : zones) {
        if (const Range run = zone.row(row); !run.empty()) {
            runs.push_back(run);
        }
    }
    std::sort(runs.begin(), runs.end(), [](Range x, Range y) { return x.begin < y.begin; });
}

void append_run(std::vector<Range>& runs, Range run) {
    if (!run.empty()) {
        append_joined(run, runs);
    }
}

// The keys of `a`, those that `b` has too and those that it has not; both ascend.
void split_runs(const std::vector<Range>& a, const std::vector<Range>& b, std::vector<Range>& both,
                std::vector<Range>& only_a) {
    std::size_t at = 0;
    for (const Range run : a) {
        std::int64_t key = run.begin;
        while (at < b.size() && b[at].end <= key) {
            ++at;
        }
        for (std::size_t i = at; i < b.size() && b[i].begin < run.end; ++i) {
            const Range common = intersect(run, b[i]);
            append_run(only_a, {key, common.begin});
            append_run(both, common);
            key = common.end;
        }
        append_run(only_a, {key, run.end});
    }
}

// A slab of many zones: row by row.
void split_by_rows(Range rows, const ZoneList& a, const ZoneList& b, Parts& parts) {
    std::array<ZoneGatherer, 3> gatherers{ZoneGatherer("mask"), ZoneGatherer("mask"), ZoneGatherer("mask")};
    std::array<std::vector<Range>, 4> runs;
    std::vector<Range> runs_a;
    std::vector<Range> runs_b;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        runs_of(a, row, runs_a);
        runs_of(b, row, runs_b);
        for (std::vector<Range>& list : runs) {
            list.clear();
        }
        split_runs(runs_a, runs_b, runs[0], runs[1]);
        split_runs(runs_b, runs_a, runs[3], runs[2]);
        for (std::size_t i = 0; i < gatherers.size(); ++i) {
            gatherers.at(i).add(row, runs.at(i));
        }
    }
    for (const auto& [gatherer, list] : {std::pair{&gatherers[0], &parts.both.zones},
                                         {&gatherers[1], &parts.only_a.zones},
                                         {&gatherers[2], &parts.only_b.zones}}) {
        const ZoneList gathered = gatherer->finish();
        list->insert(list->end(), gathered.begin(), gathered.end());
    }
}

Parts split(const Mask& a, const Mask& b) {
    const ZoneSet zones_a = swept(zone_set_of(a, "A"));
    const ZoneSet zones_b = swept(zone_set_of(b, "B"));
    ZoneSet all = zones_a;
    append(all, zones_b);
    std::vector<std::int64_t> breaks = slab_breaks(in_row_order(std::move(all)));
    breaks.insert(breaks.begin(), 0);
    breaks.push_back(a.query_tokens());
    ZoneSweep sweep_a(zones_a);
    ZoneSweep sweep_b(zones_b);
    ZoneSet slab_a;
    ZoneSet slab_b;
    Parts parts;
    for (std::size_t i = 0; i + 1 < breaks.size(); ++i) {
        const Range rows{breaks[i], breaks[i + 1]};
        sweep_a.zones_in(rows, slab_a);
        sweep_b.zones_in(rows, slab_b);
        const auto count_a = static_cast<std::int64_t>(slab_a.zones.size());
        const auto count_b = static_cast<std::int64_t>(slab_b.zones.size());
        const bool strides = !slab_a.striped.empty() || !slab_b.striped.empty();
        if (strides || count_a * count_b <= rows.size() * (count_a + count_b)) {
            split_by_sets(slab_a, slab_b, parts);
        } else {
            split_by_rows(rows, slab_a.zones, slab_b.zones, parts);
        }
        require_zone_count(parts.both.zones.size() + parts.only_a.zones.size() + parts.only_b.zones.size(), "mask");
    }
    return parts;
}

// Of a striped zone those of all teeth; one of them has mostly all.
void append_rows(const StripedZone& striped, std::vector<Range>& rows) {
    const Stripe stripe = striped.stripes().front();
    if (striped.stripes().size() > 1) {
        ZoneList teeth;
        append_teeth(striped, teeth);
        for (const Zone& tooth : teeth) {
            rows.push_back(tooth.q);
        }
        return;
    }
    const Range teeth = stripe.teeth_in(extent(striped.zone, stripe.axis));
    for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
        rows.push_back(cut(striped.zone, stripe.axis, stripe.tooth(tooth)).q);
        require_zone_count(rows.size(), "mask");
        if (rows.back() == striped.zone.q) {
            return;
        }
    }
}

std::vector<Range> rows_of(const ZoneSet& a, const ZoneSet& b) {
    std::vector<Range> rows;
    for (const ZoneSet* set : {&a, &b}) {
        // Every row of a tight zone has a pair.
        for (const Zone& zone : set->zones) {
            rows.push_back(zone.q);
        }
        for (const StripedZone& striped : set->striped) {
            append_rows(striped, rows);
        }
    }
    std::sort(rows.begin(), rows.end(), [](Range x, Range y) { return x.begin < y.begin; });
    std::vector<Range> joined;
    for (const Range range : rows) {
        if (!joined.empty() && range.begin <= joined.back().end) {
            joined.back().end = std::max(joined.back().end, range.end);
        } else {
            joined.push_back(range);
        }
    }
    return joined;
}

// Of bits: as bits, where they are not few beside the matrix.
std::optional<MaskDifference> difference_of_bits(const Mask& a, const Mask& b) {
    using Kind = MaskOperation::Kind;
    const auto operand = [](const Mask& mask) {
        return MaskOperation{Kind::mask, std::shared_ptr<const Mask>(std::shared_ptr<const void>(), &mask), {}};
    };
    const auto without = [](const MaskOperation& other) { return MaskOperation{Kind::complement, nullptr, {other}}; };
    const std::int64_t bytes = bytes_of_bits(a) + bytes_of_bits(b);
    const auto common = [&](const MaskOperation& x, const MaskOperation& y) {
        return mask_of_bits({Kind::all_of, nullptr, {x, y}}, a.box(), bytes);
    };
    MaskDifference difference;
    difference.both = common(operand(a), operand(b));
    if (difference.both == nullptr) {
        return std::nullopt;
    }
    difference.only_a = common(operand(a), without(operand(b)));
    difference.only_b = common(operand(b), without(operand(a)));
    for (std::int64_t row = 0; row < a.query_tokens(); ++row) {
        const Box keys{{row, row + 1}, a.box().k};
        if (difference.only_a->pairs_in(keys) + difference.only_b->pairs_in(keys) > 0) {
            append_run(difference.rows, {row, row + 1});
        }
    }
    return difference;
}

}  // namespace

MaskDifference mask_difference(const Mask& a, const Mask& b) {
    if (a.box() != b.box()) {
        throw bad_input("B", fmt::format("{} queries and {} keys", b.query_tokens(), b.key_tokens()),
                        "are not those of A", fmt::format("{} queries and {} keys", a.query_tokens(), a.key_tokens()));
    }
    if (std::optional<MaskDifference> difference = difference_of_bits(a, b)) {
        return std::move(*difference);
    }
    Parts parts = split(a, b);
    MaskDifference difference;
    difference.rows = rows_of(parts.only_a, parts.only_b);
    difference.both = mask_of_zones(a.query_tokens(), a.key_tokens(), std::move(parts.both));
    difference.only_a = mask_of_zones(a.query_tokens(), a.key_tokens(), std::move(parts.only_a));
    difference.only_b = mask_of_zones(a.query_tokens(), a.key_tokens(), std::move(parts.only_b));
    return difference;
}

}  // namespace longscope
