// SPDX-License-Identifier: GPL-3.0-or-later
// Compilation of trees: the zones of all ends cut the rows into slabs inside which every end is a handful of zones; the
// operators then work slab by slab, on these few.
#include "engine/mask/zone_tree.h"

#include <algorithm>

#include "engine/mask/zone_lists.h"
#include "engine/mask/zone_mask.h"

namespace longscope {

namespace {

// The zones of one leaf, served slab by slab in ascending order.
class LeafSweep {
  public:
    explicit LeafSweep(ZoneList zones) : zones_(std::move(zones)) {
        std::sort(zones_.begin(), zones_.end(), [](const Zone& a, const Zone& b) { return a.q.begin < b.q.begin; });
    }

    void append_breaks(std::vector<std::int64_t>& breaks) const {
        for (const Zone& zone : zones_) {
            breaks.push_back(zone.q.begin);
            breaks.push_back(zone.q.end);
        }
    }

    // `rows` must not begin before those of an earlier call.
    void restrict_to(Range rows, ZoneList& out) {
        while (next_ < zones_.size() && zones_[next_].q.begin < rows.end) {
            active_.push_back(zones_[next_++]);
        }
        std::erase_if(active_, [&](const Zone& zone) { return zone.q.end <= rows.begin; });
        out.clear();
        for (const Zone& zone : active_) {
            if (const Zone part = intersect(zone, Zone{rows, zone.k, zone.d}); !part.empty()) {
                out.push_back(part);
            }
        }
    }

  private:
    ZoneList zones_;
    std::size_t next_ = 0;
    ZoneList active_;
};

// The sweeps of all leaves below a node, in the order of a walk through the tree.
class Evaluator {
  public:
    Evaluator(const ZoneTree& root, Range keys) : root_(root), keys_(keys) { collect(root); }

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

    void zones_of(Range rows, ZoneList& out) {
        next_sweep_ = 0;
        evaluate(root_, rows, out);
    }

  private:
    void collect(const ZoneTree& node) {
        if (node.kind == ZoneTree::Kind::zones) {
            sweeps_.emplace_back(node.zones);
        }
        for (const ZoneTree& operand : node.operands) {
            collect(operand);
        }
    }

    void evaluate(const ZoneTree& node, Range rows, ZoneList& out) {
        if (node.kind == ZoneTree::Kind::zones) {
            sweeps_[next_sweep_++].restrict_to(rows, out);
            return;
        }
        evaluate(node.operands.front(), rows, out);
        if (node.kind == ZoneTree::Kind::complement) {
            ZoneList kept{box_zone({rows, keys_})};
            subtract(kept, out);
            out.swap(kept);
            return;
        }
        for (std::size_t i = 1; i < node.operands.size(); ++i) {
            ZoneList other;
            evaluate(node.operands[i], rows, other);
            if (node.kind == ZoneTree::Kind::all_of) {
                intersect_lists(out, other);
            } else {
                unite_lists(out, std::move(other));
            }
        }
    }

    const ZoneTree& root_;
    Range keys_;
    std::vector<LeafSweep> sweeps_;
    std::size_t next_sweep_ = 0;
};

}  // namespace

ZoneTree transposed(const ZoneTree& tree) {
    ZoneTree mirror{tree.kind, {}, {}};
    mirror.zones.reserve(tree.zones.size());
    for (const Zone& zone : tree.zones) {
        mirror.zones.push_back(transposed(zone));
    }
    for (const ZoneTree& operand : tree.operands) {
        mirror.operands.push_back(transposed(operand));
    }
    return mirror;
}

ZoneTree translated(ZoneTree tree, std::int64_t queries, std::int64_t keys) {
    for (Zone& zone : tree.zones) {
        zone = {{zone.q.begin + queries, zone.q.end + queries},
                {zone.k.begin + keys, zone.k.end + keys},
                {zone.d.begin + keys - queries, zone.d.end + keys - queries}};
    }
    for (ZoneTree& operand : tree.operands) {
        operand = translated(std::move(operand), queries, keys);
    }
    return tree;
}

ZoneTree cut_to(const Box& box, ZoneTree tree) {
    for (Zone& zone : tree.zones) {
        zone = intersect(zone, box_zone(box));
    }
    std::erase_if(tree.zones, [](const Zone& zone) { return zone.empty(); });
    for (ZoneTree& operand : tree.operands) {
        operand = cut_to(box, std::move(operand));
    }
    return tree;
}

ZoneTree kept_in(const Box& box, ZoneTree tree) {
    tree = cut_to(box, std::move(tree));
    if (tree.kind == ZoneTree::Kind::zones) {
        return tree;
    }
    ZoneTree inside;
    if (const Zone zone = box_zone(box); !zone.empty()) {
        inside.zones.push_back(zone);
    }
    return {ZoneTree::Kind::all_of, {}, {std::move(tree), std::move(inside)}};
}

std::unique_ptr<Mask> compile_tree(const std::shared_ptr<const ZoneTree>& tree, std::int64_t query_tokens,
                                   std::int64_t key_tokens) {
    Evaluator evaluator(*tree, {0, key_tokens});
    return std::make_unique<ZoneMask>(
        query_tokens, key_tokens, evaluator.breaks(), [&](Range rows, ZoneList& out) { evaluator.zones_of(rows, out); },
        [tree, query_tokens, key_tokens] {
            return compile_tree(std::make_shared<const ZoneTree>(transposed(*tree)), key_tokens, query_tokens);
        });
}

ZoneList disjoint_zones(const ZoneTree& tree, const Box& box) {
    Evaluator evaluator(tree, box.k);
    std::vector<std::int64_t> breaks = evaluator.breaks();
    breaks.push_back(box.q.end);
    ZoneList all;
    ZoneList slab;
    std::int64_t begin = box.q.begin;
    for (const std::int64_t end : breaks) {
        if (const Range rows{begin, std::min(end, box.q.end)}; !rows.empty()) {
            evaluator.zones_of(rows, slab);
            all.insert(all.end(), slab.begin(), slab.end());
            begin = rows.end;
        }
    }
    return all;
}

}  // namespace longscope
