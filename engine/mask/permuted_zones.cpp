// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/permuted_zones.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/mask/zone_sweep.h"

namespace longscope {

namespace {

constexpr std::int64_t max_tries = std::int64_t{1} << 22;
constexpr std::size_t max_permuted_zones = std::size_t{1} << 18;
constexpr std::int64_t max_slab_pieces = std::int64_t{1} << 21;
// Operators compare every two of them.
constexpr std::size_t max_permuted_striped = 256;

// The pieces by their least token, to find those that meet a range.
class PieceIndex {
  public:
    explicit PieceIndex(const Permutation& permutation) : pieces_(permutation.pieces()) {
        std::sort(pieces_.begin(), pieces_.end(), [](const PermutationPiece& a, const PermutationPiece& b) {
            return a.tokens().begin < b.tokens().begin;
        });
        for (const PermutationPiece& piece : pieces_) {
            widest_ = std::max(widest_, piece.tokens().size());
        }
    }
    // Calls visit(piece, positions); until one returns false, or too many were looked at: false then.
    template <typename Visit>
    [[nodiscard]] bool visit(Range tokens, std::int64_t& tries, Visit visit) const {
        auto piece = std::lower_bound(
            pieces_.begin(), pieces_.end(), tokens.begin - widest_ + 1,
            [](const PermutationPiece& candidate, std::int64_t value) { return candidate.tokens().begin < value; });
        for (; piece != pieces_.end() && piece->tokens().begin < tokens.end; ++piece) {
            if (++tries > max_tries) {
                return false;
            }
            const Range positions = piece->positions_of(tokens);
            if (!positions.empty() && !visit(*piece, positions)) {
                return false;
            }
        }
        return true;
    }

  private:
    std::vector<PermutationPiece> pieces_;
    std::int64_t widest_ = 0;
};

// What a stripe leaves of the numbers x for which it is asked about step * x + offset.
struct StripeOfSteps {
    enum class Kind { all, none, stripe, unknown };
    Kind kind = Kind::unknown;
    Stripe stripe = {};
};

StripeOfSteps stripe_of_steps(const Stripe& stripe, StripeAxis axis, std::int64_t step, std::int64_t offset) {
    using Kind = StripeOfSteps::Kind;
    const std::int64_t rest = step - floor_divided(step, stripe.modulus) * stripe.modulus;
    const std::int64_t common = std::gcd(rest, stripe.modulus);
    const std::int64_t modulus = stripe.modulus / common;
    // factor * x has to be one of `width` numbers from `first` on, modulo the modulus.
    const std::int64_t factor = rest / common;
    const std::int64_t first = ceil_divided(stripe.first - offset, common);
    const std::int64_t width = ceil_divided(stripe.first + stripe.width - offset, common) - first;
    if (width <= 0) {
        return {Kind::none};
    }
    if (width >= modulus) {
        return {Kind::all};
    }
    if (factor == 1) {
        return {Kind::stripe, Stripe::of(axis, modulus, first, width)};
    }
    if (factor == modulus - 1) {
        return {Kind::stripe, Stripe::of(axis, modulus, -(first + width - 1), width)};
    }
    if (width > 1) {
        return {Kind::unknown};
    }
    std::int64_t inverse = 1;  // of the factor, by Euclid's algorithm
    std::int64_t other = 0;
    for (std::int64_t a = factor, b = modulus; b != 0;) {
        const std::int64_t quotient = a / b;
        a = std::exchange(b, a - quotient * b);
        inverse = std::exchange(other, inverse - quotient * other);
    }
    const std::int64_t start = first - floor_divided(first, modulus) * modulus;
    inverse -= floor_divided(inverse, modulus) * modulus;
    return {Kind::stripe, Stripe::of(axis, modulus, start * inverse, 1)};  // both are below 2^31
}

// A piece of the rows and one of the columns, and a zone that has something of both.
class PiecePair {
  public:
    PiecePair(const PermutationPiece& q, Range rows, const PermutationPiece& k, Range columns)
        : q_(q), k_(k), rows_(rows), columns_(columns) {}

    // Appends the part, at its positions. False: it is no zone.
    [[nodiscard]] bool append(const StripedZone& striped, ZoneSet& out) {
        const std::optional<Zone> zone = zone_at_positions(striped.zone.d);
        if (!zone) {
            return false;
        }
        StripedZone part(*zone);
        for (const Stripe& stripe : striped.stripes()) {
            const StripeOfSteps own = at_positions(stripe);
            if (own.kind == StripeOfSteps::Kind::unknown) {
                return false;
            }
            if (own.kind == StripeOfSteps::Kind::none) {
                return true;
            }
            if (own.kind == StripeOfSteps::Kind::stripe) {
                part.add(own.stripe);
            }
        }
        if (part.zone.empty()) {
            return true;
        }
        if (part.stripes().empty()) {
            out.zones.push_back(part.zone);
        } else {
            append_part(part, part.zone, out);
        }
        return true;
    }

