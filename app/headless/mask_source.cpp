// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

#include "app/headless/experiment_names.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/mask/mask_presets.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

namespace {

constexpr std::int64_t max_mask_file_bytes = std::int64_t{1} << 20;

MaskSource of_experiment(const MaskSourceOptions& options) {
    const Experiment experiment = read_experiment(options.experiment, experiment_names());
    if (options.draw >= experiment.sequence.draws) {
        throw bad_input("--draw", std::to_string(options.draw), "is not a draw of the experiment",
                        fmt::format("an integer from 0 to {}", experiment.sequence.draws - 1));
    }
    MaskSource source;
    source.expression = experiment.mask;
    source.domain = domain_of_draw(experiment, options.draw);
    source.ranks = dispatch_tokens(find_dispatch(experiment.layout.dispatch),
                                   {source.domain.query_tokens, source.domain.cu_seqlens}, experiment.layout.ranks);
    source.shape = experiment.shape;
    source.title = fmt::format("{}, draw {}: {}", experiment.name, options.draw, to_text(experiment.mask));
    return source;
}

}  // namespace

Json read_mask_json(const std::string& mask) {
    if (mask.substr(std::min(mask.find_first_not_of(" \t\n"), mask.size())).starts_with('{')) {
        return parse_json(mask, "--mask");
    }
    if (const MaskPreset* preset = find_mask_preset(mask)) {
        return parse_json(preset->expression, "--mask");
    }
    return parse_json(read_bounded_file(mask, max_mask_file_bytes), mask);
}

std::vector<std::int64_t> cumulative_lengths(std::string_view documents) {
    std::vector<std::int64_t> cu_seqlens{0};
    while (true) {
        const std::string_view field = documents.substr(0, documents.find(','));
        std::int64_t length = 0;
        const auto [end, status] = std::from_chars(field.data(), field.data() + field.size(), length);
        if (status != std::errc() || end != field.data() + field.size() || length < 1 || length > max_tokens) {
            throw bad_input("--documents", fmt::format("'{}'", field), "is not the length of a document",
                            fmt::format("integers from 1 to {}, separated by commas", max_tokens));
        }
        cu_seqlens.push_back(cu_seqlens.back() + length);
        if (cu_seqlens.back() > max_tokens) {
            throw bad_input("--documents", std::to_string(cu_seqlens.back()), "tokens are too many",
                            fmt::format("lengths that sum to at most {}", max_tokens));
        }
        if (field.size() == documents.size()) {
            return cu_seqlens;
        }
        documents.remove_prefix(field.size() + 1);
    }
}

void declare_mask_source(CLI::App& verb, MaskSourceOptions& options) {
    CLI::Option* file =
        verb.add_option("FILE", options.experiment, "an experiment: its mask, the documents of a draw, its layout");
    verb.add_option("--draw", options.draw, "which draw of the experiment, from 0")
        ->needs(file)
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    CLI::Option* mask =
        verb.add_option(
                "--mask", options.mask,
                R"(the mask as JSON, such as '{"and": [{"causal": {}}, {"documents": {}}]}', a file that holds it, or the name of a preset)")
            ->type_name("JSON|FILE")
            ->excludes(file);
    verb.add_option("--tokens", options.tokens, "length of the sequence; without it, the sum of the documents")
        ->needs(mask)
        ->check(CLI::Range(std::int64_t{1}, max_tokens))
        ->type_name("N");
    verb.add_option("--documents", options.documents, "lengths of the documents in it; without it, one document")
        ->needs(mask)
        ->type_name("L1,L2,...");
}

MaskSource resolve(const MaskSourceOptions& options) {
    if (!options.experiment.empty()) {
        return of_experiment(options);
    }
    if (options.mask.empty()) {
        throw Error(ErrorKind::bad_input, "FILE: is missing; accepted: an experiment, or --mask and --tokens");
    }
    MaskSource source;
    source.expression = parse_mask(read_mask_json(options.mask), "mask");
    source.title = to_text(source.expression);
    std::int64_t tokens = options.tokens;
    if (!options.documents.empty()) {
        source.domain.cu_seqlens = cumulative_lengths(options.documents);
        const std::int64_t sum = source.domain.cu_seqlens.back();
        if (tokens != 0 && sum != tokens) {
            throw bad_input("--documents", fmt::format("{} tokens in all", sum), "do not fill the sequence",
                            fmt::format("lengths that sum to --tokens {}", tokens));
        }
        tokens = sum;
    }
    if (tokens == 0) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("--tokens: is missing; accepted: an integer from 1 to {}, or --documents", max_tokens));
    }
    source.domain.query_tokens = tokens;
    source.domain.key_tokens = tokens;
    return source;
}

}  // namespace longscope
