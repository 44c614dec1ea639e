// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/attention_files.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

#include "app/headless/mask_source.h"
#include "app/headless/worker/session.h"
#include "engine/base/error.h"
#include "engine/mask/heads.h"

namespace longscope {

namespace {

void require_extent(const char* option, const char* what, std::int64_t given, std::int64_t needed, const char* of) {
    if (given != needed) {
        throw bad_input(option, fmt::format("{} {}", given, what), fmt::format("do not fit those of {}", of),
                        std::to_string(needed));
    }
}

LaidOutTensor laid_out(const PagedFiles& pages, const StoredTensor& stored, const TensorLayout& layout,
                       const std::string& option) {
    return pages.given() ? pages.lay_out(stored, option) : lay_out(stored, layout, option);
}

LaidOutTensor values_of(const AttentionFileOptions& options, const PagedFiles& pages, const StoredTensor& stored,
                        const TensorLayout& layout) {
    LaidOutTensor values = laid_out(pages, stored, layout, "--v");
    if (options.value_dim > values.dim) {
        throw bad_input("--v-dim", std::to_string(options.value_dim), "is more than a row of --v has",
                        fmt::format("1 to {}", values.dim));
    }
    values.dim = options.value_dim == 0 ? values.dim : options.value_dim;
    return values;
}

AttentionShape checked_shape(const LaidOutTensor& q, const LaidOutTensor& k, const LaidOutTensor& v) {
    require_extent("--k", "batch items", k.batch, q.batch, "--q");
    require_extent("--v", "batch items", v.batch, q.batch, "--q");
    require_extent("--k", "elements a row", k.dim, q.dim, "--q");
    require_extent("--v", "heads", v.heads, k.heads, "--k");
    require_extent("--v", "tokens", v.tokens, k.tokens, "--k");
    for (const auto& [option, tensor] : {std::pair{"--q", &q}, {"--k", &k}, {"--v", &v}}) {
        if (tensor->batch < 1 || tensor->heads < 1 || tensor->tokens < 1 || tensor->dim < 1 ||
            tensor->tokens > max_tokens) {
            throw bad_input(option, shape_text(tensor->stored.shape), "is not a shape of attention",
                            fmt::format("extents from 1, and at most {} tokens", max_tokens));
        }
    }
    if (q.heads % k.heads != 0) {
        throw bad_input("--q", fmt::format("{} heads", q.heads), "are not a multiple of the heads of --k",
                        fmt::format("a multiple of {}", k.heads));
    }
    const DType type = q.viewed_type();
    const bool same = k.viewed_type() == type && v.viewed_type() == type;
    return {q.batch, q.heads, k.heads, q.dim, v.dim, same ? type : DType::float32};
}

MaskDomain domain_of(const AttentionFileOptions& options, const LaidOutTensor& q, const LaidOutTensor& k) {
    MaskDomain domain{q.tokens, k.tokens, {}};
    if (!options.documents.empty()) {
        if (q.tokens != k.tokens) {
            throw bad_input("--documents", options.documents.substr(0, 60),
                            fmt::format("cannot divide {} queries and {} keys alike", q.tokens, k.tokens),
                            "documents where --q and --k have the same tokens");
        }
        domain.cu_seqlens = cumulative_lengths(options.documents);
        if (domain.cu_seqlens.back() != q.tokens) {
            throw bad_input("--documents", fmt::format("{} tokens in all", domain.cu_seqlens.back()),
                            "do not fill the sequence", fmt::format("lengths that sum to {}", q.tokens));
        }
    }
    return domain;
}

// Only arrays without mask.json need to be told their tokens; of others a difference is better said by name.
std::int64_t tokens_of_foreign_arrays(const AttentionFileOptions& options, const LaidOutTensor& q,
                                      const LaidOutTensor& k) {
    return !options.mask_files.from.empty() && q.tokens == k.tokens ? q.tokens : 0;
}

HeadMasks masks_over(const MaskInput& mask, const MaskDomain& domain, std::int64_t heads,
                     const MaskFileOptions& options) {
    const MaskExpression* expression = mask.expression();
    if (expression == nullptr) {
        return HeadMasks(mask.over(domain, options));
    }
    if (const std::string refusal = layer_refusal(*expression); !refusal.empty()) {
        throw Error(ErrorKind::unsupported, "--mask: " + refusal);
    }
    return compile_head_masks(*expression, domain, heads);
}

double scale_of(const AttentionFileOptions& options, std::int64_t dim) {
    if (!options.scale) {
        return 1.0 / std::sqrt(static_cast<double>(dim));
    }
    if (!std::isfinite(*options.scale)) {
        throw bad_input("--scale", fmt::format("{}", *options.scale), "is not a factor", "a finite number");
    }
    return *options.scale;
}

}  // namespace

void declare_attention_files(CLI::App& verb, AttentionFileOptions& options) {
    std::string layouts = "Order of the dimensions, of all tensors: ";
    for (const TensorLayout& layout : tensor_layouts()) {
        layouts += fmt::format("{} ({}); ", layout.name, layout.meaning);
    }
    const auto file = [&](const char* name, std::string& value, const char* what) {
        verb.add_option(name, value, what)->required()->type_name("FILE[:NAME]");
    };
    file("--q", options.queries, "Queries: a .npy file, or a .safetensors file and the name of a tensor in it");
    file("--k", options.keys, "Keys");
    file("--v", options.values, "Values");
    verb.add_option("--v-dim", options.value_dim,
                    "Values are the first so many elements of the rows of --v, which may then be the tensor of --k, as "
                    "in multi-head latent attention")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    declare_paged_files(verb, options.pages);
    verb.add_option("--mask", options.mask,
                    R"(The mask as JSON, such as '{"causal": {}}', a file that holds it (see masks.md), or the arrays )"
                    "of another library, a folder or a .npy file (see mask-formats.md)")
        ->required()
        ->type_name("JSON|PATH");
    declare_mask_files(verb, options.mask_files);
    verb.add_option("--documents", options.documents, "Lengths of the documents in the sequence; without it, one")
        ->type_name("L1,L2,...");
    verb.add_option("--layout", options.layout, layouts + "default: bhtd for four dimensions, htd for three")
        ->type_name("NAME");
    verb.add_option("--scale", options.scale, "Factor of the scores (default: 1 / sqrt(elements of a query))");
    declare_scoring(verb, options.scoring);
    verb.add_option("--threads", options.threads, "Threads; 0: as many as there are processors")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
}

AttentionFiles::AttentionFiles(const AttentionFileOptions& options)
    : q_file_(options.queries),
      k_file_(options.keys),
      v_file_(options.values),
      layout_(&find_layout(options.layout, q_file_.tensor().shape.size())),
      q_(lay_out(q_file_.tensor(), *layout_, "--q")),
      pages_(options.pages, q_.batch),
      k_(laid_out(pages_, k_file_.tensor(), *layout_, "--k")),
      v_(values_of(options, pages_, v_file_.tensor(), *layout_)),
      shape_(checked_shape(q_, k_, v_)),
      mask_input_(
          read_mask_input(options.mask, "--mask", options.mask_files, tokens_of_foreign_arrays(options, q_, k_))),
      domain_(domain_of(options, q_, k_)),
      masks_(masks_over(mask_input_, domain_, shape_.query_heads, options.mask_files)),
      scale_(scale_of(options, q_.dim)),
      scoring_(options.scoring, {q_.batch, q_.heads, q_.tokens, k_.tokens}),
      threads_(thread_share(options.threads, 1)) {
    if (pages_.given()) {
        pages_.require_same_pages(k_, v_);
    }
}

void AttentionFiles::require_other_file(const std::string& output, const std::string& option) const {
    std::error_code ignored;
    std::vector<std::filesystem::path> inputs = scoring_.paths();
    inputs.insert(inputs.end(), {q_file_.path(), k_file_.path(), v_file_.path()});
    if (pages_.given()) {
        inputs.push_back(pages_.path());
    }
    for (const std::filesystem::path& input : inputs) {
        if (std::filesystem::equivalent(output, input, ignored)) {
            throw bad_input(option, output, "is one of the files that are read", "another file");
        }
    }
}

}  // namespace longscope
