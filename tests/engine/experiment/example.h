// SPDX-License-Identifier: GPL-3.0-or-later
// Documents that the tests of experiments start from.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/base/bounded_file.h"
#include "engine/experiment/experiment.h"
#include "tests/support/paths.h"

namespace longscope {

inline const std::filesystem::path resources_folder = LONGSCOPE_SOURCE_DIR "/resources";

inline ExperimentNames known_names() {
    return {{"ring", "ulysses", "usp", "split_kv"},
            {"contiguous", "zigzag", "per_document_zigzag", "balanced"},
            {"cpu", "opencl", "reference"}};
}

// Every field is there, none has its default.
inline Json example_document() {
    return parse_json(R"json({
        "longscope_experiment": 1,
        "name": "example",
        "description": "Two lines\nof text.",
        "shape": {"batch": 1, "query_heads": 6, "key_value_heads": 2, "head_dim_qk": 32, "head_dim_v": 16,
                  "dtype": "float32"},
        "sequence": {"tokens": 100, "lengths": {"list": [60, 39, 1]}, "draws": 3, "seed": 7},
        "mask": {"and": [{"documents": {}},
                         {"or": [{"causal": {}}, {"prefix": {"tokens": 10}}, {"sink": {"tokens": 4}},
                                 {"not": {"window": {"left": 20, "right": 5}}}]},
                         {"full": {}}]},
        "layout": {"ranks": 4, "strategy": "ulysses", "dispatch": "zigzag"},
        "backend": {"name": "reference", "threads": 2, "memory_per_rank_bytes": 4096, "device": "gpu"},
        "repetitions": {"warm_up": 2, "measured": 9},
        "check": {"rows": 8}
    })json",
                      "example");
}

// The same with a scoring; sigmoid attention has no sinks.
inline Json example_document_with_scoring(bool sigmoid) {
    Json document = example_document();
    document["scoring"] =
        sigmoid ? Json{{"sigmoid", {{"bias", -4.5}}}} : Json{{"soft_cap", 30.5}, {"alibi", true}, {"sinks", true}};
    return document;
}

// The same with the backward pass.
inline Json example_document_with_backward_pass() {
    Json document = example_document();
    document["pass"] = "forward_backward";
    return document;
}

// The same with fewer queries than tokens.
inline Json example_document_of_decoding() {
    Json document = example_document();
    document["sequence"]["query_tokens"] = 8;
    document["layout"]["strategy"] = "split_kv";
    return document;
}

// The same with a strategy that is told its degree, and a tolerance.
inline Json example_document_with_degree() {
    Json document = example_document();
    document["layout"] = {{"ranks", 4},
                          {"strategy", "usp"},
                          {"dispatch", "balanced"},
                          {"ulysses", 2},
                          {"tolerance_percent", 5},
                          {"window", 1},
                          {"placement", "context_first"},
                          {"head_stride", 3},
                          {"stages", 2},
                          {"cost_model",
                           {{"name", "cpu_10g"},
                            {"flops_per_s", 1000},
                            {"half_rate_keys", 10},
                            {"link_bytes_per_s", 500},
                            {"latency_ns", 7}}},
                          {"wire_dtype", "bfloat16"}};
    return document;
}

