// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/scoring_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

// A number for each query head.
std::vector<float> of_each_head(const TensorFile& file, const char* option, std::int64_t heads) {
    const StoredTensor& stored = file.tensor();
    if (checked_elements(stored.shape, stored.type, option) != heads) {
        throw bad_input(option, shape_text(stored.shape), "is not one number for each query head",
                        fmt::format("{} elements", heads));
    }
    std::vector<float> values(static_cast<std::size_t>(heads));
    to_float(stored.type, stored.bytes, values);
    return values;
}

void require_finite(std::optional<double> value, const char* option, bool above_zero) {
    if (value && (!std::isfinite(*value) || (above_zero && *value <= 0.0))) {
        throw bad_input(option, fmt::format("{}", *value), "cannot be",
                        above_zero ? "a finite number above 0" : "a finite number");
    }
}

bool is_float32_in_place(const StoredTensor& stored) {
    return stored.type == ElementType::float32 &&
           reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % alignof(float) == 0;
}

}  // namespace

void declare_scoring(CLI::App& verb, ScoringFileOptions& options) {
    verb.add_option("--soft-cap", options.soft_cap, "Caps scores: X tanh(score / X), before ALiBi and bias")
        ->type_name("X");
    verb.add_option(
            "--alibi", options.alibi,
            "Takes slope |i - j| from each score: 'standard' (slopes 2^(-8 h / heads), h from 1), or a file with "
            "a slope for each query head; i and j are aligned at the bottom right")
        ->type_name("standard|FILE[:NAME]");
    verb.add_option("--bias", options.bias,
                    "Is added to scores: [batch x] [heads x] queries x keys, a batch or heads of 1 being one for all; "
                    "-inf hides a pair")
        ->type_name("FILE[:NAME]");
    verb.add_option("--sinks", options.sinks, "Attention sinks: a logit for each query head, -inf for none")
        ->type_name("FILE[:NAME]");
    verb.add_flag("--sigmoid", options.sigmoid, "Weights are 1 / (1 + exp(-score)) instead of a softmax");
    verb.add_option("--sigmoid-bias", options.sigmoid_bias,
                    "With --sigmoid: is added to every score (default: -ln of the number of keys)")
        ->type_name("X");
}

ScoringFiles::ScoringFiles(const ScoringFileOptions& options, const ScoringExtents& extents)
    : options_(options), extents_(extents) {
    require_finite(options.soft_cap, "--soft-cap", true);
    require_finite(options.sigmoid_bias, "--sigmoid-bias", false);
    if (options.sigmoid_bias && !options.sigmoid) {
        throw bad_input("--sigmoid-bias", fmt::format("{}", *options.sigmoid_bias), "is of sigmoid attention",
                        "it together with --sigmoid");
    }
    if (options.sigmoid && !options.sinks.empty()) {
        throw Error(ErrorKind::unsupported, "--sinks: sinks take part in a softmax; with --sigmoid there is none");
    }
    scoring_.soft_cap = options.soft_cap.value_or(0.0);
    if (options.sigmoid) {
        scoring_.sigmoid_bias = options.sigmoid_bias.value_or(-std::log(static_cast<double>(extents.keys)));
    }
    if (options.alibi == "standard") {
        slopes_ = standard_slopes(extents.heads);
    } else if (!options.alibi.empty()) {
        const TensorFile file(options.alibi);
        paths_.push_back(file.path());
        slopes_ = of_each_head(file, "--alibi", extents.heads);
        for (const float slope : slopes_) {
            require_finite(slope, "--alibi", false);
        }
    }
    if (!options.sinks.empty()) {
        const TensorFile file(options.sinks);
        paths_.push_back(file.path());
        sinks_ = of_each_head(file, "--sinks", extents.heads);
        for (const float sink : sinks_) {
            if (std::isnan(sink) || sink == std::numeric_limits<float>::infinity()) {
                throw bad_input("--sinks", fmt::format("{}", sink), "is not a logit",
                                "finite numbers, and -inf for none");
            }
        }
    }
    if (!options.bias.empty()) {
        read_bias(options.bias);
    }
}

