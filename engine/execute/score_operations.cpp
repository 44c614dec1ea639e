// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/score_operations.h"

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <vector>

#include "engine/base/error.h"
#include "engine/kernel/score_rows.h"

namespace longscope {

namespace {

class ScoreOperation {
  public:
    ScoreOperation(const Operation& operation, RankBuffers& buffers, const ScoreContext& context,
                   const AttendHooks& hooks)
        : operation_(operation),
          buffers_(buffers),
          rows_(buffers.scores(operation.scores)),
          heads_(buffers.plan(BufferRole::scores, operation.scores).heads),
          masks_(context.masks.part(heads_)),
          scoring_(context.scoring.of_heads(heads_.begin)),
          team_(context.threads),
          work_{team_, hooks} {}

    void run() {
        switch (operation_.kind) {
            case OperationKind::scores:
                scores();
                break;
            case OperationKind::softmax:
                softmax();
                break;
            case OperationKind::weigh_values:
                weigh_values();
                break;
            case OperationKind::weigh_values_backward:
                weigh_values_backward();
                break;
            case OperationKind::scores_backward:
                scores_backward();
                break;
            default:
                throw failed(fmt::format("schedule: operation {}: it has nothing to do with scores", operation_.id));
        }
    }

  private:
    void require(bool fits) const {
        if (!fits) {
            throw failed(
                fmt::format("schedule: operation {}: queries, keys, scores and result do not fit", operation_.id));
        }
    }

    // Of the keys of a rank. The mask stays until the end of the operation.
    ScoreBlock block(std::int64_t rank) {
        require(rank >= 0 && rank < buffers_.ranks());
        const LocalMask& mask =
            local_masks_.emplace_back(masks_, buffers_.token_set(rows_.queries), buffers_.token_set(rank));
        const std::int64_t first = rows_.first_columns[static_cast<std::size_t>(rank)];
        return {rows_.rows.data + first, rows_.rows.dim, &mask,
                1.0 / std::sqrt(static_cast<double>(buffers_.shape().head_dim_qk)), scoring_};
    }

    void require_rows(std::int64_t heads, std::int64_t tokens) const {
        require(heads == rows_.rows.heads && tokens == rows_.rows.tokens);
    }
    HeadView queries() {
        const HeadView view = buffers_.queries(operation_.query_buffer, operation_.queries);
        require(operation_.queries == rows_.queries);
        require_rows(view.heads, view.tokens);
        return view;
    }
    HeadView of_keys(const HeadView& view) const {
        require(view.heads > 0 && rows_.rows.heads % view.heads == 0);
        return view;
    }
    HeadView keys() { return of_keys(buffers_.keys(operation_.buffer, operation_.keys)); }
    HeadView values() { return of_keys(buffers_.values(operation_.buffer, operation_.keys)); }
    Partial& partial() {
        Partial& result = buffers_.partial(operation_.partial);
        require_rows(result.heads(), result.rows());
        return result;
    }

    // Here and below the block comes first: it tells whether the keys are those of a rank.
    void scores() {
        const ScoreBlock scored = block(operation_.keys);
        compute_scores(queries(), keys(), scored, work_);
    }

    void weigh_values() {
        const ScoreBlock scored = block(operation_.keys);
        add_weighted_values(values(), scored, partial(), work_);
    }

    void softmax() {
        std::vector<ScoreBlock> blocks;
        for (std::int64_t rank = 0; rank < buffers_.ranks(); ++rank) {
            blocks.push_back(block(rank));
        }
        lse_of_rows(blocks, partial(), work_);
    }

    void weigh_values_backward() {
        const ScoreBlock scored = block(operation_.keys);
        const HeadView of_block = values();
        const HeadView output_gradients = buffers_.output_gradients(operation_.output_gradients);
        const HeadMatrix<float> delta = buffers_.delta(operation_.delta);
        const HeadMatrix<float> lse = buffers_.lse(operation_.partial);
        require_rows(output_gradients.heads, output_gradients.tokens);
        require_rows(delta.heads, delta.tokens);
        require_rows(lse.heads, lse.tokens);
        const HeadMatrix<float> out =
            buffers_.gradients_of_rank(BufferRole::value_gradients, operation_.into, operation_.keys);
        require(out.heads == of_block.heads);
        AttendBackwardInput rows;
        rows.output_gradients = output_gradients;
        rows.lse = lse.data;
        rows.delta = delta.data;
        score_gradients(of_block, rows, scored, out, work_);
    }

    void scores_backward() {
        const ScoreBlock scored = block(operation_.keys);
        const HeadView of_block = keys();
        const HeadMatrix<float> query_gradients = buffers_.query_gradients(operation_.query_gradients);
        require_rows(query_gradients.heads, query_gradients.tokens);
        const HeadMatrix<float> out =
            buffers_.gradients_of_rank(BufferRole::key_gradients, operation_.into, operation_.keys);
        require(out.heads == of_block.heads);
        query_and_key_gradients(queries(), of_block, scored, query_gradients, out, work_);
    }

    const Operation& operation_;
    RankBuffers& buffers_;
    ScoreRows rows_;
    Range heads_;  // query heads
    HeadMasks masks_;
    Scoring scoring_;
    ThreadTeam team_;
    ScoreWork work_;
    std::deque<LocalMask> local_masks_;  // which blocks point to
};

}  // namespace

void compute_with_scores(const Operation& operation, RankBuffers& buffers, const ScoreContext& context,
                         const AttendHooks& hooks) {
    ScoreOperation(operation, buffers, context, hooks).run();
}

}  // namespace longscope