// The same with every leaf of the registry that it has not.
inline Json example_document_of_leaves() {
    Json document = example_document();
    document["mask"]["and"].push_back(parse_json(R"json(
        {"or": [{"causal_top_left": {}},
                {"custom": {"expression": "k <= q"}},
                {"block_window": {"block": 8, "left": 2, "right": 1}},
                {"chunked_local": {"chunk": 32}},
                {"block_causal": {"block": 16}},
                {"strided_columns": {"stride": 8, "first": 2, "width": 3}},
                {"global_tokens": {"tokens": 5, "axis": "both"}},
                {"last_queries": {"tokens": 7}},
                {"prefix_documents": {"tokens": 7}},
                {"block_causal_documents": {"block": 16}},
                {"shared_question": {}},
                {"causal_blockwise": {}},
                {"dilated_window": {"left": 3, "right": 1, "dilation": 4}},
                {"strided_diagonals": {"stride": 9}},
                {"shifted_groups": {"group": 8, "shift": 4, "guard": true}},
                {"vertical_slash": {"columns": [3, 4], "slashes": [0, 7]}},
                {"neighbourhood": {"grid": [8, 12], "window": [4, 5], "stride": [2, 1],
                                   "dilation": [1, 2], "causal": [true, false]}},
                {"tree": {"parents": [-1, 0, 0, 2]}},
                {"fork_join": {"segments": [[10], [5, 6], [7]], "branches_seen": false}},
                {"parallel_contexts": {"prefix": 3, "contexts": [20, 30]}},
                {"segments_shared_suffix": {"segment": 20, "suffix": 10}},
                {"worker_blocks": {"prefix": 4, "workers": 3, "tokens": 9}},
                {"block_diffusion": {"block": 5}},
                {"block_sparse": {"q_block": 16, "k_block": 8, "rows": [[0], [], [2, 1]]}},
                {"random_block_sparse": {"q_block": 8, "k_block": 16, "kept": 0.25, "seed": 3}},
                {"variable_block_sparse": {"average": 9, "minimum": 4, "kept": 0.5, "seed": 3}},
                {"random_eviction": {"block": 4, "seed": 5}},
                {"slices": {"q_ranges": [[0, 10]], "k_ranges": [[5, 20]], "types": ["bicausal"]}},
                {"zones": {"zones": [[0, 10, 0, 10, -3, 4]]}},
                {"dense": {"rows": ["10", "11"]}},
                {"custom": {"expression": "k <= q"}},
                {"elastic_window": {"sink": 2, "spans": [[3, 0.5], [4, 0.25], [5, 0.0], [-6, 1.0], [7, 0.0], [8, 0.0]]}},
                {"head_shards": {"block": 4, "local": 3, "stride": 4, "heads": 6, "dense": 1, "shared": 1}},
                {"ladder": {"sink": 2, "recent": 9, "slot": 3, "layers": 8, "span": 4, "overlap": 2}},
                {"per_heads": {"assignments": [{"heads": [0, 2], "layers": [[0, 1], [3, 9]], "mask": {"causal": {}}},
                                               {"heads": [0, 4096], "mask": {"full": {}}}],
                               "otherwise": {"full": {}}}},
                {"minus": [{"full": {}}, {"causal": {}}]},
                {"shift": {"queries": 3, "keys": -4, "mask": {"causal": {}}}},
                {"crop": {"queries": [0, 10], "keys": [5, 20], "mask": {"full": {}}}},
                {"grid": {"stride": 16, "query_phase": 3, "key_phase": 0}},
                {"permute": {"axis": "both", "order": {"interleave": {"stride": 8}}, "mask": {"causal": {}}}},
                {"permute": {"axis": "rows", "order": {"reverse": {}}, "mask": {"full": {}}}},
                {"permute": {"axis": "columns", "order": {"tiles": {"grid": [8, 8], "tile": [4, 2]}}, "mask": {"full": {}}}},
                {"permute": {"axis": "both", "order": {"shuffle": {"block": 4, "seed": 1}}, "mask": {"causal": {}}}},
                {"per_document": {"mask": {"causal": {}}}}]})json",
                                                 "leaves"));
    Json tokens = Json::array();
    for (std::int64_t token = document["sequence"]["tokens"]; token-- > 0;) {
        tokens.push_back(token);
    }
    const Json order{{"list", {{"tokens", tokens}}}};
    document["mask"]["and"].push_back(
        {{"permute", {{"axis", "rows"}, {"order", order}, {"mask", {{"full", Json::object()}}}}}});
    return document;
}

// The other sources of lengths.
inline Json example_lengths(const std::string& form) {
    return form == "file" ? Json{{"file", "../lengths/mixed-documents.json"}}
                          : Json{{"histogram", {{"[0,16)", 0.25}, {"[16,64)", 3.0}}}};
}

inline Json example_document_with_lengths(const std::string& form) {
    Json document = example_document();
    document["sequence"]["lengths"] = example_lengths(form);
    return document;
}

inline Experiment parsed(const Json& document) {
    return parse_experiment(document, resources_folder / "experiments", known_names());
}

}  // namespace longscope
