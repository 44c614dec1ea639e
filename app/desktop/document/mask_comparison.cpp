// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/mask_comparison.h"

#include "widgets/base/error_text.h"

namespace longscope {

MaskComparison::MaskComparison(Evaluator& evaluator, QObject* parent) : QObject(parent), evaluator_(evaluator) {
    connect(&evaluator_, &Evaluator::finished, this, &MaskComparison::work_out);
}

void MaskComparison::start(OtherMask other) {
    other_ = std::move(other);
    current_.reset();
    refusal_.clear();
    Q_EMIT changed();
    work_out();
}

void MaskComparison::end() {
    other_.reset();
    current_.reset();
    refusal_.clear();
    job_.cancel();
    Q_EMIT changed();
}

void MaskComparison::work_out() {
    if (!other_ || evaluator_.busy()) {
        return;
    }
    if (evaluator_.current() == nullptr) {
        job_.cancel();
        current_.reset();
        refusal_ = evaluator_.refusal();
        Q_EMIT changed();
        return;
    }
    job_.start(
        [mask = evaluator_.current()->mask, other = *other_](const std::atomic<bool>&) {
            auto both = std::make_shared<ShownMask>(*mask);
            both->difference = std::make_shared<const ShownDifference>(
                difference_of(*mask->draw.mask, other.over(mask->draw.domain), other.name));
            return std::shared_ptr<const ShownMask>(std::move(both));
        },
        [this](std::shared_ptr<const ShownMask> both) {
            current_ = std::move(both);
            refusal_.clear();
            Q_EMIT changed();
        },
        [this](const std::exception_ptr& error) {
            current_.reset();
            refusal_ = error_text(error);
            Q_EMIT changed();
        });
}

}  // namespace longscope
