// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/custom/condition_zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/custom/condition_range.h"
#include "engine/mask/custom/linear.h"
#include "engine/mask/stripe.h"
#include "engine/mask/striped_zone.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

using Kind = Condition::Kind;

// A second or two.
constexpr std::int64_t most_steps = std::int64_t{1} << 26;
constexpr std::size_t most_zones = std::size_t{1} << 22;

// Fewer of a period, or more runs in one, are zones as well as not.
constexpr std::int64_t least_periods = 4;
constexpr std::size_t most_stripes = 8;

ZoneTree end_of(ZoneList zones) {
    return {ZoneTree::Kind::zones, std::move(zones), {}};
}

// Of a value beyond what a position is, the nearest that means the same.
std::int64_t position(std::int64_t value) {
    return std::clamp(value, -2 * max_tokens, 2 * max_tokens);
}

std::int64_t floor_quotient(std::int64_t value, std::int64_t divisor) {
    return value / divisor - (value % divisor != 0 && (value < 0) != (divisor < 0) ? 1 : 0);
}

// The x with factor * x + constant <= 0; factor is not 0.
Range at_most_zero(std::int64_t factor, std::int64_t constant) {
    constexpr std::int64_t far = 2 * max_tokens;
    if (factor > 0) {
        return {-far, position(floor_quotient(-constant, factor)) + 1};
    }
    return {position(-floor_quotient(-constant, -factor)), far};
}

class Compiler {
  public:
    Compiler(const MaskDomain& domain, const std::string& field)
        : domain_(domain),
          field_(field),
          documents_(domain),
          scope_{domain.query_tokens, domain.key_tokens, &documents_, domain.head, domain.layer} {}

