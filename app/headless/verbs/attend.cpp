// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine attend: attention on the user's own tensors, files in, files out.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "app/headless/attention_files.h"
#include "app/headless/data_folder.h"
#include "app/headless/experiment_names.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/atomic_file.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/sinks.h"
#include "engine/tensor/npy.h"
#include "engine/tensor/safetensors.h"

namespace longscope {

namespace {

struct AttendOptions {
    AttentionFileOptions files;
    std::string output;
    std::string lse;
    std::string output_type = "float32";
    std::string backend = "cpu";
    std::string arithmetic = "inputs";
    bool json = false;
};

bool is_safetensors(const std::string& path) {
    return std::filesystem::path(path).extension() == ".safetensors";
}

void check_output_name(const std::string& path, const char* option) {
    if (!is_safetensors(path) && std::filesystem::path(path).extension() != ".npy") {
        throw bad_input(option, path, "is not the name of a file of tensors",
                        "a name that ends in .npy or .safetensors");
    }
}

// One tensor in a file of its own, written as its batch items become known.
class TensorWriter {
  public:
    TensorWriter(const std::string& path, const char* name, const std::vector<std::int64_t>& shape, ElementType type)
        : file_(path) {
        file_.stream() << (is_safetensors(path) ? safetensors_header({{name, shape, type}}) : npy_header(shape, type));
    }
    [[nodiscard]] std::ostream& stream() { return file_.stream(); }
    void commit() { file_.commit(); }

  private:
    AtomicFile file_;
};

// batch x heads x tokens, without the batch where the layout has none.
std::vector<std::int64_t> lse_shape(const AttentionFiles& files) {
    std::vector<std::int64_t> shape{files.shape().query_heads, files.queries().tokens};
    if (files.layout().order.front() == 'b') {
        shape.insert(shape.begin(), files.shape().batch);
    }
    return shape;
}

// Of the kernel; a single one serves inputs of different types only in float32.
DType arithmetic_of(const AttendOptions& options, const AttentionShape& shape) {
    if (options.arithmetic != "inputs" && options.arithmetic != "float32") {
        throw bad_input("--arithmetic", options.arithmetic, "is not a way to multiply", "inputs, float32");
    }
    return options.arithmetic == "float32" ? DType::float32 : shape.dtype;
}

std::string input_types(const AttentionFiles& files) {
    const std::set<std::string_view> types{to_string(files.queries().stored.type), to_string(files.keys().stored.type),
                                           to_string(files.values().stored.type)};
    return fmt::format("{}", fmt::join(types, " and "));
}

std::string mask_and_scoring_text(const AttentionFiles& files) {
    const std::string scoring = files.scoring().text();
    return files.mask_input().text() + (scoring.empty() ? "" : "; " + scoring);
}

int attend(const AttendOptions& options) {
    check_output_name(options.output, "--out");
    const ElementType type = element_type_named(options.output_type, "--out-type");
    const AttentionFiles files(options.files);
    const AttentionShape& shape = files.shape();
    files.require_other_file(options.output, "--out");
    require_softmax_for_lse(options.files.scoring, options.lse);
    if (!options.lse.empty()) {
        check_output_name(options.lse, "--lse");
        files.require_other_file(options.lse, "--lse");
        if (std::filesystem::absolute(options.lse).lexically_normal() ==
            std::filesystem::absolute(options.output).lexically_normal()) {
            throw bad_input("--lse", options.lse, "is also the file of --out", "another file");
        }
    }
    const std::unique_ptr<Kernel> kernel =
        make_kernel(options.backend, {files.threads(), arithmetic_of(options, shape), program_cache_folder(), 0});
    const std::int64_t rows = files.queries().tokens;
    LongJob job("attend");  // before the first file: an interrupt leaves none behind
    TensorWriter output(options.output, "o",
                        shape_in(files.layout(), shape.batch, shape.query_heads, rows, shape.head_dim_v), type);
    std::optional<TensorWriter> lse;
    if (!options.lse.empty()) {
        lse.emplace(options.lse, "lse", lse_shape(files), ElementType::float32);
    }

    const TokenSet all_queries({{0, rows}});
    const TokenSet all_keys({{0, files.keys().tokens}});
    const LocalMask mask(files.masks(), all_queries, all_keys);
    const std::int64_t head_pairs = files.masks().head_pairs({0, shape.query_heads});
    const std::int64_t pairs = head_pairs / shape.query_heads;
    Nanoseconds computing_ns = 0;
    std::vector<float> bias_room;
    std::vector<std::string> ways;  // that differ, in order
    Partial partial(shape.query_heads, rows, shape.head_dim_v,
                    options.files.scoring.sigmoid ? MergeRule::sum : MergeRule::softmax);
    for (std::int64_t item = 0; item < shape.batch; ++item) {
        const AttentionViews tensors(files, item);
        std::atomic<std::int64_t> done{0};
        AttendHooks hooks;
        hooks.head_pairs_done = &done;
        hooks.cancelled = job.cancelled();
        hooks.explain = [&](const std::string& way) {
            if (std::find(ways.begin(), ways.end(), way) == ways.end()) {
                ways.push_back(way);
            }
        };
        hooks.poll = [&] {
            job.poll((static_cast<double>(item) +
                      static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(1, head_pairs))) /
                     static_cast<double>(shape.batch));
        };
        const Nanoseconds begin_ns = now_ns();
        const Scoring scoring = files.scoring().item(item, bias_room);
        kernel->attend({tensors.queries, tensors.keys, tensors.values, &mask, files.scale(), scoring}, partial, hooks);
        if (files.scoring().sinks() != nullptr) {
            apply_sinks(partial, files.scoring().sinks());
        }
        computing_ns += now_ns() - begin_ns;
        write_head_matrix(partial.output(), files.layout(), type, output.stream());
        if (lse) {
            lse->stream().write(
                reinterpret_cast<const char*>(partial.lse(0)),
                static_cast<std::streamsize>(shape.query_heads * rows * static_cast<std::int64_t>(sizeof(float))));
        }
    }
    job.finish();
    output.commit();
    if (lse) {
        lse->commit();
    }

