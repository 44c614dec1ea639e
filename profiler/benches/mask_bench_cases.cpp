// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/mask/expression.h"
#include "engine/mask/mask_presets.h"
#include "profiler/benches/mask_bench.h"

namespace longscope {

namespace {

constexpr Nanoseconds ms = 1'000'000;
constexpr std::int64_t preset_tokens = 65'536;
constexpr std::int64_t edit_tokens = 1'048'576;

constexpr const char* causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";
constexpr const char* composition = R"({"and": [{"documents": {}}, {"or": [{"window": {"left": 1024, "right": 1024}},
    {"global_tokens": {"tokens": 256, "axis": "both"}}]}]})";

// Those that draw every block at random have as much to do as they keep blocks: nothing is promised of them.
bool is_random(const MaskPreset& preset) {
    return preset.expression.find("random") != std::string_view::npos ||
           preset.expression.find("variable_block_sparse") != std::string_view::npos;
}

void append_presets(std::vector<MaskBenchCase>& cases, bool quick) {
    for (const MaskPreset& preset : mask_presets()) {
        const bool random = is_random(preset);
        cases.push_back({MaskBenchPart::presets, std::string(preset.name), std::string(preset.expression),
                         preset_tokens, true, random ? std::nullopt : std::optional<Nanoseconds>(20 * ms)});
    }
    for (const MaskPreset& preset : mask_presets()) {
        const bool random = is_random(preset);
        if (!random || !quick) {
            cases.push_back({MaskBenchPart::edits, std::string(preset.name),
                             edited(std::string(preset.expression), edit_tokens), edit_tokens, true,
                             random ? std::nullopt : std::optional<Nanoseconds>(16 * ms)});
        }
    }
}

// Each node has one of the two before it as its parent: no two of them follow one another on a path for long.
std::string branching_tree(std::int64_t nodes) {
    RandomStream random(1, 0);
    std::vector<std::int64_t> parents{-1};
    for (std::int64_t node = 1; node < nodes; ++node) {
        const auto back = static_cast<std::int64_t>(random.next_below(2));
        parents.push_back(std::max<std::int64_t>(node - 1 - back, 0));
    }
    return Json{{"tree", {{"parents", parents}}}}.dump();
}

void append_growth(std::vector<MaskBenchCase>& cases, bool quick) {
    const auto append = [&](const char* name, std::int64_t tokens, std::string expression, bool documents) {
        cases.push_back({MaskBenchPart::growth, name, std::move(expression), tokens, documents});
    };
    for (const std::int64_t tokens : {10'000, 100'000, 1'000'000, 10'000'000}) {
        append("causal documents", tokens, causal_documents, true);
    }
    for (const std::int64_t tokens : {10'000, 100'000, 1'000'000, 10'000'000}) {
        append("window, global, documents", tokens, composition, true);
    }
    // Each row of blocks keeps 16 blocks.
    for (const std::int64_t tokens : {8'192, 65'536, 524'288, quick ? 0 : 1'048'576}) {
        if (tokens > 0) {
            append(
                "block-sparse, 16 kept a row", tokens,
                fmt::format(R"({{"random_block_sparse": {{"q_block": 128, "k_block": 128, "kept": {}, "seed": 1}}}})",
                            16.0 / (static_cast<double>(tokens) / 128)),
                false);
        }
    }
    // Half of all pairs, one by one: bits. They are drawn anew each time, which is most of it.
    for (const std::int64_t tokens : {4'096, quick ? 0 : 16'384}) {
        if (tokens > 0) {
            append("random pairs, half kept", tokens,
                   R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0.5, "seed": 1}})", false);
        }
    }
    for (const std::int64_t nodes : {1'024, 16'384}) {
        append("tree that branches at every token", nodes, branching_tree(nodes), false);
    }
    // A video grid of 48 x 80 places and more and more frames.
    for (const std::int64_t frames : {4, 30, quick ? 0 : 120}) {
        if (frames > 0) {
            append("3-D neighbourhood, frames x 48 x 80", frames * 48 * 80,
                   fmt::format(R"({{"neighbourhood": {{"grid": [{}, 48, 80], "window": [3, 13, 13], "stride": [1, 1, 1],
                    "dilation": [1, 1, 1], "causal": [false, false, false]}}}})",
                               frames),
                   false);
        }
    }
}

// Whether a number in the document could be changed so that the whole is a mask.
bool change_one(Json& node, const Json& document, std::int64_t tokens) {
    if (node.is_number_integer()) {
        const auto before = node.get<std::int64_t>();
        for (const std::int64_t after : {before + 1, before - 1}) {
            node = after;
            try {
                check_mask(parse_mask(document, "mask"), {tokens, tokens, {}});
                return true;
            } catch (const Error&) {
                node = before;
            }
        }
        return false;
    }
    if (node.is_structured()) {
        for (auto& child : node) {
            if (change_one(child, document, tokens)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

std::string edited(const std::string& expression, std::int64_t tokens) {
    Json document = parse_json(expression, "mask");
    (void)change_one(document, document, tokens);
    return document.dump();
}

std::vector<MaskBenchCase> mask_bench_cases(bool quick) {
    std::vector<MaskBenchCase> cases{
        {MaskBenchPart::goals, "causal documents", causal_documents, 10'000'000, true, 30 * ms, 100'000'000},
        {MaskBenchPart::goals, "window, global, documents", composition, 1'048'576, true, 50 * ms},
    };
    append_presets(cases, quick);
    append_growth(cases, quick);
    return cases;
}

}  // namespace longscope
