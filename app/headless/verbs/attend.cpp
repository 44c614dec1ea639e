// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine attend: attention on the user's own tensors, files in, files out.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "app/headless/attention_files.h"
#include "app/headless/data_folder.h"
#include "app/headless/experiment_names.h"
#include "app/headless/gradient_writer.h"
#include "app/headless/long_job.h"
#include "app/headless/opencl_child.h"
#include "app/headless/output.h"
#include "app/headless/tensor_writer.h"
#include "app/headless/tile_tuning.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/sinks.h"

namespace longscope {

namespace {

struct AttendOptions {
    AttentionFileOptions files;
    std::string output;
    std::string lse;
    GradientFileOptions gradients;
    bool store_probabilities = false;
    std::optional<double> stored_budget_gib;
    std::string output_type = "float32";
    std::string backend = "cpu";
    std::string arithmetic = "inputs";
    bool json = false;
};

// Files that are written: none of those that are read, and no two the same.
void check_outputs(const AttendOptions& options, const AttentionFiles& files, const GradientFiles* gradients) {
    std::vector<std::pair<const char*, std::string>> outputs{{"--out", options.output}, {"--lse", options.lse}};
    for (const GradientName& gradient : gradient_names) {
        outputs.emplace_back(gradient.option, options.gradients.*gradient.file);
    }
    std::map<std::filesystem::path, const char*> options_of;
    for (const auto& [option, path] : outputs) {
        if (path.empty()) {
            continue;
        }
        check_tensor_name(path, option);
        files.require_other_file(path, option);
        if (gradients != nullptr) {
            gradients->require_other_file(path, option);
        }
        const auto [other, is_new] = options_of.emplace(std::filesystem::absolute(path).lexically_normal(), option);
        if (!is_new) {
            throw bad_input(option, path, fmt::format("is also the file of {}", other->second), "another file");
        }
    }
}

// batch x heads x tokens, without the batch where the layout has none.
std::vector<std::int64_t> lse_shape(const AttentionFiles& files) {
    std::vector<std::int64_t> shape{files.shape().query_heads, files.queries().tokens};
    if (files.layout().order.front() == 'b') {
        shape.insert(shape.begin(), files.shape().batch);
    }
    return shape;
}

// Of the kernel; a single one serves inputs of different types only in float32.
DType arithmetic_of(const AttendOptions& options, const AttentionShape& shape, const GradientFiles* gradients) {
    if (options.arithmetic != "inputs" && options.arithmetic != "float32") {
        throw bad_input("--arithmetic", options.arithmetic, "is not a way to multiply", "inputs, float32");
    }
    const bool same = gradients == nullptr || gradients->output().viewed_type() == shape.dtype;
    return options.arithmetic == "inputs" && same ? shape.dtype : DType::float32;
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

void check_storing(const AttendOptions& options) {
    if (options.stored_budget_gib && !options.store_probabilities) {
        throw bad_input("--stored-budget", fmt::format("{}", *options.stored_budget_gib), "is of stored probabilities",
                        "it together with --store-probabilities");
    }
    if (options.store_probabilities && !GradientFiles::asked(options.gradients)) {
        throw bad_input("--store-probabilities", "true", "serves gradients only", "it together with --dout");
    }
}

// What probabilities may take beside `other_bytes` that are not written to yet.
std::int64_t stored_budget(const AttendOptions& options, std::int64_t other_bytes) {
    constexpr double gib = 1024.0 * 1024.0 * 1024.0;
    const std::int64_t free = std::max<std::int64_t>(0, available_memory_bytes() - other_bytes);
    return options.stored_budget_gib
               ? static_cast<std::int64_t>(std::min(static_cast<double>(free), *options.stored_budget_gib * gib))
               : free;
}

struct Pass {
    Nanoseconds duration_ns = 0;
    double flops = 0;

    [[nodiscard]] double flops_per_s() const {
        return flops * 1e9 / static_cast<double>(std::max<Nanoseconds>(1, duration_ns));
    }
};

struct AttendReport {
    Pass forward;
    Pass backward;
    std::string kernel;
    std::vector<std::string> ways;  // that differ, in order
    std::int64_t stored_bytes = 0;
    std::string why_nothing_stored;
};

// Computes item by item, and writes the files.
class Attend {
  public:
    explicit Attend(const AttendOptions& options) : options_(options), files_(options.files) {
        check_storing(options);
        if (GradientFiles::asked(options.gradients)) {
            gradients_.emplace(options.gradients, files_);
        }
        check_outputs(options, files_, gradients_ ? &*gradients_ : nullptr);
        require_softmax_for_lse(options.files.scoring, options.lse);
        head_pairs_ = files_.masks().head_pairs({0, files_.shape().query_heads});
        const auto flops = [&](Direction direction) {
            return flops_of_head_pairs(files_.shape(), static_cast<double>(head_pairs_), direction) *
                   static_cast<double>(files_.shape().batch);
        };
        report_.forward.flops = flops(Direction::forward);
        report_.backward.flops = gradients_ ? flops(Direction::backward) : 0.0;
    }

    void run() {
        const ElementType type = element_type_named(options_.output_type, "--out-type");
        const AttentionShape& shape = files_.shape();
        const std::int64_t rows = files_.queries().tokens;
        require_device_of(options_.backend);
        const std::unique_ptr<Kernel> kernel = make_kernel(
            options_.backend, {.threads = files_.threads(),
                               .arithmetic = arithmetic_of(options_, shape, gradients_ ? &*gradients_ : nullptr),
                               .program_cache = program_cache_folder(),
                               .tile_choices = tile_choices_for(options_.backend)});
        report_.kernel = kernel->description();
        LongJob job("attend");  // before the first file: an interrupt leaves none behind
        TensorWriter output(options_.output, "o", output_shape(), type);
        std::optional<TensorWriter> lse;
        if (!options_.lse.empty()) {
            lse.emplace(options_.lse, "lse", lse_shape(files_), ElementType::float32);
        }
        std::optional<GradientWriter> gradients;
        if (gradients_) {
            gradients.emplace(options_.gradients, files_, *gradients_, type);
        }
        const TokenSet all_queries({{0, rows}});
        const TokenSet all_keys({{0, files_.keys().tokens}});
        const LocalMask mask(files_.masks(), all_queries, all_keys);
        Partial partial(shape.query_heads, rows, shape.head_dim_v,
                        options_.files.scoring.sigmoid ? MergeRule::sum : MergeRule::softmax);
        if (options_.store_probabilities) {
            stored_.emplace(stored_budget(
                options_, gradients->bytes() + Partial::size_bytes(shape.query_heads, rows, shape.head_dim_v)));
        }
        std::vector<float> bias_room;
        for (std::int64_t item = 0; item < shape.batch; ++item) {
            const AttentionViews tensors(files_, item);
            const AttendInput input{tensors.queries,
                                    tensors.keys,
                                    tensors.values,
                                    &mask,
                                    files_.scale(),
                                    files_.scoring().item(item, bias_room),
                                    stored_ ? &*stored_ : nullptr};
            if (stored_ && item == 0) {
                say_what_is_stored(*kernel, input);
            }
            const double done_before = static_cast<double>(item) / static_cast<double>(shape.batch);
            timed(job, done_before, report_.forward, [&](const AttendHooks& hooks) {
                kernel->attend(input, partial, hooks);
                if (files_.scoring().sinks() != nullptr) {
                    apply_sinks(partial, files_.scoring().sinks());
                }
            });
            if (gradients) {
                timed(job, done_before + share_of(report_.forward), report_.backward,
                      [&](const AttendHooks& hooks) { gradients->compute(item, *kernel, input, partial, hooks); });
                gradients->write(item);
            }
            write_head_matrix(partial.output(), files_.layout(), type, output.stream());
            if (lse) {
                lse->write(partial.lse(0), shape.query_heads * rows);
            }
        }
        if (stored_) {
            report_.stored_bytes = stored_->bytes();
            report_.why_nothing_stored = stored_->why_not();
        }
        job.finish();
        output.commit();
        if (lse) {
            lse->commit();
        }
        if (gradients) {
            gradients->commit();
        }
    }

    [[nodiscard]] Json json() const {
        Json json{{"output", options_.output},
                  {"lse", options_.lse.empty() ? Json() : Json(options_.lse)},
                  {"shape", output_shape()},
                  {"mask", files_.mask_input().json()},
                  {"scoring", files_.scoring().json()},
                  {"input_types", input_types(files_)},
                  {"pairs", head_pairs_ / files_.shape().query_heads},
                  {"flops", report_.forward.flops},
                  {"duration_ns", report_.forward.duration_ns},
                  {"flops_per_s", report_.forward.flops_per_s()},
                  {"kernel", report_.kernel},
                  {"computed", report_.ways}};
        if (gradients_) {
            Json written = Json::object();
            for (const GradientName& gradient : gradient_names) {
                if (const std::string& path = options_.gradients.*gradient.file; !path.empty()) {
                    written[gradient.tensor] = path;
                }
            }
            json["gradients"] = {{"written", written},
                                 {"flops", report_.backward.flops},
                                 {"duration_ns", report_.backward.duration_ns},
                                 {"flops_per_s", report_.backward.flops_per_s()}};
            json["gradients"]["stored_probabilities_bytes"] = stored_ ? Json(report_.stored_bytes) : Json();
            json["gradients"]["nothing_stored_because"] =
                report_.why_nothing_stored.empty() ? Json() : Json(report_.why_nothing_stored);
        }
        return json;
    }

    [[nodiscard]] std::string text() const {
        const std::int64_t pairs = head_pairs_ / files_.shape().query_heads;
        std::string text = fmt::format(
            "{}: {} {} ({}), {} query and {} key/value heads, {} of {} pairs kept{} ({})\n"
            "{} inputs; {} in {}, {}\n{}",
            options_.output, shape_text(output_shape()), options_.output_type, files_.layout().name,
            files_.shape().query_heads, files_.shape().key_value_heads, format_count(pairs),
            format_count(files_.domain().query_tokens * files_.domain().key_tokens),
            files_.masks().same_for_all() ? "" : " a head in the mean", mask_and_scoring_text(files_),
            input_types(files_), report_.kernel, format_duration(report_.forward.duration_ns),
            format_flops_per_s(report_.forward.flops_per_s()),
            report_.ways.empty() ? "" : fmt::format("computed {}\n", fmt::join(report_.ways, "; ")));
        if (!gradients_) {
            return text;
        }
        std::vector<std::string> written;
        for (const GradientName& gradient : gradient_names) {
            if (const std::string& path = options_.gradients.*gradient.file; !path.empty()) {
                written.push_back(fmt::format("{} {}", gradient.tensor, path));
            }
        }
        text += fmt::format("gradients: {}; in {}, {}\n", fmt::join(written, ", "),
                            format_duration(report_.backward.duration_ns),
                            format_flops_per_s(report_.backward.flops_per_s()));
        if (stored_) {
            text += report_.stored_bytes > 0
                        ? fmt::format("probabilities stored: {}\n", format_bytes(report_.stored_bytes))
                        : fmt::format("no probabilities stored: {}\n", report_.why_nothing_stored);
        }
        return text;
    }

  private:
    [[nodiscard]] std::vector<std::int64_t> output_shape() const {
        return shape_in(files_.layout(), files_.shape().batch, files_.shape().query_heads, files_.queries().tokens,
                        files_.shape().head_dim_v);
    }

    // Of the whole work that a pass over one batch item is.
    [[nodiscard]] double share_of(const Pass& pass) const {
        return pass.flops / std::max(1.0, report_.forward.flops + report_.backward.flops) /
               static_cast<double>(files_.shape().batch);
    }

    // Beforehand: the forward pass takes this memory first of all.
    void say_what_is_stored(const Kernel& kernel, const AttendInput& input) const {
        const std::int64_t bytes = kernel.stored_bytes(input);
        stored_->require_room(bytes);
        if (bytes > 0) {
            fmt::print(stderr, "attend: stored probabilities take {} of a budget of {}\n", format_bytes(bytes),
                       format_bytes(stored_->budget_bytes()));
        }
    }

    template <typename Action>
    void timed(LongJob& job, double done_before, Pass& pass, Action action) {
        std::atomic<std::int64_t> done{0};
        AttendHooks hooks;
        hooks.head_pairs_done = &done;
        hooks.cancelled = job.cancelled();
        hooks.explain = [&](const std::string& way) {
            if (std::find(report_.ways.begin(), report_.ways.end(), way) == report_.ways.end()) {
                report_.ways.push_back(way);
            }
        };
        hooks.poll = [&] {
            job.poll(done_before + share_of(pass) * static_cast<double>(done) /
                                       static_cast<double>(std::max<std::int64_t>(1, head_pairs_)));
        };
        const Nanoseconds begin_ns = now_ns();
        action(hooks);
        pass.duration_ns += now_ns() - begin_ns;
    }

    const AttendOptions& options_;
    AttentionFiles files_;
    std::optional<StoredProbabilities> stored_;
    std::optional<GradientFiles> gradients_;
    std::int64_t head_pairs_ = 0;  // of a batch item
    AttendReport report_;
};

int attend(const AttendOptions& options) {
    check_tensor_name(options.output, "--out");
    Attend job(options);
    job.run();
    write_output(options.json ? job.json().dump(1) + '\n' : job.text());
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
    declare_gradients(verb, options->gradients, true);
    verb.add_flag("--store-probabilities", options->store_probabilities,
                  "With --dout: the forward pass keeps its weights for the backward pass, which is then faster; they "
                  "grow with the pairs, and are refused when they do not fit into the free memory");
    verb.add_option("--stored-budget", options->stored_budget_gib, "With --store-probabilities: at most so much memory")
        ->type_name("GIB")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--out-type", options->output_type,
                    "Elements of the output and of gradients: float64, float32, float16, bfloat16")
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
