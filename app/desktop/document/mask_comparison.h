// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment's mask beside another one, worked out on another thread and again after every change.
#pragma once

#include <QObject>
#include <QString>
#include <memory>
#include <optional>

#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/other_mask.h"
#include "widgets/base/latest_job.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

class MaskComparison : public QObject {
    Q_OBJECT

  public:
    // The evaluator outlives it.
    explicit MaskComparison(Evaluator& evaluator, QObject* parent = nullptr);

    void start(OtherMask other);
    void end();

    [[nodiscard]] bool active() const { return other_.has_value(); }
    [[nodiscard]] QString name() const { return other_ ? other_->name : QString(); }
    // With a difference; null when it is refused, or not known for the first time yet.
    [[nodiscard]] const std::shared_ptr<const ShownMask>& current() const { return current_; }
    // Why the two cannot be compared; empty when they can, or nobody knows yet.
    [[nodiscard]] const QString& refusal() const { return refusal_; }
    [[nodiscard]] bool busy() const { return job_.running(); }

  Q_SIGNALS:
    void changed();

  private:
    void work_out();

    Evaluator& evaluator_;
    std::optional<OtherMask> other_;
    std::shared_ptr<const ShownMask> current_;
    QString refusal_;
    LatestJob<std::shared_ptr<const ShownMask>> job_;
};

}  // namespace longscope
