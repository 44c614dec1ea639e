// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/bitmap_mask.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/mask_of_bits.h"

namespace longscope {

namespace {

// What the tokens before the tree see, and the nodes of them.
ZoneList prefix_zones(const MaskDomain& domain, std::int64_t prefix) {
    return {causal_at(domain, {domain.diagonal(), prefix}, {0, prefix}),
            box_at(domain, {prefix, domain.key_tokens}, {0, prefix})};
}

// A node whose parent is the one before it goes on with that one's path: a path is a triangle, and each piece of an
// ancestral path a box.
class Paths {
  public:
    explicit Paths(const std::vector<std::int64_t>& parents) : parents_(parents), begins_(parents.size()) {
        std::vector<std::int64_t> pieces(parents.size());  // of the path that begins there, and of its ancestors
        for (std::size_t node = 0; node < parents.size(); ++node) {
            const std::int64_t parent = parents[node];
            const bool goes_on = node > 0 && parent == static_cast<std::int64_t>(node) - 1;
            begins_[node] = goes_on ? begins_[node - 1] : static_cast<std::int64_t>(node);
            if (!goes_on) {
                pieces[node] = 1 + (parent < 0 ? 0 : pieces[static_cast<std::size_t>(begin_of(parent))]);
                zones_ += pieces[node];
            }
        }
    }

    // As many as append_zones() appends.
    [[nodiscard]] std::int64_t zones() const { return zones_; }

    void append_zones(const MaskDomain& domain, std::int64_t prefix, ZoneList& zones) const {
        const auto nodes = static_cast<std::int64_t>(parents_.size());
        for (std::int64_t begin = 0, end = 0; begin < nodes; begin = end) {
            for (end = begin + 1; end < nodes && begin_of(end) == begin; ++end) {
            }
            const Range rows{prefix + begin, prefix + end};
            zones.push_back(causal_at(domain, rows, rows));
            for (std::int64_t node = parent_of(begin); node >= 0;) {
                const std::int64_t first = begin_of(node);
                zones.push_back(box_at(domain, rows, {prefix + first, prefix + node + 1}));
                node = parent_of(first);
            }
        }
    }

  private:
    [[nodiscard]] std::int64_t parent_of(std::int64_t node) const { return parents_[static_cast<std::size_t>(node)]; }
    [[nodiscard]] std::int64_t begin_of(std::int64_t node) const { return begins_[static_cast<std::size_t>(node)]; }

    const std::vector<std::int64_t>& parents_;
    std::vector<std::int64_t> begins_;  // of the path of each node
    std::int64_t zones_ = 0;
};

// The nodes alone: each sees itself and what its parent sees.
std::optional<BitmapRows> tree_bits(const std::vector<std::int64_t>& parents, std::int64_t most_bytes) {
    const auto nodes = static_cast<std::int64_t>(parents.size());
    BitmapBuilder builder(nodes, nodes, most_bytes);
    for (std::int64_t node = 0; node < nodes; ++node) {
        const std::span<std::uint64_t> words = builder.next_row();
        if (!builder.fits()) {
            return std::nullopt;
        }
        if (const std::int64_t parent = parents[static_cast<std::size_t>(node)]; parent >= 0) {
            builder.add_earlier(parent, words);
        }
        set_bits(words, {node, node + 1});
    }
    return builder.finish();
}

class TreeLeaf final : public MaskLeaf {
  public:
    explicit TreeLeaf(std::vector<std::int64_t> parents) : parents_(std::move(parents)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        const std::int64_t prefix = prefix_of(domain, path);
        const Paths paths(parents_);
        check_zone_count(paths.zones() + 2, path);
        ZoneList zones = prefix_zones(domain, prefix);
        paths.append_zones(domain, prefix, zones);
        return zones;
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        const std::int64_t prefix = prefix_of(domain, path);
        const std::int64_t most_bytes = most_bytes_as_bits(Paths(parents_).zones());
        std::optional<BitmapRows> bits = tree_bits(parents_, most_bytes);
        if (!bits) {
            return MaskLeaf::tree(domain, path);
        }
        ZoneTree before;
        before.zones = prefix_zones(domain, prefix);
        std::erase_if(before.zones, [](const Zone& zone) { return zone.empty(); });
        const auto mask = std::make_shared<BitmapMask>(std::make_shared<const BitmapRows>(std::move(*bits)));
        ZoneTree placed = cut_to(domain.box(), translated(ZoneTree::of(mask), prefix - domain.diagonal(), prefix));
        return before.zones.empty() ? placed : ZoneTree{ZoneTree::Kind::any_of, {}, {before, placed}};
    }
    [[nodiscard]] Json parameters() const override { return {{"parents", parents_}}; }

  private:
    // The tokens before the tree.
    [[nodiscard]] std::int64_t prefix_of(const MaskDomain& domain, const std::string& path) const {
        const auto nodes = static_cast<std::int64_t>(parents_.size());
        if (nodes > domain.key_tokens) {
            throw bad_input(path + ".parents", fmt::format("a tree of {} nodes", nodes), "is larger than the sequence",
                            fmt::format("at most {} nodes", domain.key_tokens));
        }
        return domain.key_tokens - nodes;
    }

    std::vector<std::int64_t> parents_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_tree_leaf(JsonObject parameters) {
    const std::vector<std::int64_t> parents = checked_integers(parameters, "parents", -1, max_list_entries, 1);
    for (std::size_t node = 0; node < parents.size(); ++node) {
        if (parents[node] >= static_cast<std::int64_t>(node)) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("parents"), node), std::to_string(parents[node]),
                            "does not come before its child", "the index of an earlier node, or -1 for a root");
        }
    }
    parameters.finish();
    return std::make_shared<TreeLeaf>(parents);
}

}  // namespace longscope
