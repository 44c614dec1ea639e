// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/key_lifetime.h"

#include <functional>

#include "engine/mask/report/key_spans.h"

namespace longscope {

namespace {

// From a position on the number of resident keys jumps once, and changes by another number a position.
struct Turn {
    std::int64_t position = 0;
    std::int64_t jump = 0;
    std::int64_t slope = 0;
};

std::vector<Turn> turns_of(const std::vector<KeySpan>& spans, std::int64_t diagonal) {
    std::vector<Turn> turns;
    for (const KeySpan& span : spans) {
        // Not those that are seen for the last time when they come, or before.
        const Range keys{span.keys.begin, span.moves ? span.keys.end : std::min(span.keys.end, span.last)};
        if (keys.empty() || (span.moves && span.last < 1)) {
            continue;
        }
        // Those before the first query are there from the beginning, the others come one by one.
        const std::int64_t coming = std::clamp(diagonal, keys.begin, keys.end);
        turns.push_back({diagonal - 1, coming - keys.begin, 0});
        if (coming < keys.end) {
            turns.push_back({coming, 0, 1});
            turns.push_back({keys.end, 0, -1});
        }
        if (span.moves) {
            turns.push_back({keys.begin + span.last, 0, -1});
            turns.push_back({keys.end + span.last, 0, 1});
        } else {
            turns.push_back({span.last, -keys.size(), 0});
        }
    }
    std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.position < b.position; });
    return turns;
}

// The smallest number from 0 to `most` that holds; it does at `most`, and beyond the first one everywhere.
std::int64_t first_that_holds(std::int64_t most, const std::function<bool(std::int64_t)>& holds) {
    Range undecided{0, most};
    while (!undecided.empty()) {
        const std::int64_t middle = undecided.begin + undecided.size() / 2;
        if (holds(middle)) {
            undecided.end = middle;
        } else {
            undecided.begin = middle + 1;
        }
    }
    return undecided.begin;
}

class Lifetimes {
  public:
    Lifetimes(const ZoneSet& set, std::int64_t query_tokens, std::int64_t key_tokens)
        : set_(set),
          query_tokens_(query_tokens),
          key_tokens_(key_tokens),
          diagonal_(key_tokens - query_tokens),
          spans_(key_spans(set, diagonal_)) {}

    [[nodiscard]] KeyLifetime measured() const {
        KeyLifetime lifetime;
        find_most_resident(spans_, diagonal_, lifetime);
        lifetime.held_pairs = held({0, key_tokens_}, 0);
        lifetime.seen_pairs = seen({0, key_tokens_}, 0);
        if (!lifetime.kv_efficient()) {
            lifetime.first_gap = first_gap();
            lifetime.local_needed = first_that_holds(key_tokens_ + query_tokens_, [&](std::int64_t local) {
                return held({0, key_tokens_}, local) == seen({0, key_tokens_}, local);
            });
        }
        return lifetime;
    }

  private:
    // Of the keys, by queries that stand at least `local` after them.
    [[nodiscard]] std::int64_t held(Range keys, std::int64_t local) const {
        std::int64_t sum = 0;
        for (const KeySpan& span : spans_) {
            sum +=
                pairs(held_zone({intersect(span.keys, keys), span.moves, span.last}, query_tokens_, diagonal_, local));
        }
        return sum;
    }
    [[nodiscard]] std::int64_t seen(Range keys, std::int64_t local) const {
        const Zone after{{0, query_tokens_}, keys, {-max_tokens, diagonal_ - local + 1}};
        std::int64_t sum = 0;
        for (const Zone& zone : set_.zones) {
            sum += pairs(intersect(zone, after));
        }
        for (const StripedZone& striped : set_.striped) {
            sum += pairs(striped, after);
        }
        return sum;
    }

    [[nodiscard]] KeyGap first_gap() const {
        const std::int64_t key = first_that_holds(key_tokens_ - 1, [&](std::int64_t last) {
            return held({0, last + 1}, 0) > seen({0, last + 1}, 0);
        });
        std::vector<Range> queries;
        for (const Zone& zone : set_.zones) {
            if (const Range run = transposed(zone).row(key); !run.empty()) {
                queries.push_back(run);
            }
        }
        for (const StripedZone& striped : set_.striped) {
            append_row_runs(transposed(striped), key, queries);
        }
        std::sort(queries.begin(), queries.end(), [](Range a, Range b) { return a.begin < b.begin; });
        return gap_of(key, diagonal_, queries);
    }

    const ZoneSet& set_;
    std::int64_t query_tokens_;
    std::int64_t key_tokens_;
    std::int64_t diagonal_;
    std::vector<KeySpan> spans_;
};

}  // namespace

void find_most_resident(const std::vector<KeySpan>& spans, std::int64_t diagonal, KeyLifetime& lifetime) {
    const std::vector<Turn> turns = turns_of(spans, diagonal);
    std::int64_t resident = 0;
    std::int64_t slope = 0;
    std::int64_t position = diagonal - 1;
    const auto look = [&] {
        if (resident > lifetime.most_resident) {
            lifetime.most_resident = resident;
            lifetime.most_resident_after = position - diagonal;
        }
    };
    for (std::size_t i = 0; i < turns.size();) {
        const std::int64_t turn = turns[i].position;
        if (turn - 1 > position) {
            resident += slope * (turn - 1 - position);
            position = turn - 1;
            look();
        }
        for (; i < turns.size() && turns[i].position == turn; ++i) {
            slope += turns[i].slope;
            resident += turns[i].jump;
        }
        resident += slope;
        position = turn;
        look();
    }
}

KeyGap gap_of(std::int64_t key, std::int64_t diagonal, const std::vector<Range>& queries) {
    std::int64_t next = std::max<std::int64_t>(key - diagonal, 0);
    for (const Range run : queries) {
        if (run.begin > next) {
            return {key, next, run.begin};
        }
        next = std::max(next, run.end);
    }
    return {key, next, next};
}

KeyLifetime key_lifetime(const ZoneSet& set, std::int64_t query_tokens, std::int64_t key_tokens) {
    return Lifetimes(set, query_tokens, key_tokens).measured();
}

}  // namespace longscope