    const double flops = flops_of_head_pairs(shape, static_cast<double>(head_pairs), Direction::forward) *
                         static_cast<double>(shape.batch);
    const double flops_per_s = flops * 1e9 / static_cast<double>(std::max<Nanoseconds>(1, computing_ns));
    if (options.json) {
        write_output(Json{{"output", options.output},
                          {"lse", options.lse.empty() ? Json() : Json(options.lse)},
                          {"shape", shape_in(files.layout(), shape.batch, shape.query_heads, rows, shape.head_dim_v)},
                          {"mask", files.mask_input().json()},
                          {"scoring", files.scoring().json()},
                          {"input_types", input_types(files)},
                          {"pairs", pairs},
                          {"flops", flops},
                          {"duration_ns", computing_ns},
                          {"flops_per_s", flops_per_s},
                          {"kernel", kernel->description()},
                          {"computed", ways}}
                         .dump(1) +
                     '\n');
        return 0;
    }
    write_output(fmt::format(
        "{}: {} {} ({}), {} query and {} key/value heads, {} of {} pairs kept{} ({})\n"
        "{} inputs; {} in {}, {}\n{}",
        options.output, shape_text(shape_in(files.layout(), shape.batch, shape.query_heads, rows, shape.head_dim_v)),
        to_string(type), files.layout().name, shape.query_heads, shape.key_value_heads, format_count(pairs),
        format_count(files.domain().query_tokens * files.domain().key_tokens),
        files.masks().same_for_all() ? "" : " a head in the mean", mask_and_scoring_text(files), input_types(files),
        kernel->description(), format_duration(computing_ns), format_flops_per_s(flops_per_s),
        ways.empty() ? "" : fmt::format("computed {}\n", fmt::join(ways, "; "))));
    return 0;
}

}  // namespace

void declare_attend(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<AttendOptions>();
    declare_attention_files(verb, options->files);
    verb.add_option("-o,--out", options->output,
                    "The output: a name that ends in .npy, or in .safetensors (the tensor is called o); in the layout "
                    "of the inputs")
        ->required()
        ->type_name("FILE");
    verb.add_option("--lse", options->lse,
                    "The natural logarithm of each row's sum of exponentials, float32, batch x heads x tokens; -inf "
                    "where a query sees no key")
        ->type_name("FILE");
    verb.add_option("--out-type", options->output_type, "Elements of the output: float64, float32, float16, bfloat16")
        ->capture_default_str();
    verb.add_option("--backend", options->backend, "Backend (see 'longscope-engine devices')")->capture_default_str();
    verb.add_option("--arithmetic", options->arithmetic,
                    "What products are taken in, sums being float32: inputs (as suits their type: bfloat16 by the "
                    "processor's dot products, where it has them) or float32")
        ->type_name("inputs|float32")
        ->capture_default_str();
    verb.add_flag("--json", options->json, "Print JSON");
    verb.footer(
        "Computes on float32, float16 and bfloat16 as they are stored; float64 becomes float32. Ctrl-C stops it; no "
        "file is left half written.");
    verb.callback([options, &action] { action = [options] { return attend(*options); }; });
}

}  // namespace longscope
