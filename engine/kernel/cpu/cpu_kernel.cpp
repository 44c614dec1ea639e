// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/cpu_kernel.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/kernel/cpu/backward_pass.h"
#include "engine/kernel/cpu/decode_pass.h"
#include "engine/kernel/cpu/forward_pass.h"
#include "engine/kernel/cpu/stored_tiles.h"

namespace longscope {

namespace {

class CpuKernel final : public Kernel {
  public:
    // Of the best variant and the order that is predicted to be faster for each call, or of these.
    CpuKernel(int threads, const cpu::TileVariant* variant, std::optional<cpu::LoopOrder> order)
        : threads_(threads), variant_(variant), order_(order), spare_(static_cast<std::size_t>(threads) + 2) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        const cpu::TileFunctions& functions = variant_for(input.keys.dtype).functions;
        std::unique_ptr<cpu::StoredTiles> stored = begin_keeping(input, functions);
        if (stored == nullptr && cpu::is_decode(input)) {
            cpu::attend_decode(input, out, hooks, cpu::default_decode_plan(input), functions, threads_, spare_);
        } else {
            cpu::attend_forward(input, out, hooks, order_ ? order_ : cpu::asked_loop_order(), functions, threads_,
                                spare_, stored.get());
        }
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
        if (stored != nullptr) {
            input.keep->keep(std::move(stored));
        }
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        cpu::attend_backward(input, out, hooks, variant_for(input.forward.keys.dtype).functions, threads_, spare_);
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    [[nodiscard]] std::int64_t stored_bytes(const AttendInput& input) const override {
        if (!cpu::StoredTiles::refusal(input).empty()) {
            return 0;
        }
        ThreadTeam team(threads_);
        return cpu::StoredTiles(input, variant_for(input.keys.dtype).functions, team).bytes();
    }

    [[nodiscard]] int host_threads() const override { return threads_; }

    [[nodiscard]] std::string description() const override {
        return fmt::format("cpu, {} thread{}, {}", threads_, threads_ == 1 ? "" : "s",
                           variant_for(DType::float32).name);
    }

  private:
    // Null: nothing is to be kept.
    [[nodiscard]] std::unique_ptr<cpu::StoredTiles> begin_keeping(const AttendInput& input,
                                                                  const cpu::TileFunctions& functions) const {
        if (input.keep == nullptr) {
            return nullptr;
        }
        const std::unique_ptr<StoredProbabilities::Content> before =
            input.keep->keep_nothing(cpu::StoredTiles::refusal(input));
        if (!input.keep->why_not().empty()) {
            return nullptr;
        }
        ThreadTeam team(threads_);
        auto stored = std::make_unique<cpu::StoredTiles>(input, functions, team);
        input.keep->require_room(stored->bytes());
        stored->make_room(dynamic_cast<cpu::StoredTiles*>(before.get()));
        return stored;
    }

    [[nodiscard]] const cpu::TileVariant& variant_for(DType inputs) const {
        return variant_ != nullptr ? *variant_ : cpu::choose_tile_variant(inputs);
    }

    int threads_;
    const cpu::TileVariant* variant_;
    std::optional<cpu::LoopOrder> order_;
    mutable cpu::SpareBuffers spare_;  // locks itself
};

}  // namespace

std::unique_ptr<Kernel> make_cpu_kernel(int threads) {
    return std::make_unique<CpuKernel>(threads, nullptr, std::nullopt);
}

std::unique_ptr<Kernel> cpu::make_kernel_of(const TileVariant& variant, int threads, std::optional<LoopOrder> order) {
    return std::make_unique<CpuKernel>(threads, &variant, order);
}

std::unique_ptr<Kernel> cpu::make_kernel_in(LoopOrder order, int threads) {
    return std::make_unique<CpuKernel>(threads, nullptr, order);
}

}  // namespace longscope
