// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/key_spans.h"

#include <optional>
#include <queue>
#include <utility>

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

}  // namespace

std::vector<KeySpan> key_spans(const ZoneList& zones, std::int64_t diagonal) {
    // In a zone a key's last query is min(q.end - 1, key - d.begin): it moves first, then stands.
    std::vector<KeySpan> all;
    std::vector<std::int64_t> borders;
    for (const Zone& zone : zones) {
        const std::int64_t stands = std::clamp(zone.q.end - 1 + zone.d.begin, zone.k.begin, zone.k.end);
        append(all, {{zone.k.begin, stands}, true, diagonal - zone.d.begin});
        append(all, {{stands, zone.k.end}, false, zone.q.end - 1 + diagonal});
        borders.insert(borders.end(), {zone.k.begin, stands, zone.k.end});
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

Zone held_zone(const KeySpan& span, std::int64_t query_tokens, std::int64_t diagonal, std::int64_t local) {
    const Range queries{0, span.moves ? query_tokens : span.last - diagonal + 1};
    const Range differences{span.moves ? diagonal - span.last : -max_tokens, diagonal - local + 1};
    return tightened({queries, span.keys, differences});
}

}  // namespace longscope
