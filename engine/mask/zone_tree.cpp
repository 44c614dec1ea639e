// SPDX-License-Identifier: GPL-3.0-or-later
// Compilation of trees: the zones of all ends cut the rows into slabs inside which every end is a handful of zones; the
// operators then work slab by slab, on these few.
#include "engine/mask/zone_tree.h"

#include <algorithm>

#include "engine/mask/mask_of_bits.h"
#include "engine/mask/operator_mask.h"
#include "engine/mask/zone_complement.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/mask/zone_mask.h"
#include "engine/mask/zone_sets.h"
#include "engine/mask/zone_sweep.h"

namespace longscope {

namespace {

bool is_above(const Zone& a, const Zone& b) {
    return a.q.begin < b.q.begin;
}

bool is_in_row_order(const ZoneTree& tree) {
    return tree.striped.size() < 2 && std::is_sorted(tree.zones.begin(), tree.zones.end(), is_above) &&
           std::all_of(tree.operands.begin(), tree.operands.end(), is_in_row_order);
}

ZoneTree all_in_row_order(ZoneTree tree) {
    ZoneSet set = in_row_order({std::move(tree.zones), std::move(tree.striped)});
    tree.zones = std::move(set.zones);
    tree.striped = std::move(set.striped);
    for (ZoneTree& operand : tree.operands) {
        operand = all_in_row_order(std::move(operand));
    }
    return tree;
}

// The zones of one end of a tree, slab by slab.
class LeafSweep {
  public:
    // It is in row order and outlives this.
    explicit LeafSweep(const ZoneTree& end) : end_(&end), sweep_(end.zones, end.striped) {}

    void append_breaks(std::vector<std::int64_t>& breaks) const {
        Range last;
        for (const Zone& zone : end_->zones) {
            // Those that follow one another often share their rows, or border on them.
            if (zone.q == last) {
                continue;
            }
            if (breaks.empty() || breaks.back() != zone.q.begin) {
                breaks.push_back(zone.q.begin);
            }
            breaks.push_back(zone.q.end);
            last = zone.q;
        }
        for (const StripedZone& striped : end_->striped) {
            breaks.push_back(striped.zone.q.begin);
            breaks.push_back(striped.zone.q.end);
        }
    }

    // `rows` must not begin before those of an earlier call.
    void restrict_to(Range rows, ZoneSet& out) { sweep_.zones_in(rows, out); }

  private:
    const ZoneTree* end_;
    ZoneSweep sweep_;
};

// The sweeps of all leaves below a node, in the order of a walk through the tree.
class Evaluator {
  public:
    Evaluator(const ZoneTree& root, Range keys) : root_(root), keys_(keys) {
        collect(root, 0);
        others_.resize(depth_ + 1);
    }

    [[nodiscard]] std::vector<std::int64_t> breaks() const {
        std::vector<std::int64_t> rows;
        for (const LeafSweep& sweep : sweeps_) {
            const auto before = static_cast<std::ptrdiff_t>(rows.size());
            sweep.append_breaks(rows);
            // Those of a leaf are mostly in order, and may be very many.
            if (!std::is_sorted(rows.begin() + before, rows.end())) {
                std::sort(rows.begin() + before, rows.end());
            }
            std::inplace_merge(rows.begin(), rows.begin() + before, rows.end());
        }
        return rows;
    }

    void zones_of(Range rows, ZoneSet& out) {
        next_sweep_ = 0;
        evaluate(root_, rows, out, 0);
    }

  private:
    void collect(const ZoneTree& node, std::size_t depth) {
        depth_ = std::max(depth_, depth);
        if (node.kind == ZoneTree::Kind::zones) {
            sweeps_.emplace_back(node);
        }
        for (const ZoneTree& operand : node.operands) {
            collect(operand, depth + 1);
        }
    }

    void evaluate(const ZoneTree& node, Range rows, ZoneSet& out, std::size_t depth) {
        if (node.kind == ZoneTree::Kind::zones) {
            sweeps_[next_sweep_++].restrict_to(rows, out);
            return;
        }
        evaluate(node.operands.front(), rows, out, depth + 1);
        if (node.kind == ZoneTree::Kind::complement) {
            complement({rows, keys_}, out);
            return;
        }
        for (std::size_t i = 1; i < node.operands.size(); ++i) {
            ZoneSet& other = others_[depth];
            evaluate(node.operands[i], rows, other, depth + 1);
            if (node.kind == ZoneTree::Kind::all_of) {
                intersect_sets(out, other);
            } else {
                unite_sets(out, other);
            }
        }
    }

