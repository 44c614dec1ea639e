// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/evaluator.h"

#include <nlohmann/json.hpp>

#include "app/headless/experiment_names.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"

namespace longscope {

Evaluator::Evaluator(ExperimentDocument& document, QObject* parent) : QObject(parent), document_(document) {
    connect(&document_, &ExperimentDocument::changed, this, &Evaluator::start);
    start();
}

void Evaluator::start() {
    current_.reset();
    refusal_.clear();
    job_.start(
        [text = document_.text(), folder = document_.folder()](const std::atomic<bool>& cancelled) {
            const Experiment experiment = parse_experiment(parse_json(text, "experiment"), folder, experiment_names());
            CompiledDraw draw = compile_draw(experiment, 0);
            ExperimentCost cost = cost_of(draw, cancelled);
            TokenOwners owners(draw.ranks);
            auto mask = std::make_shared<const ShownMask>(ShownMask{std::move(draw), std::move(owners)});
            return std::make_shared<const Evaluation>(Evaluation{std::move(mask), std::move(cost)});
        },
        [this](std::shared_ptr<const Evaluation> evaluation) {
            current_ = std::move(evaluation);
            Q_EMIT finished();
        },
        [this](const std::exception_ptr& error) {
            refusal_ = error_text(error);
            Q_EMIT finished();
        });
    Q_EMIT started();
}

}  // namespace longscope
