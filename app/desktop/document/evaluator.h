// SPDX-License-Identifier: GPL-3.0-or-later
// What the document means and costs, worked out on another thread after every change; only the newest answer is given.
#pragma once

#include <QObject>
#include <QString>
#include <memory>

#include "app/desktop/document/experiment_document.h"
#include "engine/experiment/cost.h"
#include "widgets/base/latest_job.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

// Immutable. Of the first draw.
struct Evaluation {
    std::shared_ptr<const ShownMask> mask;
    ExperimentCost cost;

    [[nodiscard]] const Experiment& experiment() const { return mask->draw.experiment; }
};

class Evaluator : public QObject {
    Q_OBJECT

  public:
    // Of the document as it is now, and from now on. The document outlives this.
    explicit Evaluator(ExperimentDocument& document, QObject* parent = nullptr);

    // Of the document as it is; null while it is not known, or the document is refused.
    [[nodiscard]] const std::shared_ptr<const Evaluation>& current() const { return current_; }
    // Why the document is refused; empty when it is not, or nobody knows yet.
    [[nodiscard]] const QString& refusal() const { return refusal_; }
    [[nodiscard]] bool busy() const { return job_.running(); }

  Q_SIGNALS:
    // What was known is no longer current.
    void started();
    // current() or refusal() says more.
    void finished();

  private:
    void start();

    ExperimentDocument& document_;
    std::shared_ptr<const Evaluation> current_;
    std::shared_ptr<const Evaluation> before_;  // the last that was known
    QString refusal_;
    LatestJob<std::shared_ptr<const Evaluation>> job_;
};

}  // namespace longscope