    const ZoneTree& root_;
    Range keys_;
    std::vector<LeafSweep> sweeps_;
    std::size_t next_sweep_ = 0;
    std::size_t depth_ = 0;
    std::vector<ZoneSet> others_;  // operands at hand, one an operator of each depth; kept for their memory
};

// What is zones alone becomes one mask of zones, also among the operands of an operator.
MaskOperation operation_of(const ZoneTree& tree, std::int64_t query_tokens, std::int64_t key_tokens) {
    const auto of_zones = [&](ZoneTree zones) {
        return MaskOperation{MaskOperation::Kind::mask,
                             compile_tree(std::make_shared<const ZoneTree>(std::move(zones)), query_tokens, key_tokens),
                             {}};
    };
    if (tree.kind == ZoneTree::Kind::mask) {
        return {MaskOperation::Kind::mask, mask_at(tree.place, query_tokens, key_tokens), {}};
    }
    if (tree.only_zones()) {
        return of_zones(tree);
    }
    if (tree.kind == ZoneTree::Kind::complement) {
        return {
            MaskOperation::Kind::complement, nullptr, {operation_of(tree.operands.front(), query_tokens, key_tokens)}};
    }
    MaskOperation all{
        tree.kind == ZoneTree::Kind::all_of ? MaskOperation::Kind::all_of : MaskOperation::Kind::any_of, nullptr, {}};
    ZoneTree zones{tree.kind, {}, {}};
    for (const ZoneTree& operand : tree.operands) {
        if (operand.only_zones()) {
            zones.operands.push_back(operand);
        } else {
            all.operands.push_back(operation_of(operand, query_tokens, key_tokens));
        }
    }
    if (!zones.operands.empty()) {
        // First, where they are few: what they leave out is not asked of the others.
        all.operands.insert(all.operands.begin(), of_zones(std::move(zones)));
    }
    return all.operands.size() == 1 ? std::move(all.operands.front()) : all;
}

}  // namespace

bool ZoneTree::only_zones() const {
    return kind != Kind::mask &&
           std::all_of(operands.begin(), operands.end(), [](const ZoneTree& operand) { return operand.only_zones(); });
}

ZoneTree transposed(const ZoneTree& tree) {
    ZoneTree mirror{tree.kind, {}, {}};
    if (tree.kind == ZoneTree::Kind::mask) {
        mirror.place = tree.place.transposed();
    }
    mirror.zones.reserve(tree.zones.size());
    for (const Zone& zone : tree.zones) {
        mirror.zones.push_back(transposed(zone));
    }
    for (const StripedZone& striped : tree.striped) {
        mirror.striped.push_back(transposed(striped));
    }
    for (const ZoneTree& operand : tree.operands) {
        mirror.operands.push_back(transposed(operand));
    }
    return mirror;
}

ZoneTree translated(ZoneTree tree, std::int64_t queries, std::int64_t keys) {
    tree.place = tree.place.translated(queries, keys);
    for (Zone& zone : tree.zones) {
        zone = translated(zone, queries, keys);
    }
    for (StripedZone& striped : tree.striped) {
        striped = translated(striped, queries, keys);
    }
    for (ZoneTree& operand : tree.operands) {
        operand = translated(std::move(operand), queries, keys);
    }
    return tree;
}

ZoneTree cut_to(const Box& box, ZoneTree tree) {
    const Zone inside = box_zone(box);
    tree.place = tree.place.cut_to(box);
    for (Zone& zone : tree.zones) {
        zone = intersect(zone, inside);
    }
    std::erase_if(tree.zones, [](const Zone& zone) { return zone.empty(); });
    ZoneSet parts;
    for (const StripedZone& striped : tree.striped) {
        append_part(striped, inside, parts);
    }
    tree.striped = std::move(parts.striped);
    tree.zones.insert(tree.zones.end(), parts.zones.begin(), parts.zones.end());
    for (ZoneTree& operand : tree.operands) {
        operand = cut_to(box, std::move(operand));
    }
    return tree;
}

ZoneTree kept_in(const Box& box, ZoneTree tree) {
    tree = cut_to(box, std::move(tree));
    if (tree.kind == ZoneTree::Kind::zones || tree.kind == ZoneTree::Kind::mask) {
        return tree;
    }
    ZoneTree inside;
    if (const Zone zone = box_zone(box); !zone.empty()) {
        inside.zones.push_back(zone);
    }
    return {ZoneTree::Kind::all_of, {}, {std::move(tree), std::move(inside)}};
}

std::unique_ptr<Mask> compile_tree(const std::shared_ptr<const ZoneTree>& any_tree, std::int64_t query_tokens,
                                   std::int64_t key_tokens) {
    if (!any_tree->only_zones()) {
        MaskOperation operation = operation_of(*any_tree, query_tokens, key_tokens);
        const Box matrix{{0, query_tokens}, {0, key_tokens}};
        if (auto bits = mask_of_bits(operation, matrix, bytes_of_bits(*any_tree))) {
            return bits;
        }
        if (operation.kind != MaskOperation::Kind::mask) {
            return std::make_unique<OperatorMask>(query_tokens, key_tokens, std::move(operation));
        }
        return shared_mask(std::move(operation.mask));
    }
    // Once, not for each thread.
    const std::shared_ptr<const ZoneTree> tree =
        is_in_row_order(*any_tree) ? any_tree : std::make_shared<const ZoneTree>(all_in_row_order(*any_tree));
    const Range keys{0, key_tokens};
    return std::make_unique<ZoneMask>(
        query_tokens, key_tokens, Evaluator(*tree, keys).breaks(),
        [&] {
            return [evaluator = std::make_shared<Evaluator>(*tree, keys)](Range rows, ZoneSet& out) {
                evaluator->zones_of(rows, out);
            };
        },
        [tree, query_tokens, key_tokens] {
            return compile_tree(std::make_shared<const ZoneTree>(transposed(*tree)), key_tokens, query_tokens);
        });
}

ZoneList disjoint_zones(const ZoneTree& any_tree, const Box& box) {
    if (!any_tree.only_zones()) {
        const auto mask = compile_tree(std::make_shared<const ZoneTree>(any_tree), box.q.end, box.k.end);
        return zones_of(*mask, "mask");
    }
    const ZoneTree tree = all_in_row_order(any_tree);
    Evaluator evaluator(tree, box.k);
    std::vector<std::int64_t> breaks = evaluator.breaks();
    breaks.push_back(box.q.end);
    ZoneList all;
    ZoneSet slab;
    std::int64_t begin = box.q.begin;
    for (const std::int64_t end : breaks) {
        if (const Range rows{begin, std::min(end, box.q.end)}; !rows.empty()) {
            evaluator.zones_of(rows, slab);
            all.insert(all.end(), slab.zones.begin(), slab.zones.end());
            for (const StripedZone& striped : slab.striped) {
                append_teeth(striped, all);
            }
            begin = rows.end;
        }
    }
    return all;
}

}  // namespace longscope
