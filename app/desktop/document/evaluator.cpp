// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/evaluator.h"

#include <nlohmann/json.hpp>

#include "app/headless/experiment_names.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

// Most edits leave most as it was before.
Evaluation evaluate(const Experiment& experiment, const Evaluation* before, const std::atomic<bool>& cancelled) {
    const CompiledDraw* known_draw = before == nullptr ? nullptr : &before->mask->draw;
    CompiledDraw draw = compile_draw(experiment, 0, known_draw);
    ExperimentCost cost;
    if (before == nullptr) {
        cost = cost_of(draw, cancelled);
    } else {
        const KnownCost known{*known_draw, before->cost};
        cost = cost_of(draw, cancelled, &known);
    }
    const bool same_owners = known_draw != nullptr && known_draw->ranks == draw.ranks;
    return {shown_mask(std::move(draw), same_owners ? before->mask->owners : nullptr), std::move(cost)};
}

}  // namespace

Evaluator::Evaluator(ExperimentDocument& document, QObject* parent) : QObject(parent), document_(document) {
    connect(&document_, &ExperimentDocument::changed, this, &Evaluator::start);
    start();
}

void Evaluator::start() {
    current_.reset();
    refusal_.clear();
    job_.start(
        [json = document_.shared_json(), folder = document_.folder(), before = before_](const auto& cancelled) {
            return std::make_shared<const Evaluation>(
                evaluate(parse_experiment(*json, folder, experiment_names()), before.get(), cancelled));
        },
        [this](std::shared_ptr<const Evaluation> evaluation) {
            before_ = current_ = std::move(evaluation);
            Q_EMIT finished();
        },
        [this](const std::exception_ptr& error) {
            refusal_ = error_text(error);
            Q_EMIT finished();
        });
    Q_EMIT started();
}

}  // namespace longscope
