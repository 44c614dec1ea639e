// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/reference/pulse.h"
#include "engine/kernel/reference/reference_backward.h"
#include "engine/kernel/reference/reference_pair.h"
#include "engine/kernel/reference/reference_row.h"

namespace longscope {

namespace {

class ReferenceKernel final : public Kernel {
  public:
    explicit ReferenceKernel(int threads) : threads_(threads) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        if (input.keep != nullptr) {
            input.keep->keep_nothing("the reference backend computes weights again");
        }
        check_scoring(input, out.rule());
        Pulse pulse(hooks, 1);
        const std::int64_t rows = input.queries.tokens;
        ThreadTeam(threads_).for_each(input.queries.heads * rows, [&](std::int64_t i) {
            if (pulse.beat()) {
                attend_row(input, i / rows, i % rows, out, pulse);
            }
        });
        pulse.throw_if_cancelled();
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        ThreadTeam team(threads_);
        reference_backward(team, input, out, hooks);
    }

    [[nodiscard]] int host_threads() const override { return threads_; }

    [[nodiscard]] std::string description() const override {
        return fmt::format("reference, float64, {} thread{}", threads_, threads_ == 1 ? "" : "s");
    }

  private:
    static void attend_row(const AttendInput& input, std::int64_t head, std::int64_t row, Partial& out, Pulse& pulse) {
        const std::int64_t kv_head = head / (input.queries.heads / input.keys.heads);
        const auto dim_qk = static_cast<std::size_t>(input.queries.dim);
        const auto dim_v = static_cast<std::size_t>(input.values.dim);
        std::vector<float> query(dim_qk);
        std::vector<float> key(dim_qk);
        std::vector<float> value(dim_v);
        load_row(input.queries, head, row, query.data());
        ReferenceRow reference(dim_v, input.scoring.sigmoid_bias);
        std::vector<Range> runs;
        input.mask->row_runs(row, runs, input.mask->kind_of(head));
        for (const Range run : runs) {
            for (std::int64_t column = run.begin; column < run.end; ++column) {
                const PairPlace place = place_of(input, head, row, column);
                if (input.scoring.hides(place)) {
                    continue;
                }
                load_row(input.keys, kv_head, column, key.data());
                load_row(input.values, kv_head, column, value.data());
                reference.add(score_of(input.scoring, input.scale * dot(query, key), place), value);
            }
            pulse.add_pairs(run.size());
        }
        float* output = out.output().row(head, row);
        for (std::size_t d = 0; d < dim_v; ++d) {
            output[d] = static_cast<float>(reference.output(d));
        }
        out.lse(head)[row] = static_cast<float>(reference.lse());
    }

    int threads_;
};

}  // namespace

std::unique_ptr<Kernel> make_reference_kernel(int threads) {
    return std::make_unique<ReferenceKernel>(threads);
}

}  // namespace longscope
