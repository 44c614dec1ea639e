// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>

#include "app/headless/experiment_names.h"
#include "engine/base/error.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

namespace {

MaskSource of_experiment(const MaskSourceOptions& options) {
    if (options.tokens != 0 || !options.documents.empty()) {
        throw bad_input(options.tokens != 0 ? "--tokens" : "--documents", "an option", "belongs to a mask",
                        "only --draw with an experiment, which has its own lengths");
    }
    const Experiment experiment = read_experiment(options.place, experiment_names());
    if (options.draw >= experiment.sequence.draws) {
        throw bad_input("--draw", std::to_string(options.draw), "is not a draw of the experiment",
                        fmt::format("an integer from 0 to {}", experiment.sequence.draws - 1));
    }
    MaskSource source{MaskInput(experiment.mask), {}, domain_of_draw(experiment, options.draw), {}, {}, ""};
    source.ranks = dispatch_tokens(find_dispatch(experiment.layout.dispatch),
                                   {source.domain.query_tokens, source.domain.cu_seqlens}, experiment.layout.ranks);
    source.shape = experiment.shape;
    source.title = fmt::format("{}, draw {}: {}", experiment.name, options.draw, to_text(experiment.mask));
    return source;
}

bool is_experiment(const std::string& place) {
    std::error_code code;
    return std::filesystem::is_regular_file(place, code) && !looks_like_mask_arrays(place) &&
           looks_like_experiment(read_mask_json(place, "FILE"));
}

MaskDomain given_domain(const MaskSourceOptions& options) {
    MaskDomain domain;
    std::int64_t tokens = options.tokens;
    if (!options.documents.empty()) {
        domain.cu_seqlens = cumulative_lengths(options.documents);
        const std::int64_t sum = domain.cu_seqlens.back();
        if (tokens != 0 && sum != tokens) {
            throw bad_input("--documents", fmt::format("{} tokens in all", sum), "do not fill the sequence",
                            fmt::format("lengths that sum to --tokens {}", tokens));
        }
        tokens = sum;
    }
    domain.query_tokens = domain.key_tokens = tokens;
    return domain;
}

}  // namespace

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

void declare_mask_domain(CLI::App& verb, MaskSourceOptions& options) {
    verb.add_option("--draw", options.draw, "which draw of an experiment, from 0")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    verb.add_option("--tokens", options.tokens, "length of the sequence; without it, the sum of the documents")
        ->check(CLI::Range(std::int64_t{1}, max_tokens))
        ->type_name("N");
    verb.add_option("--documents", options.documents, "lengths of the documents in it; without it, one document")
        ->type_name("L1,L2,...");
    declare_mask_files(verb, options.files);
}

void declare_mask_source(CLI::App& verb, MaskSourceOptions& options) {
    CLI::Option* file = verb.add_option(
        "FILE", options.place,
        "an experiment: its mask, the documents of a draw, its layout; or a mask, in any form that --mask takes");
    verb.add_option(
            "--mask", options.place,
            R"(the mask as JSON, such as '{"and": [{"causal": {}}, {"documents": {}}]}', a file that holds it, )"
            "or the arrays of another library, a folder or a .npy file (see mask-formats.md)")
        ->type_name("JSON|PATH")
        ->excludes(file);
    declare_mask_domain(verb, options);
}

bool knows_its_tokens(const MaskSourceOptions& options) {
    if (options.tokens != 0 || !options.documents.empty() || is_experiment(options.place)) {
        return true;
    }
    return read_mask_input(options.place, "--mask", options.files, options.tokens).own_domain().has_value();
}

MaskSource resolve(const MaskSourceOptions& options, const MaskDomain* fallback) {
    if (options.place.empty()) {
        throw Error(ErrorKind::bad_input, "FILE: is missing; accepted: an experiment, or --mask and --tokens");
    }
    if (is_experiment(options.place)) {
        return of_experiment(options);
    }
    const MaskDomain given = given_domain(options);
    MaskInput input = read_mask_input(options.place, "--mask", options.files, given.query_tokens);
    MaskDomain domain = given;
    if (const auto own = input.own_domain()) {
        domain = *own;
        domain.cu_seqlens = given.cu_seqlens;
        if (given.query_tokens != 0 &&
            (given.query_tokens != own->query_tokens || given.key_tokens != own->key_tokens)) {
            throw bad_input("--documents", fmt::format("{} tokens in all", given.query_tokens),
                            "are not those of the mask", std::to_string(own->query_tokens));
        }
    } else if (given.query_tokens == 0 && fallback != nullptr) {
        domain = *fallback;
    }
    if (domain.query_tokens == 0) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("--tokens: is missing; accepted: an integer from 1 to {}, or --documents", max_tokens));
    }
    std::string title = input.text();
    return {std::move(input), options.files, std::move(domain), {}, {}, std::move(title)};
}

}  // namespace longscope
