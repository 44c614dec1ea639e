// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/key_spans.h"

#include <optional>
#include <queue>
#include <utility>

#include "engine/mask/teeth_limit.h"

namespace longscope {

namespace {

// Those with the highest `last` of all that hold the keys at hand.
class Highest {
  public:
    void add(const KeySpan& span) { spans_.push({span.last, span.keys.end}); }
    [[nodiscard]] std::optional<std::int64_t> at(std::int64_t key) {
        while (!spans_.empty() && spans_.top().second <= key) {
            spans_.pop();
        }
        return spans_.empty() ? std::nullopt : std::optional(spans_.top().first);
    }

  private:
    std::priority_queue<std::pair<std::int64_t, std::int64_t>> spans_;  // last, end of keys
};

void append(std::vector<KeySpan>& spans, const KeySpan& span) {
    if (span.keys.empty()) {
        return;
    }
    if (!spans.empty() && spans.back().keys.end == span.keys.begin && spans.back().moves == span.moves &&
        spans.back().last == span.last) {
        spans.back().keys.end = span.keys.end;
    } else {
        spans.push_back(span);
    }
}

// In a zone a key's last query is min(q.end - 1, key - d.begin): it moves first, then stands.
void append_spans(const Zone& zone, std::int64_t diagonal, std::vector<KeySpan>& spans) {
    const std::int64_t stands = std::clamp(zone.q.end - 1 + zone.d.begin, zone.k.begin, zone.k.end);
    append(spans, {{zone.k.begin, stands}, true, diagonal - zone.d.begin});
    append(spans, {{stands, zone.k.end}, false, zone.q.end - 1 + diagonal});
}

// Of spans that overlap, ascending and disjoint ones: at each key that which lasts longest.
std::vector<KeySpan> longest(std::vector<KeySpan> all) {
    std::vector<std::int64_t> borders;
    for (const KeySpan& span : all) {
        borders.insert(borders.end(), {span.keys.begin, span.keys.end});
    }
    std::sort(all.begin(), all.end(), [](const KeySpan& a, const KeySpan& b) { return a.keys.begin < b.keys.begin; });
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());

    std::vector<KeySpan> highest;
    Highest moving;
    Highest standing;
    auto next = all.begin();
    for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
        const Range keys{borders[i], borders[i + 1]};
        for (; next != all.end() && next->keys.begin == keys.begin; ++next) {
            (next->moves ? moving : standing).add(*next);
        }
        const std::optional<std::int64_t> moves = moving.at(keys.begin);
        const std::optional<std::int64_t> stands = standing.at(keys.begin);
        // From this key on the moving one is ahead.
        const std::int64_t ahead = !moves    ? keys.end
                                   : !stands ? keys.begin
                                             : std::clamp(*stands - *moves + 1, keys.begin, keys.end);
        append(highest, {{keys.begin, stands ? ahead : keys.begin}, false, stands.value_or(0)});
        append(highest, {{ahead, keys.end}, true, moves.value_or(0)});
    }
    return highest;
}

// A stripe of keys leaves out keys and nothing of the others: what lasts longest is the same as without it.
void append_teeth(const std::vector<KeySpan>& spans, const Stripe& stripe, std::vector<KeySpan>& out) {
    for (const KeySpan& span : spans) {
        const Range teeth = stripe.teeth_in(span.keys);
        require_teeth(teeth.size(), out.size());
        for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
            append(out, {intersect(span.keys, stripe.tooth(tooth)), span.moves, span.last});
        }
    }
}

}  // namespace

std::vector<KeySpan> key_spans(const ZoneSet& set, std::int64_t diagonal) {
    std::vector<KeySpan> all;
    ZoneList others = set.zones;
    std::vector<std::pair<Stripe, std::vector<KeySpan>>> by_stripe;
    for (const StripedZone& striped : set.striped) {
        if (striped.stripes().size() > 1 || striped.stripes().front().axis != StripeAxis::key) {
            append_teeth(striped, others);
            continue;
        }
        const Stripe& stripe = striped.stripes().front();
        auto found =
            std::find_if(by_stripe.begin(), by_stripe.end(), [&](const auto& entry) { return entry.first == stripe; });
        if (found == by_stripe.end()) {
            by_stripe.emplace_back(stripe, std::vector<KeySpan>{});
            found = by_stripe.end() - 1;
        }
        append_spans(striped.zone, diagonal, found->second);
    }
    for (const Zone& zone : others) {
        append_spans(zone, diagonal, all);
    }
    for (auto& [stripe, spans] : by_stripe) {
        append_teeth(longest(std::move(spans)), stripe, all);
    }
    return longest(std::move(all));
}

Zone held_zone(const KeySpan& span, std::int64_t query_tokens, std::int64_t diagonal, std::int64_t local) {
    const Range queries{0, span.moves ? query_tokens : span.last - diagonal + 1};
    const Range differences{span.moves ? diagonal - span.last : -max_tokens, diagonal - local + 1};
    return tightened({queries, span.keys, differences});
}

}  // namespace longscope
