// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "profiler/benches/attention_bench.h"

namespace longscope {

namespace {

constexpr const char* full = R"({"full": {}})";
constexpr const char* causal = R"({"causal": {}})";
constexpr const char* causal_documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";
constexpr const char* window = R"({"window": {"left": 1023, "right": 0}})";
constexpr const char* long_window = R"({"window": {"left": 4095, "right": 0}})";
constexpr const char* global_and_window =
    R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 64}}, {"window": {"left": 1023, "right": 0}}]}]})";
// In each row of blocks one in ten.
constexpr const char* sparse_blocks =
    R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.1, "seed": 1}})";

std::string_view direction_word(Direction direction) {
    return direction == Direction::forward ? "forward" : "backward";
}

// Blocks of 64 keys that queries select, 16 of 256 each: every query by itself (Native Sparse Attention, Yuan et al.
// 2025, section 3.3; a random choice is the worst that can come of scores), or several neighbours together. Under the
// causal mask 16 in the mean.
struct Selection {
    const char* name;
    const char* mask;
    bool all_ratios;  // of query to key/value heads
};

constexpr Selection selections[] = {
    {"selected by each query", R"({"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.0625, "seed": 1}})",
     true},
    {"selected by each query, causal",
     R"({"and": [{"causal": {}}, {"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.125, "seed": 1}}]})",
     true},
    {"selected by 8 neighbours", R"({"random_block_sparse": {"q_block": 8, "k_block": 64, "kept": 0.0625, "seed": 1}})",
     false},
    {"selected by 64 neighbours",
     R"({"random_block_sparse": {"q_block": 64, "k_block": 64, "kept": 0.0625, "seed": 1}})", false},
};

// Query heads, and heads that share a key/value head.
constexpr std::pair<std::int64_t, std::int64_t> selecting_heads[] = {{16, 16}, {4, 4}, {2, 1}};

void add_selections(std::vector<AttentionBenchCase>& cases) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
        for (const Selection& selection : selections) {
            for (const auto& [heads, group] : selecting_heads) {
                if (group != 4 && !selection.all_ratios) {
                    continue;
                }
                AttentionBenchCase one;
                one.name = fmt::format("forward, blocks {}, {} head{} a key/value head, {}, D 128", selection.name,
                                       group, group == 1 ? "" : "s", to_string(dtype));
                one.shape = {1, heads, heads / group, 128, 128, dtype};
                one.mask = selection.mask;
                one.tokens = 16'384;
                one.both_orders = true;
                cases.push_back(std::move(one));
            }
        }
    }
}

AttentionShape shape_of(std::int64_t dim, DType dtype) {
    return {1, 8, 8, dim, dim, dtype};
}

constexpr std::int64_t decode_tokens = 131'072;

// So many that their keys and values take four times the last cache, as far as a quarter of the memory holds them.
std::int64_t kv_heads_beyond_caches(const MachineFacts& machine, const AttentionShape& shape) {
    std::int64_t last_cache_bytes = 0;
    for (const CacheFacts& cache : machine.caches) {
        last_cache_bytes = cache.bytes * cache.count;
    }
    const std::int64_t head_bytes = decode_tokens * (shape.head_dim_qk + shape.head_dim_v) * size_bytes(shape.dtype);
    return std::min((4 * last_cache_bytes + head_bytes - 1) / head_bytes, machine.memory_bytes / 4 / head_bytes);
}

}  // namespace