void ScoringFiles::read_bias(const std::string& place) {
    bias_.emplace(place);
    paths_.push_back(bias_->path());
    std::vector<std::int64_t> shape = bias_->tensor().shape;
    if (shape.size() >= 2 && shape.size() <= 4) {
        shape.insert(shape.begin(), 4 - shape.size(), 1);
    }
    if (shape.size() != 4 || (shape[0] != 1 && shape[0] != extents_.batch) ||
        (shape[1] != 1 && shape[1] != extents_.heads) || shape[2] != extents_.queries || shape[3] != extents_.keys) {
        throw bad_input("--bias", shape_text(bias_->tensor().shape), "does not fit --q and --k",
                        fmt::format("[1 or {} x] [1 or {} x] {} x {}", extents_.batch, extents_.heads, extents_.queries,
                                    extents_.keys));
    }
    bias_batch_ = shape[0];
    bias_heads_ = shape[1];
}

Scoring ScoringFiles::item(std::int64_t item, std::vector<float>& room) const {
    Scoring scoring = scoring_;
    scoring.slopes = slopes_.empty() ? nullptr : slopes_.data();
    if (!bias_) {
        return scoring;
    }
    const StoredTensor& stored = bias_->tensor();
    const std::int64_t elements = bias_heads_ * extents_.queries * extents_.keys;
    const auto item_bytes = static_cast<std::size_t>(elements * size_bytes(stored.type));
    const std::span<const std::byte> bytes =
        stored.bytes.subspan(bias_batch_ == 1 ? 0 : static_cast<std::size_t>(item) * item_bytes, item_bytes);
    const void* data = bytes.data();
    if (!is_float32_in_place(stored)) {
        const auto copy_bytes = elements * static_cast<std::int64_t>(sizeof(float));
        if (const std::int64_t free = available_memory_bytes(); room.empty() && copy_bytes > free) {
            throw Error(ErrorKind::out_of_memory,
                        fmt::format("--bias: {} of {} take {} as float32, and {} of memory are free",
                                    shape_text({bias_heads_, extents_.queries, extents_.keys}), to_string(stored.type),
                                    format_bytes(copy_bytes), format_bytes(free)));
        }
        room.resize(static_cast<std::size_t>(elements));
        to_float(stored.type, bytes, room);
        data = room.data();
    }
    scoring.bias = HeadView(data, DType::float32, extents_.heads, extents_.queries, extents_.keys);
    scoring.bias.head_stride = bias_heads_ == 1 ? 0 : scoring.bias.head_stride;
    return scoring;
}

std::string ScoringFiles::text() const {
    std::vector<std::string> parts;
    if (options_.sigmoid) {
        parts.push_back(fmt::format("sigmoid with a bias of {:.6g}", *scoring_.sigmoid_bias));
    }
    if (options_.soft_cap) {
        parts.push_back(fmt::format("soft cap {}", *options_.soft_cap));
    }
    if (!options_.alibi.empty()) {
        parts.push_back(fmt::format("ALiBi ({})", options_.alibi));
    }
    if (bias_) {
        parts.push_back(fmt::format("bias {}", shape_text(bias_->tensor().shape)));
    }
    if (!sinks_.empty()) {
        parts.emplace_back("sinks");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

Json ScoringFiles::json() const {
    Json json = Json::object();
    if (options_.soft_cap) {
        json["soft_cap"] = *options_.soft_cap;
    }
    if (!options_.alibi.empty()) {
        json["alibi"] = options_.alibi;
    }
    if (!options_.bias.empty()) {
        json["bias"] = options_.bias;
    }
    if (!options_.sinks.empty()) {
        json["sinks"] = options_.sinks;
    }
    if (options_.sigmoid) {
        json["sigmoid_bias"] = *scoring_.sigmoid_bias;
    }
    return json;
}

std::vector<std::filesystem::path> ScoringFiles::paths() const {
    return paths_;
}

void require_softmax_for_lse(const ScoringFileOptions& options, const std::string& lse) {
    if (options.sigmoid && !lse.empty()) {
        throw bad_input("--lse", lse, "has no meaning with --sigmoid: weights are not normalised", "no --lse");
    }
}

}  // namespace longscope
