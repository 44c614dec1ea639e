// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_source.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>
#include <tuple>

#include "app/headless/experiment_names.h"
#include "engine/base/error.h"
#include "engine/experiment/cost.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/heads.h"
#include "engine/workload/length_file.h"
#include "engine/workload/packing.h"

namespace longscope {

namespace {

MaskSource of_experiment(const MaskSourceOptions& options) {
    if (options.tokens != 0 || !options.documents.empty() || !options.lengths.empty()) {
        const char* option = options.tokens != 0          ? "--tokens"
                             : !options.documents.empty() ? "--documents"
                                                          : "--lengths";
        throw bad_input(option, "an option", "belongs to a mask",
                        "only --draw with an experiment, which has its own lengths");
    }
    const Experiment experiment = read_experiment(options.place, experiment_names());
    if (options.draw >= experiment.sequence.draws) {
        throw bad_input("--draw", std::to_string(options.draw), "is not a draw of the experiment",
                        fmt::format("an integer from 0 to {}", experiment.sequence.draws - 1));
    }
    MaskSource source{MaskInput(mask_of_queries(experiment.mask, experiment.sequence.query_tokens)),
                      {},
                      domain_of_draw(experiment, options.draw),
                      {},
                      {},
                      ""};
    source.ranks = tokens_of_ranks(experiment, options.draw);
    source.shape = experiment.shape;
    source.title = fmt::format("{}, draw {}", experiment.name, options.draw);
    source.domain_of_draw = [experiment](std::int64_t draw) { return longscope::domain_of_draw(experiment, draw); };
    return source;
}

bool is_experiment(const std::string& place) {
    std::error_code code;
    return std::filesystem::is_regular_file(place, code) && !looks_like_mask_arrays(place) &&
           looks_like_experiment(read_mask_json(place, "FILE"));
}

// Of --lengths: the documents of any draw. Null without it.
std::function<MaskDomain(std::int64_t)> drawn_domains(const MaskSourceOptions& options) {
    if (options.lengths.empty()) {
        return nullptr;
    }
    if (options.tokens == 0 || !options.documents.empty()) {
        throw bad_input("--lengths", options.lengths, "does not say how long the sequence is",
                        "--lengths with --tokens and without --documents");
    }
    return [source = read_length_file(options.lengths), tokens = options.tokens,
            seed = static_cast<std::uint64_t>(options.seed)](std::int64_t draw) {
        return MaskDomain{tokens, tokens, cu_seqlens(draw_documents(source, tokens, seed, draw))};
    };
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
    verb.add_option("--draw", options.draw, "which draw of an experiment or of --lengths, from 0")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    verb.add_option("--tokens", options.tokens, "length of the sequence; without it, the sum of the documents")
        ->check(CLI::Range(std::int64_t{1}, max_tokens))
        ->type_name("N");
    verb.add_option("--documents", options.documents, "lengths of the documents in it; without it, one document")
        ->type_name("L1,L2,...");
    verb.add_option("--lengths", options.lengths,
                    "a file of lengths, or a histogram of them, to draw the documents of --tokens tokens from")
        ->type_name("FILE");
    verb.add_option("--seed", options.seed, "of the draws of --lengths")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    const auto numbers = CLI::Range(std::int64_t{0}, max_mask_heads - 1);
    verb.add_option("--head", options.head, "which query head, from 0, of a mask that differs from head to head")
        ->check(numbers)
        ->type_name("H");
    verb.add_option("--layer", options.layer, "which layer, from 0, of a mask that differs from layer to layer")
        ->check(numbers)
        ->type_name("L");
    declare_mask_files(verb, options.files);
}

void declare_head_counts(CLI::App& verb, std::int64_t& heads, std::int64_t& layers) {
    const auto counts = CLI::Range(std::int64_t{1}, max_mask_heads);
    CLI::Option* option =
        verb.add_option("--heads", heads, "query heads of each layer: those with the same mask together")
            ->check(counts)
            ->type_name("N")
            ->excludes("--head")
            ->excludes("--layer");
    verb.add_option("--layers", layers, "layers")->check(counts)->type_name("N")->needs(option)->capture_default_str();
}

void require_head(const MaskExpression& mask, const MaskSourceOptions& options) {
    const HeadDependence depends = head_dependence(mask);
    for (const auto& [needed, given, option, word] :
         {std::tuple{depends.head, options.head.has_value(), "--head", "head"},
          {depends.layer, options.layer.has_value(), "--layer", "layer"}}) {
        if (needed && !given) {
            throw bad_input(option, "(nothing)", fmt::format("is not enough: the mask differs from {0} to {0}", word),
                            fmt::format("an integer from 0 to {}", max_mask_heads - 1));
        }
    }
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
    MaskSource source = resolve_all_heads(options, fallback);
    if (const MaskExpression* all = source.input.expression()) {
        require_head(*all, options);
        if (head_dependence(*all).any()) {
            const MaskExpression own = at_head(*all, options.head.value_or(0), options.layer.value_or(0));
            source.input = MaskInput(own);
        }
    }
    source.title += source.title.empty() ? source.input.text() : ": " + source.input.text();
    return source;
}

MaskSource resolve_all_heads(const MaskSourceOptions& options, const MaskDomain* fallback) {
    if (options.place.empty()) {
        throw Error(ErrorKind::bad_input, "FILE: is missing; accepted: an experiment, or --mask and --tokens");
    }
    if (is_experiment(options.place)) {
        return of_experiment(options);
    }
    const std::function<MaskDomain(std::int64_t)> drawn = drawn_domains(options);
    const MaskDomain given = drawn ? drawn(options.draw) : given_domain(options);
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
    return {std::move(input), options.files, std::move(domain), {}, {}, "", drawn};
}

}  // namespace longscope
