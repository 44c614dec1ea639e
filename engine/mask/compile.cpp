// SPDX-License-Identifier: GPL-3.0-or-later
// Compilation of expressions: the zones of all leaves cut the rows into slabs inside which every leaf is a handful of
// zones; the operators then work slab by slab, on these few.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/expression.h"
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

// An expression with its leaves turned into zones.
struct Node {
    MaskExpression::Kind kind = MaskExpression::Kind::leaf;
    ZoneList zones;
    std::vector<Node> operands;
};

// Adds the zones of the leaves to `zones`.
Node prepare(const MaskExpression& expression, const MaskDomain& domain, const std::string& path, std::size_t& zones) {
    Node node{expression.kind, {}, {}};
    switch (expression.kind) {
        case MaskExpression::Kind::leaf:
            node.zones = expression.leaf->zones(domain, path + "." + expression.leaf_name);
            std::erase_if(node.zones, [](const Zone& zone) { return zone.empty(); });
            zones += node.zones.size();
            if (zones > static_cast<std::size_t>(max_zones)) {
                throw bad_input(path, fmt::format("a mask of more than {} zones", format_count(max_zones)),
                                "is too large", "fewer documents, or fewer leaves that hold them");
            }
            break;
        case MaskExpression::Kind::complement:
            node.operands.push_back(prepare(expression.operands.front(), domain, path + ".not", zones));
            break;
        case MaskExpression::Kind::all_of:
        case MaskExpression::Kind::any_of: {
            const std::string inner = path + (expression.kind == MaskExpression::Kind::all_of ? ".and[" : ".or[");
            for (std::size_t i = 0; i < expression.operands.size(); ++i) {
                node.operands.push_back(
                    prepare(expression.operands[i], domain, inner + std::to_string(i) + "]", zones));
            }
            break;
        }
    }
    return node;
}

Node transposed_node(const Node& node) {
    Node mirror{node.kind, {}, {}};
    for (const Zone& zone : node.zones) {
        mirror.zones.push_back(transposed(zone));
    }
    for (const Node& operand : node.operands) {
        mirror.operands.push_back(transposed_node(operand));
    }
    return mirror;
}

// Removes `removed` from every zone of `zones`.
void subtract(ZoneList& zones, const ZoneList& removed) {
    ZoneList rest;
    for (const Zone& zone : removed) {
        rest.clear();
        for (const Zone& piece : zones) {
            append_difference(piece, zone, rest);
        }
        zones.swap(rest);
    }
}

void intersect_lists(ZoneList& zones, const ZoneList& others) {
    ZoneList common;
    for (const Zone& zone : zones) {
        for (const Zone& other : others) {
            if (const Zone part = intersect(zone, other); !part.empty()) {
                common.push_back(part);
            }
        }
    }
    zones.swap(common);
}

void unite_lists(ZoneList& zones, ZoneList others) {
    subtract(others, zones);
    zones.insert(zones.end(), others.begin(), others.end());
}

// The sweeps of all leaves below a node, in the order of a walk through the tree.
class Evaluator {
  public:
    Evaluator(const Node& root, Range keys) : root_(root), keys_(keys) { collect(root); }

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
    void collect(const Node& node) {
        if (node.kind == MaskExpression::Kind::leaf) {
            sweeps_.emplace_back(node.zones);
        }
        for (const Node& operand : node.operands) {
            collect(operand);
        }
    }

    void evaluate(const Node& node, Range rows, ZoneList& out) {
        if (node.kind == MaskExpression::Kind::leaf) {
            sweeps_[next_sweep_++].restrict_to(rows, out);
            return;
        }
        evaluate(node.operands.front(), rows, out);
        if (node.kind == MaskExpression::Kind::complement) {
            ZoneList kept{box_zone({rows, keys_})};
            subtract(kept, out);
            out.swap(kept);
            return;
        }
        for (std::size_t i = 1; i < node.operands.size(); ++i) {
            ZoneList other;
            evaluate(node.operands[i], rows, other);
            if (node.kind == MaskExpression::Kind::all_of) {
                intersect_lists(out, other);
            } else {
                unite_lists(out, std::move(other));
            }
        }
    }

    const Node& root_;
    Range keys_;
    std::vector<LeafSweep> sweeps_;
    std::size_t next_sweep_ = 0;
};

std::unique_ptr<Mask> build(const std::shared_ptr<const Node>& node, std::int64_t query_tokens,
                            std::int64_t key_tokens) {
    Evaluator evaluator(*node, {0, key_tokens});
    return std::make_unique<ZoneMask>(
        query_tokens, key_tokens, evaluator.breaks(), [&](Range rows, ZoneList& out) { evaluator.zones_of(rows, out); },
        [node, query_tokens, key_tokens] {
            return build(std::make_shared<Node>(transposed_node(*node)), key_tokens, query_tokens);
        });
}

}  // namespace

void check_mask(const MaskExpression& expression, const MaskDomain& domain, const std::string& path) {
    std::size_t zones = 0;
    (void)prepare(expression, domain, path, zones);
}

std::unique_ptr<Mask> compile_mask(const MaskExpression& expression, const MaskDomain& domain,
                                   const std::string& path) {
    std::size_t zones = 0;
    return build(std::make_shared<Node>(prepare(expression, domain, path, zones)), domain.query_tokens,
                 domain.key_tokens);
}

}  // namespace longscope
