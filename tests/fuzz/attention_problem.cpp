// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/attention_problem.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace longscope::fuzz {

namespace {

// Bytes from 192 on stand for lengths around those of tiles and panels.
std::int64_t length(ByteReader& bytes) {
    constexpr std::array<std::int64_t, 16> around_tiles{95,  96,  97,  127, 128, 129, 191, 192,
                                                        193, 211, 255, 256, 257, 300, 512, 521};
    constexpr std::uint8_t plain = 192;
    const std::uint8_t byte = bytes.next();
    return byte < plain ? 1 + byte : around_tiles.at(byte % around_tiles.size());
}

std::int64_t dimension(ByteReader& bytes) {
    constexpr std::array<std::int64_t, 8> usual{16, 64, 80, 96, 128, 192, 255, 256};
    constexpr std::uint8_t plain = 224;
    const std::uint8_t byte = bytes.next();
    return byte < plain ? 1 + byte % 40 : usual.at(byte % usual.size());
}

std::optional<Poison> poison(ByteReader& bytes) {
    constexpr std::array<float, 3> values{std::numeric_limits<float>::quiet_NaN(),
                                          std::numeric_limits<float>::infinity(),
                                          -std::numeric_limits<float>::infinity()};
    const std::uint8_t chosen = bytes.next();
    const auto operand = static_cast<Operand>(bytes.below(4));
    std::int64_t at = bytes.next();
    at = at * 256 + bytes.next();
    if (chosen % 4 == 0) {
        return std::nullopt;
    }
    return Poison{operand, at, values.at(chosen % 4 - 1U)};
}

std::vector<std::int64_t> documents(ByteReader& bytes, std::int64_t tokens) {
    std::vector<std::int64_t> starts{0};
    for (std::int64_t left = bytes.below(8); left > 0 && starts.back() < tokens; --left) {
        starts.push_back(std::min(starts.back() + 1 + bytes.next(), tokens));
    }
    if (starts.back() < tokens) {
        starts.push_back(tokens);
    }
    return starts;
}

// Parameters are made to fit the domain more often than not; others are refused.
Json mask(ByteReader& bytes, const MaskDomain& domain, int depth) {
    const auto key = [&] { return bytes.next() * domain.key_tokens / 256; };
    const auto of_queries = [&] { return bytes.next() * domain.query_tokens / 256; };
    const auto inner = [&] { return mask(bytes, domain, depth - 1); };
    constexpr std::int64_t leaves = 11;
    constexpr std::int64_t operators = 7;
    switch (bytes.below(depth > 0 ? leaves + operators : leaves)) {
        case 0:
            return {{"full", Json::object()}};
        case 1:
            return {{"causal", Json::object()}};
        case 2:
            return {{"window", {{"left", key()}, {"right", key()}}}};
        case 3:
            return {{"window", {{"left", bytes.below(domain.key_tokens)}, {"right", 0}}}};
        case 4: {
            const std::int64_t dilation = 1 + bytes.below(9);
            return {
                {"dilated_window", {{"left", key() / dilation}, {"right", key() / dilation}, {"dilation", dilation}}}};
        }
        case 5: {
            const std::int64_t stride = 1 + bytes.below(40);
            const std::int64_t first = bytes.below(stride);
            return {{"strided_columns",
                     {{"stride", stride}, {"first", first}, {"width", 1 + bytes.below(stride - first)}}}};
        }
        case 6:
            return {{"strided_diagonals", {{"stride", 1 + bytes.below(40)}}}};
        case 7:
            return {{"prefix", {{"tokens", 1 + key()}}}};
        case 8:
            return {{"sink", {{"tokens", 1 + key()}}}};
        case 9:
            return {{"random_block_sparse",
                     {{"q_block", 1 + bytes.below(64)},
                      {"k_block", 1 + bytes.below(64)},
                      {"kept", static_cast<double>(1 + bytes.below(64)) / 64.0},
                      {"seed", bytes.next()}}}};
        case 10:
            return {{"documents", Json::object()}};
        case 11:
            return {{"and", {inner(), inner()}}};
        case 12:
            return {{"or", {inner(), inner()}}};
        case 13:
            return {{"minus", {inner(), inner()}}};
        case 14:
            return {{"not", inner()}};
        case 15: {
            const auto step = [&] { return std::int64_t{static_cast<std::int8_t>(bytes.next())}; };
            return {{"shift", {{"queries", step()}, {"keys", step()}, {"mask", inner()}}}};
        }
        case 16: {
            const std::int64_t first_query = of_queries();
            const std::int64_t first_key = key();
            return {{"crop",
                     {{"queries", {first_query, std::min(first_query + 1 + of_queries(), domain.query_tokens)}},
                      {"keys", {first_key, std::min(first_key + 1 + key(), domain.key_tokens)}},
                      {"mask", inner()}}}};
        }
        default:
            return {{"per_document", {{"mask", inner()}}}};
    }
}

// To what a reference in float64 computes in some milliseconds.
void limit_work(AttentionCase& c) {
    constexpr std::int64_t most_work = 300'000;
    const std::int64_t of_a_pair = c.shape.head_dim_qk + c.shape.head_dim_v;
    std::int64_t& queries = c.domain.query_tokens;
    std::int64_t& keys = c.domain.key_tokens;
    if (queries * keys * c.shape.query_heads * of_a_pair <= most_work) {
        return;
    }
    c.shape.query_heads = c.shape.key_value_heads = 1;
    const std::int64_t most_pairs = most_work / of_a_pair;
    if (queries == keys) {
        queries = keys = std::min(keys, static_cast<std::int64_t>(std::sqrt(static_cast<double>(most_pairs))));
    } else {
        queries = std::clamp<std::int64_t>(most_pairs / keys, 1, queries);
    }
}

ScoringCase scoring(ByteReader& bytes, const AttentionCase& c) {
    ScoringCase asked;
    asked.soft_cap = bytes.one_of(std::array{0.0, 0.5, 2.0, 50.0});
    asked.alibi = bytes.below(2) == 1;
    asked.bias_heads = bytes.one_of(std::array<std::int64_t, 3>{0, 1, c.shape.query_heads});
    asked.bias_hides = bytes.one_of(std::array{0.0, 0.2, 0.9});
    switch (bytes.below(4)) {
        case 1:
            asked.sinks = true;
            break;
        case 2:
            asked.sigmoid_bias = -std::log(static_cast<double>(c.domain.key_tokens));
            break;
        case 3:
            asked.sigmoid_bias = 1.0;
            break;
        default:
            break;
    }
    return asked;
}

}  // namespace

