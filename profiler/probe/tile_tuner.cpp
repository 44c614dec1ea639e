// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/probe/tile_tuner.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/clock.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "engine/mask/expression.h"
#include "profiler/benches/attention_work.h"

namespace longscope {

// Inputs of one class, and results that are not looked at.
class TileTimer::Case {
  public:
    // The options must outlive it.
    Case(const opencl::ShapeClass& of, const opencl::DeviceFacts& facts, const TileTimerOptions& options)
        : of_(of),
          facts_(facts),
          options_(options),
          heads_(facts.type == opencl::DeviceType::processor ? 2 : 16),
          mask_(compile_mask(parse_mask(parse_json(R"({"causal": {}})", "mask"), "mask"),
                             {options.tokens, options.tokens, {}})),
          tokens_({{0, options.tokens}}),
          local_(*mask_, tokens_, tokens_),
          queries_(tensor(0)),
          keys_(tensor(1)),
          values_(tensor(2)),
          output_gradients_(tensor(3)),
          out_(heads_, options.tokens, of.largest_dim),
          delta_(static_cast<std::size_t>(heads_ * options.tokens)),
          gradients_(static_cast<std::size_t>(3 * heads_ * options.tokens * of.largest_dim)) {}

    [[nodiscard]] const opencl::ShapeClass& of() const { return of_; }

    double seconds_of(const opencl::TileShape& shape) {
        std::unique_ptr<Kernel>& kernel = kernels_[{shape.q_tile, shape.k_tile}];
        if (kernel == nullptr) {
            kernel = opencl::make_kernel_of(of_.design, {.threads = options_.threads,
                                                         .program_cache = options_.program_cache,
                                                         .rank = options_.rank,
                                                         .tile_choices = {{opencl::device_key(facts_), of_, shape}}});
            // Builds the programs, and gives a backward pass what it reads.
            kernel->attend(input(), out_, {});
            compute_delta(output_gradients_.view(), std::as_const(out_).output(), delta_.data());
            run(*kernel);
        }
        const Nanoseconds begin_ns = now_ns();
        run(*kernel);
        return static_cast<double>(now_ns() - begin_ns) * 1e-9;
    }

  private:
    [[nodiscard]] BenchTensor tensor(std::uint64_t stream) const {
        return {DType::float32, heads_, options_.tokens, of_.largest_dim, stream};
    }
    [[nodiscard]] AttendInput input() const {
        return {queries_.view(), keys_.view(), values_.view(), &local_,
                1.0 / std::sqrt(static_cast<double>(of_.largest_dim))};
    }
    void run(const Kernel& kernel) {
        if (of_.pass == opencl::Pass::forward) {
            kernel.attend(input(), out_, {});
            return;
        }
        const std::int64_t count = heads_ * options_.tokens * of_.largest_dim;
        const auto part = [&](std::int64_t number) {
            return HeadMatrix<float>{gradients_.data() + number * count, heads_, options_.tokens, of_.largest_dim};
        };
        kernel.attend_backward({input(), output_gradients_.view(), out_.lse(0), delta_.data(), nullptr},
                               {part(0), part(1), part(2)}, {});
    }

    opencl::ShapeClass of_;
    opencl::DeviceFacts facts_;
    const TileTimerOptions& options_;
    std::int64_t heads_;
    std::unique_ptr<Mask> mask_;
    TokenSet tokens_;
    LocalMask local_;
    BenchTensor queries_;
    BenchTensor keys_;
    BenchTensor values_;
    BenchTensor output_gradients_;
    Partial out_;
    std::vector<float> delta_;
    std::vector<float> gradients_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<Kernel>> kernels_;
};

TileTimer::TileTimer(TileTimerOptions options) : options_(std::move(options)) {}
TileTimer::~TileTimer() = default;

double TileTimer::seconds_of(const opencl::ShapeClass& of, const opencl::TileShape& shape) {
    if (case_ == nullptr || !(case_->of() == of)) {
        case_.reset();  // before as much is allocated again
        case_ = std::make_unique<Case>(of, opencl::chosen_device(options_.rank), options_);
    }
    return case_->seconds_of(shape);
}

std::vector<opencl::TileChoice> TunedDevice::choices() const {
    std::vector<opencl::TileChoice> all;
    for (const TunedClass& one : classes) {
        all.push_back({opencl::device_key(facts), one.of, opencl::best_of(one.timed).shape});
    }
    return all;
}

std::string class_text(const opencl::ShapeClass& of) {
    return fmt::format("{}, {}, D {} {}", opencl::pass_words[static_cast<std::size_t>(of.pass)],
                       opencl::design_words[static_cast<std::size_t>(of.design)],
                       of.largest_dim == opencl::dim_classes.back() ? "from" : "up to", of.largest_dim);
}

TunedDevice tune_tiles(const DeviceToTune& device, const TileTuningOptions& options,
                       const std::function<double(const opencl::ShapeClass&, const opencl::TileShape&)>& seconds_of) {
    TunedDevice tuned{device.facts, {}};
    const double classes = 2.0 * static_cast<double>(options.dims.size());
    for (const opencl::Pass pass : {opencl::Pass::forward, opencl::Pass::backward}) {
        for (const std::int64_t dim : options.dims) {
            const opencl::ShapeClass of = opencl::shape_class(device.design, pass, dim, dim);
            const auto measure = [&](const opencl::TileShape& shape) {
                if (options.poll) {
                    options.poll(static_cast<double>(tuned.classes.size()) / classes);
                }
                if (options.cancelled != nullptr && *options.cancelled) {
                    throw Error(ErrorKind::cancelled, "cancelled");
                }
                return seconds_of(of, shape);
            };
            tuned.classes.push_back(
                {of, opencl::measure_in_turns(opencl::tile_candidates(of, device.facts), options.turns, measure)});
        }
    }
    return tuned;
}

}  // namespace longscope