    [[nodiscard]] ZoneTree compile(const Condition& condition) {
        try {
            (void)ask(condition, {domain_.diagonal(), domain_.key_tokens - 1}, {0, domain_.key_tokens - 1});
            return tree(condition, false);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::failed) {
                throw;
            }
            throw bad_input(field_, "a condition", "grows beyond 2^61", "smaller factors");
        }
    }

  private:
    // Inside one document only when something around asks for the same document anyway.
    [[nodiscard]] ZoneTree tree(const Condition& condition, bool same_document) {
        switch (condition.kind) {
            case Kind::truth:
                return end_of(condition.value != 0 ? ZoneList{box_zone(domain_.box())} : ZoneList{});
            case Kind::both:
            case Kind::either: {
                const bool both = condition.kind == Kind::both;
                ZoneTree all{both ? ZoneTree::Kind::all_of : ZoneTree::Kind::any_of, {}, {}};
                const bool same = same_document || (both && std::any_of(condition.operands.begin(),
                                                                        condition.operands.end(), is_same_document));
                for (const Condition& operand : condition.operands) {
                    all.operands.push_back(tree(operand, same));
                }
                return all;
            }
            case Kind::negation:
                return {ZoneTree::Kind::complement, {}, {tree(condition.operands.front(), same_document)}};
            case Kind::unequal: {
                Condition equal = condition;
                equal.kind = Kind::equal;
                return {ZoneTree::Kind::complement, {}, {comparison(equal, same_document)}};
            }
            default:
                return comparison(condition, same_document);
        }
    }

    [[nodiscard]] static bool is_same_document(const Condition& condition) {
        if (condition.kind != Kind::equal) {
            return false;
        }
        const Kind a = condition.operands[0].kind;
        const Kind b = condition.operands[1].kind;
        return (a == Kind::query_document && b == Kind::key_document) ||
               (a == Kind::key_document && b == Kind::query_document);
    }

    [[nodiscard]] ZoneTree comparison(const Condition& condition, bool same_document) {
        const Box all = domain_.box();
        if (ZoneList zones; append_linear(condition, nullptr, all, zones)) {
            return end_of(std::move(zones));
        }
        const Dependence on = dependence_of(condition, scope_);
        const std::int64_t keys = domain_.key_tokens;
        const std::int64_t diagonal = domain_.diagonal();
        ZoneList zones;
        if (!on.query && !on.key) {  // of k - q, or of nothing: as seen by a query at position 0
            return along(condition, {StripeAxis::diagonal, {1 - keys, keys - diagonal}, diagonal}, [&](const Range& d) {
                return ask(condition, {0, 0}, {d.begin, d.end - 1});
            });
        }
        if (!on.key && !on.difference) {
            return along(condition, {StripeAxis::query, {diagonal, keys}, -diagonal}, [&](const Range& q) {
                return ask(condition, {q.begin, q.end - 1}, {0, 0});
            });
        }
        if (!on.query && !on.difference) {
            return along(condition, {StripeAxis::key, all.k, 0}, [&](const Range& k) {
                return ask(condition, {0, 0}, {k.begin, k.end - 1});
            });
        }
        if (is_same_document(condition)) {
            for (std::int64_t i = 0; i < documents_.count(); ++i) {
                add(box_zone(box_of({i, i})), zones);
            }
        } else if (on.documents && !on.beyond_documents) {
            by_documents(condition, zones);
        } else if (on.documents && same_document) {
            for (std::int64_t i = 0; i < documents_.count(); ++i) {
                in_documents(condition, {i, i}, zones);
            }
        } else if (on.documents) {
            for (std::int64_t i = 0; i < documents_.count(); ++i) {
                for (std::int64_t j = 0; j < documents_.count(); ++j) {
                    in_documents(condition, {i, j}, zones);
                }
            }
        } else {
            by_rows(condition, all, zones);
        }
        return end_of(std::move(zones));
    }

    // What a comparison of one number alone asks of: all its values, and how far these are from rows, keys or k - row.
    struct Line {
        StripeAxis axis = StripeAxis::key;
        Range values;
        std::int64_t moved = 0;
    };

    // A comparison that repeats as stripes, any other run by run.
    template <typename TruthOf>
    [[nodiscard]] ZoneTree along(const Condition& condition, const Line& line, const TruthOf& truth_of) {
        const std::int64_t most_period = line.values.size() / least_periods;
        const std::optional<std::int64_t> period = period_of(condition, scope_, most_period);
        std::vector<Range> runs;
        if (period && *period > 1) {
            for_runs({line.values.begin, line.values.begin + *period}, truth_of,
                     [&](const Range& run) { runs.push_back(run); });
        }
        const Zone all = box_zone(domain_.box());
        ZoneTree tree;
        const bool whole = runs.size() == 1 && runs.front().size() == *period;
        if (!runs.empty() && runs.size() <= most_stripes && !whole) {
            ZoneSet parts;
            for (const Range& run : runs) {
                append_part({all, Stripe::of(line.axis, *period, run.begin + line.moved, run.size())}, all, parts);
            }
            tree.zones = std::move(parts.zones);
            tree.striped = std::move(parts.striped);
            return tree;
        }
        for_runs(line.values, truth_of, [&](const Range& run) {
            const Range moved{run.begin + line.moved, run.end + line.moved};
            add(cut(all, line.axis, moved), tree.zones);
        });
        return tree;
    }

    // False when the comparison is not of one number alone.
    [[nodiscard]] bool append_linear(const Condition& condition, const DocumentPair* pair, const Box& box,
                                     ZoneList& zones) {
        const Condition difference{Kind::difference, 0, condition.operands};
        std::optional<LinearForm> form = linear_form(difference, scope_, pair);
        if (!form) {
            return false;
        }
        if (condition.kind == Kind::less) {
            ++form->constant;
        }
        std::optional<Zone> zone = linear_zone(*form, box);
        if (zone && condition.kind == Kind::equal) {
            const LinearForm opposite{-form->query_factor, -form->key_factor, -form->constant};
            zone = intersect(*zone, *linear_zone(opposite, box));
        }
        if (zone) {
            add(*zone, zones);
        }
        return zone.has_value();
    }

    // Where the form is at most 0; none when it depends on q and k in another way than by their difference.
    [[nodiscard]] std::optional<Zone> linear_zone(const LinearForm& form, const Box& box) const {
        const std::int64_t diagonal = domain_.diagonal();
        const Zone all = box_zone(box);
        const std::int64_t query = form.query_factor;
        const std::int64_t key = form.key_factor;
        if (query == 0 && key == 0) {
            return form.constant <= 0 ? all : Zone{};
        }
        if (key == 0) {
            const Range q = at_most_zero(query, form.constant);
            return intersect(all, Zone{{q.begin - diagonal, q.end - diagonal}, all.k, all.d});
        }
        if (query == 0) {
            return intersect(all, Zone{all.q, at_most_zero(key, form.constant), all.d});
        }
        if (query == -key) {
            const Range d = at_most_zero(key, form.constant);
            return intersect(all, Zone{all.q, all.k, {d.begin + diagonal, d.end + diagonal}});
        }
        return std::nullopt;
    }

    // A condition on documents alone: for each document of queries the documents of keys.
    void by_documents(const Condition& condition, ZoneList& zones) {
        for (std::int64_t i = 0; i < documents_.count(); ++i) {
            const std::int64_t q = documents_.begin(i);
            for_runs(
                {0, documents_.count()},
                [&](const Range& run) {
                    return ask(condition, {q, q}, {documents_.begin(run.begin), documents_.begin(run.end - 1)});
                },
                [&](const Range& run) {
                    add(box_zone({rows_of(i), {documents_.begin(run.begin), documents_.end(run.end - 1)}}), zones);
                });
        }
    }

    void in_documents(const Condition& condition, const DocumentPair& pair, ZoneList& zones) {
        step();
        if (const Box box = box_of(pair); !append_linear(condition, &pair, box, zones)) {
            by_rows(condition, box, zones);
        }
    }

    void by_rows(const Condition& condition, const Box& box, ZoneList& zones) {
        ZoneGatherer gatherer(field_);
        std::vector<Range> runs;
        for (std::int64_t row = box.q.begin; row < box.q.end; ++row) {
            const std::int64_t q = row + domain_.diagonal();
            runs.clear();
            for_runs(
                box.k,
                [&](const Range& k) {
                    return ask(condition, {q, q}, {k.begin, k.end - 1});
                },
                [&](const Range& run) { runs.push_back(run); });
            gatherer.add(row, runs);
        }
        for (const Zone& zone : gatherer.finish()) {
            add(zone, zones);
        }
    }

    [[nodiscard]] ValueRange ask(const Condition& condition, const ValueRange& q, const ValueRange& k) {
        step();
        return range_of(condition, scope_, {q, k, {k.low - q.high, k.high - q.low}});
    }

    // The maximal runs of a range in which `truth_of` part of it is 1, in order.
    template <typename TruthOf, typename Found>
    void for_runs(const Range& range, const TruthOf& truth_of, const Found& found) {
        Range run{range.begin, range.begin};
        halve(range, truth_of, [&](const Range& part) {
            if (part.begin != run.end && !run.empty()) {
                found(run);
            }
            run = part.begin == run.end ? Range{run.begin, part.end} : part;
        });
        if (!run.empty()) {
            found(run);
        }
    }

    template <typename TruthOf, typename Found>
    void halve(const Range& range, const TruthOf& truth_of, const Found& found) {
        if (range.empty()) {
            return;
        }
        const ValueRange truth = truth_of(range);
        if (truth.single()) {
            if (truth.low == 1) {
                found(range);
            }
            return;
        }
        const std::int64_t middle = range.begin + range.size() / 2;
        halve({range.begin, middle}, truth_of, found);
        halve({middle, range.end}, truth_of, found);
    }

    // One document has all rows, also those of queries that stand before the first key.
    [[nodiscard]] Range rows_of(std::int64_t document) const {
        return documents_.count() == 1 ? domain_.box().q : Range{documents_.begin(document), documents_.end(document)};
    }
    [[nodiscard]] Box box_of(const DocumentPair& pair) const {
        const Box all = domain_.box();
        if (documents_.count() == 1) {
            return all;
        }
        return {rows_of(pair.query_document), {documents_.begin(pair.key_document), documents_.end(pair.key_document)}};
    }

    void add(const Zone& zone, ZoneList& zones) {
        const Zone tight = intersect(zone, box_zone(domain_.box()));
        if (tight.empty()) {
            return;
        }
        if (++added_ > most_zones) {
            throw bad_input(field_, fmt::format("a mask of more than {} zones", format_count(most_zones)),
                            "is too large", "a condition with longer runs of keys, or a shorter sequence");
        }
        zones.push_back(tight);
    }

    void step() {
        if (++steps_ > most_steps) {
            throw bad_input(field_, fmt::format("over {} keys", format_count(domain_.key_tokens)),
                            "takes too long to work out", "comparisons of q, k or k - q alone, or a shorter sequence");
        }
    }

    const MaskDomain& domain_;
    const std::string& field_;
    Documents documents_;
    ConditionScope scope_;
    std::int64_t steps_ = 0;
    std::size_t added_ = 0;
};

}  // namespace

ZoneTree condition_zones(const Condition& condition, const MaskDomain& domain, const std::string& field) {
    return Compiler(domain, field).compile(condition);
}

}  // namespace longscope