AttentionProblem attention_problem(ByteReader& bytes) {
    AttentionProblem problem;
    AttentionShape& shape = problem.attention.shape;
    MaskDomain& domain = problem.attention.domain;
    const bool square = bytes.below(2) == 0;
    domain.query_tokens = length(bytes);
    domain.key_tokens = square ? domain.query_tokens : length(bytes);
    shape.key_value_heads = 1 + bytes.below(3);
    shape.query_heads = shape.key_value_heads * (1 + bytes.below(4));
    shape.head_dim_qk = dimension(bytes);
    shape.head_dim_v = dimension(bytes);
    shape.dtype = bytes.one_of(std::array{DType::float32, DType::bfloat16, DType::float16});
    problem.threads = 1 + static_cast<int>(bytes.below(4));
    problem.attention.seed = bytes.next();
    problem.attention.scale_factor = bytes.one_of(std::array{1.0, 0.25, 2.0, -1.0});
    problem.row_gap = bytes.below(4);
    problem.poison = poison(bytes);
    limit_work(problem.attention);
    if (square) {
        domain.cu_seqlens = documents(bytes, domain.key_tokens);
    }
    constexpr int deepest = 3;
    problem.attention.mask_json = mask(bytes, domain, deepest).dump();
    problem.attention.scoring = scoring(bytes, problem.attention);
    if (problem.poison && problem.attention.scoring.bias_heads > 0 && bytes.below(2) == 1) {
        problem.poison->operand = Operand::bias;
    }
    return problem;
}

}  // namespace longscope::fuzz