  private:
    // What k - q makes of rows and columns: {} where nothing is left.
    [[nodiscard]] std::optional<Zone> zone_at_positions(Range d) {
        const Range all{-2 * max_tokens, 2 * max_tokens};
        if (rows_.size() == 1) {
            const std::int64_t query = q_.token(rows_.begin);
            columns_ = intersect(columns_, k_.positions_of({query + d.begin, query + d.end}));
            return tightened({rows_, columns_, all});
        }
        if (columns_.size() == 1) {
            const std::int64_t key = k_.token(columns_.begin);
            rows_ = intersect(rows_, q_.positions_of({key - d.end + 1, key - d.begin + 1}));
            return tightened({rows_, columns_, all});
        }
        if (q_.step == k_.step) {
            // k - q is step times as much at the positions, and a constant: as of a piece that holds differences.
            const PermutationPiece differences{-max_tokens, difference_at(-max_tokens), q_.step, 2 * max_tokens};
            return tightened({rows_, columns_, differences.positions_of(d)});
        }
        const Range queries = tokens_of(q_, rows_);
        const Range keys = tokens_of(k_, columns_);
        const std::int64_t least = keys.begin - queries.end + 1;
        const std::int64_t greatest = keys.end - 1 - queries.begin;
        if (greatest < d.begin || least >= d.end) {
            return Zone{};
        }
        if (least >= d.begin && greatest < d.end) {
            return tightened({rows_, columns_, all});
        }
        return std::nullopt;
    }

    static Range tokens_of(const PermutationPiece& piece, Range positions) {
        return PermutationPiece{positions.begin, piece.token(positions.begin), piece.step, positions.size()}.tokens();
    }

    // Of equal steps: k - q where the positions differ by so much.
    [[nodiscard]] std::int64_t difference_at(std::int64_t positions) const {
        return k_.token(0) - q_.token(0) + q_.step * positions;
    }

    [[nodiscard]] StripeOfSteps at_positions(const Stripe& stripe) const {
        switch (stripe.axis) {
            case StripeAxis::query:
                return stripe_of_steps(stripe, stripe.axis, q_.step, q_.token(0));
            case StripeAxis::key:
                return stripe_of_steps(stripe, stripe.axis, k_.step, k_.token(0));
            case StripeAxis::diagonal:
                break;
        }
        if (rows_.size() == 1) {
            return stripe_of_steps(stripe, StripeAxis::key, k_.step, k_.token(0) - q_.token(rows_.begin));
        }
        if (columns_.size() == 1) {
            return stripe_of_steps(stripe, StripeAxis::query, -q_.step, k_.token(columns_.begin) - q_.token(0));
        }
        if (q_.step == k_.step) {
            return stripe_of_steps(stripe, StripeAxis::diagonal, q_.step, difference_at(0));
        }
        if (q_.step % stripe.modulus == 0 && k_.step % stripe.modulus == 0) {
            return stripe_of_steps(stripe, StripeAxis::diagonal, 0, difference_at(0));
        }
        return {};
    }

    const PermutationPiece& q_;
    const PermutationPiece& k_;
    Range rows_;  // positions
    Range columns_;
};

class Mapper {
  public:
    Mapper(const Permutation& rows, const Permutation& columns) : rows_(rows), columns_(columns) {}

    [[nodiscard]] bool map(ZoneTree& tree) {
        if (tree.kind == ZoneTree::Kind::mask) {
            return false;
        }
        ZoneSet out;
        for (const Zone& zone : tree.zones) {
            if (!map(StripedZone(zone), out)) {
                return false;
            }
        }
        for (const StripedZone& striped : tree.striped) {
            if (!map(striped, out)) {
                return false;
            }
        }
        tree.zones = std::move(out.zones);
        tree.striped = std::move(out.striped);
        zones_ += tree.zones.size();
        striped_ += tree.striped.size();
        pieces_ += slab_pieces({tree.zones, tree.striped});
        return zones_ <= max_permuted_zones && striped_ <= max_permuted_striped && pieces_ <= max_slab_pieces &&
               std::all_of(tree.operands.begin(), tree.operands.end(), [&](ZoneTree& operand) { return map(operand); });
    }

  private:
    [[nodiscard]] bool map(const StripedZone& striped, ZoneSet& out) {
        return rows_.visit(striped.zone.q, tries_, [&](const PermutationPiece& q, Range rows) {
            return columns_.visit(striped.zone.k, tries_, [&](const PermutationPiece& k, Range columns) {
                return out.zones.size() <= max_permuted_zones && out.striped.size() <= max_permuted_striped &&
                       PiecePair(q, rows, k, columns).append(striped, out);
            });
        });
    }

    PieceIndex rows_;
    PieceIndex columns_;
    std::int64_t tries_ = 0;
    std::size_t zones_ = 0;
    std::size_t striped_ = 0;
    std::int64_t pieces_ = 0;
};

}  // namespace

std::optional<ZoneTree> permuted(const ZoneTree& tree, const Permutation& rows, const Permutation& columns) {
    if (static_cast<std::int64_t>(std::max(rows.pieces().size(), columns.pieces().size())) > max_tries) {
        return std::nullopt;
    }
    ZoneTree moved = tree;
    return Mapper(rows, columns).map(moved) ? std::optional(std::move(moved)) : std::nullopt;
}

}  // namespace longscope
