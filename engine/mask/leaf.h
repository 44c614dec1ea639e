// SPDX-License-Identifier: GPL-3.0-or-later
// The leaves of mask expressions. A leaf is disjoint zones, some of them under stripes; all else follows. To add one:
// its own file in leaves/, one entry in leaf_registry.cpp, its predicate in tests/support/leaf_truths.cpp and its shape
// in the schema; resources/docs/masks.md is written from the registry.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/zone.h"
#include "engine/mask/zone_limit.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

// The matrix that a mask covers, and the documents that are packed in it.
struct MaskDomain {
    std::int64_t query_tokens = 0;
    std::int64_t key_tokens = 0;
    // Cumulative lengths [0, ..., tokens] as in varlen kernels; empty: one document. With documents, query_tokens and
    // key_tokens are the same.
    std::vector<std::int64_t> cu_seqlens;

    // Of the sequence that this is a part of, such as one document: parameters may be as large as that has tokens. 0:
    // this is no part.
    std::int64_t whole_tokens = 0;

    // Masks may differ from head to head, and from layer to layer. Heads are those of the queries.
    std::int64_t head = 0;
    std::int64_t layer = 0;

    [[nodiscard]] std::int64_t longest() const { return std::max(key_tokens, whole_tokens); }
    [[nodiscard]] Box box() const { return {{0, query_tokens}, {0, key_tokens}}; }
    // Masks are aligned at the bottom right: query i stands at key position i + this.
    [[nodiscard]] std::int64_t diagonal() const { return key_tokens - query_tokens; }
};

struct HeadDependence {
    bool head = false;
    bool layer = false;

    [[nodiscard]] bool any() const { return head || layer; }
};

class MaskLeaf {
  public:
    MaskLeaf() = default;
    MaskLeaf(const MaskLeaf&) = delete;
    MaskLeaf& operator=(const MaskLeaf&) = delete;
    MaskLeaf(MaskLeaf&&) = delete;
    MaskLeaf& operator=(MaskLeaf&&) = delete;
    virtual ~MaskLeaf() = default;

    // Disjoint zones, inside the domain. Throws Error(bad_input), naming the field under `path`, when the parameters do
    // not suit the domain.
    [[nodiscard]] virtual ZoneList zones(const MaskDomain& domain, const std::string& path) const = 0;
    // The same, as lists of zones under operators where that is shorter; zones() without the empty ones unless a leaf
    // knows better.
    [[nodiscard]] virtual ZoneTree tree(const MaskDomain& domain, const std::string& path) const;
    // The parameters as they stand in a document.
    [[nodiscard]] virtual Json parameters() const = 0;
    // What the zones depend on beside the matrix; nothing, of most leaves.
    [[nodiscard]] virtual HeadDependence depends() const { return {}; }
    // Of a leaf that depends on them: the mask of one head, which does not, as it stands in a document. Throws
    // Error(bad_input), naming the field under `path`, where there is no such head.
    [[nodiscard]] virtual Json at_head(std::int64_t head, std::int64_t layer, const std::string& path) const;
};

struct LeafParameter {
    std::string_view name;
    std::string_view meaning;       // with its unit or convention
    std::string_view choices = {};  // of a word: "rows, columns, both"
};

// Definitions say when query q sees key k. In them q is where the query stands among the keys, aligned at the bottom
// right: its row + MaskDomain::diagonal().
struct LeafEntry {
    std::string_view name;  // the field's own term, as in documents
    std::vector<LeafParameter> parameters;
    std::string_view meaning;     // one line, with the convention
    std::string_view definition;  // as a predicate
    std::string_view source;      // where it was published, or who uses it
    std::shared_ptr<const MaskLeaf> (*parse)(JsonObject parameters);
    // Parameters to begin with, as JSON: all of `parameters`, with values that suit most sequences.
    std::string_view example;
    // Those of its picture over 64 keys (mask_examples.h), where these do not show there what the leaf does.
    std::string_view picture = {};
    std::int64_t picture_queries = 64;  // fewer where it is shown how rows and keys are aligned
};

// "left, right"; empty when there are none.
[[nodiscard]] std::string parameter_names(const LeafEntry& entry);

// The registry, in the order in which help and documentation list it.
[[nodiscard]] const std::vector<LeafEntry>& mask_leaves();

// Parsers of the leaves, one file each.
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_full_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_causal_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_causal_top_left_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_window_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_documents_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_prefix_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_sink_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_custom_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_global_tokens_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_last_queries_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_prefix_documents_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_shared_question_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_causal_blockwise_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_block_causal_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_block_causal_documents_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_block_window_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_chunked_local_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_strided_columns_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_dilated_window_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_strided_diagonals_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_shifted_groups_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_tree_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_fork_join_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_parallel_contexts_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_segments_shared_suffix_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_worker_blocks_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_vertical_slash_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_grid_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_block_diffusion_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_neighbourhood_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_block_sparse_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_random_block_sparse_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_variable_block_sparse_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_random_eviction_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_slices_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_zones_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_dense_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_elastic_window_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_head_shards_leaf(JsonObject parameters);
[[nodiscard]] std::shared_ptr<const MaskLeaf> parse_ladder_leaf(JsonObject parameters);

}  // namespace longscope