std::vector<AttentionBenchCase> attention_bench_cases(const MachineFacts& machine) {
    std::vector<AttentionBenchCase> cases;
    for (const std::int64_t dim : {128, 64}) {
        Direction direction = Direction::forward;
        bool stored = false;
        const auto add = [&](DType dtype, const std::string& name, const char* mask, std::int64_t tokens,
                             std::optional<double> goal, GoalOf goal_of, bool quick,
                             std::optional<std::uint64_t> document_seed = std::nullopt) {
            AttentionBenchCase one;
            one.name = fmt::format("{}{}, {}, {}, D {}", direction_word(direction), stored ? ", stored" : "", name,
                                   to_string(dtype), dim);
            one.stored = stored;
            one.direction = direction;
            one.shape = shape_of(dim, dtype);
            one.mask = mask;
            one.tokens = tokens;
            one.document_seed = document_seed;
            one.goal = goal;
            one.goal_of = goal_of;
            one.quick = quick;
            cases.push_back(std::move(one));
        };
        const auto of_dim = [&](double at_128, double at_64) { return dim == 128 ? at_128 : at_64; };
        const DType f32 = DType::float32;
        add(f32, "full", full, 1024, 0.79, GoalOf::peak, true);
        add(f32, "full", full, 4096, of_dim(0.87, 0.82), GoalOf::peak, true);
        add(f32, "full", full, 16'384, of_dim(0.87, 0.82), GoalOf::peak, false);
        add(f32, "causal", causal, 4096, of_dim(0.80, 0.75), GoalOf::peak, dim == 128);
        add(f32, "causal", causal, 16'384, of_dim(0.80, 0.75), GoalOf::peak, false);
        add(f32, "one block of 128 in ten", sparse_blocks, 16'384, 0.85, GoalOf::dense, dim == 64);
        add(f32, "window 1,024", window, 65'536, 0.75, GoalOf::dense, dim == 64);
        add(f32, "64 sinks and window 1,024", global_and_window, 65'536, 0.75, GoalOf::dense, false);
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            add(f32, fmt::format("causal documents, seed {}", seed), causal_documents, 65'536, 0.75, GoalOf::dense,
                false, seed);
        }
        const DType bf16 = DType::bfloat16;
        add(bf16, "full", full, 1024, of_dim(0.70, 0.62), GoalOf::peak, true);
        add(bf16, "full", full, 4096, of_dim(0.80, 0.72), GoalOf::peak, true);
        add(bf16, "full", full, 16'384, of_dim(0.82, 0.74), GoalOf::peak, false);
        add(DType::float16, "full", full, 4096, 0.90, GoalOf::float32, false);
        if (dim == 128) {
            // Few enough tokens for libraries that take the mask as a matrix.
            constexpr std::int64_t tokens = 8192;
            for (const DType dtype : {f32, bf16}) {
                add(dtype, "one block of 128 in ten", sparse_blocks, tokens, {}, GoalOf::peak, false);
                add(dtype, "window 1,024", window, tokens, {}, GoalOf::peak, false);
                add(dtype, "causal documents, seed 0", causal_documents, tokens, {}, GoalOf::peak, false, 0);
            }
        }

        direction = Direction::backward;
        add(f32, "full", full, 4096, of_dim(0.86, 0.79), GoalOf::peak, dim == 128);
        add(f32, "full", full, 16'384, of_dim(0.86, 0.79), GoalOf::peak, false);
        add(f32, "causal", causal, 4096, of_dim(0.75, 0.68), GoalOf::peak, dim == 64);
        add(f32, "causal", causal, 16'384, of_dim(0.75, 0.68), GoalOf::peak, false);
        add(bf16, "full", full, 4096, of_dim(0.75, 0.65), GoalOf::peak, dim == 64);
        add(bf16, "full", full, 16'384, of_dim(0.75, 0.65), GoalOf::peak, false);
        if (dim == 64) {
            // For their memory.
            add(f32, "window 1,024", window, 65'536, {}, GoalOf::peak, false);
            add(f32, "one block of 128 in ten", sparse_blocks, 65'536, {}, GoalOf::peak, false);
            add(f32, "window 4,096 of 2 heads", long_window, 1'048'576, {}, GoalOf::peak, false);
            cases.back().shape.query_heads = cases.back().shape.key_value_heads = 2;
        }

        stored = true;
        add(f32, "full", full, 4096, of_dim(0.92, 0.85), GoalOf::peak, dim == 64);
        add(bf16, "full", full, 4096, of_dim(0.85, 0.67), GoalOf::peak, false);
    }
    const auto add_decode = [&](const std::string& name, const AttentionShape& shape, std::int64_t page_tokens,
                                std::optional<double> goal, bool quick) {
        AttentionBenchCase one;
        one.name = fmt::format("decode, one query, {}, {}, D {}", name, to_string(shape.dtype),
                               shape.head_dim_qk == shape.head_dim_v
                                   ? fmt::format("{}", shape.head_dim_qk)
                                   : fmt::format("{}/{}", shape.head_dim_qk, shape.head_dim_v));
        one.shape = shape;
        one.tokens = decode_tokens;
        one.queries = 1;
        one.page_tokens = page_tokens;
        one.values_in_keys = shape.head_dim_qk != shape.head_dim_v;
        one.goal = goal;
        one.goal_of = GoalOf::reading;
        one.quick = quick;
        cases.push_back(std::move(one));
    };
    for (const auto& [dtype, goal] : {std::pair(DType::float32, 0.85), std::pair(DType::bfloat16, 0.70)}) {
        // Keys and values of four times a last cache of 32 MiB. What lies in a larger one is not what the goal is of.
        const std::int64_t kv_heads = dtype == DType::float32 ? 1 : 2;
        const AttentionShape shape{1, 8 * kv_heads, kv_heads, 128, 128, dtype};
        const std::int64_t heads_beyond = kv_heads_beyond_caches(machine, shape);
        const bool reaches_beyond = heads_beyond <= kv_heads;
        add_decode("8 heads a key/value head", shape, 0, reaches_beyond ? std::optional(goal) : std::nullopt, true);
        if (!reaches_beyond) {
            AttentionShape beyond = shape;
            beyond.query_heads = 8 * heads_beyond;
            beyond.key_value_heads = heads_beyond;
            add_decode(fmt::format("8 heads each of {} key/value heads beyond the caches", heads_beyond), beyond, 0,
                       goal, false);
        }
        add_decode("8 heads a key/value head in pages of 16 tokens", shape, 16, std::nullopt, true);
        // Multi-head latent attention: what is kept of a token are 512 elements and 64 for its position, read by all
        // heads (DeepSeek-V2, DeepSeek-AI 2024, section 2.1).
        add_decode("16 heads of latent attention", {1, 16, 1, 576, 512, dtype}, 0, std::nullopt, true);
        add_decode("16 heads of latent attention in pages of 64 tokens", {1, 16, 1, 576, 512, dtype}, 64, std::nullopt,
                   false);
    }
    add_selections(cases);
    return cases;
}

}  // namespace longscope
