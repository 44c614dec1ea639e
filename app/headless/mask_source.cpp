// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::int64_t max_mask_file_bytes = std::int64_t{1} << 20;

Json read_mask(const std::string& mask) {
    if (mask.substr(std::min(mask.find_first_not_of(" \t\n"), mask.size())).starts_with('{')) {
        return parse_json(mask, "--mask");
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

}  // namespace

void declare_mask_source(CLI::App& verb, MaskSourceOptions& options) {
    verb.add_option(
            "--mask", options.mask,
            R"(the mask as JSON, such as '{"and": [{"causal": {}}, {"documents": {}}]}', or a file that holds it)")
        ->required()
        ->type_name("JSON|FILE");
    verb.add_option("--tokens", options.tokens, "length of the sequence; without it, the sum of the documents")
        ->check(CLI::Range(std::int64_t{1}, max_tokens))
        ->type_name("N");
    verb.add_option("--documents", options.documents, "lengths of the documents in it; without it, one document")
        ->type_name("L1,L2,...");
}

MaskSource resolve(const MaskSourceOptions& options) {
    MaskSource source{parse_mask(read_mask(options.mask), "mask"), {}, {}};
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
