// SPDX-License-Identifier: GPL-3.0-or-later
// Above the mask's canvas while two masks are compared: how many pairs are in which of them, in the colours of the
// canvas, and the first queries that see other keys.
#pragma once

#include <QFrame>

#include "app/desktop/document/mask_comparison.h"
#include "widgets/base/appearance.h"

class QLabel;
class QToolButton;

namespace longscope {

class ElidedLabel;

class ComparisonBar : public QFrame {
    Q_OBJECT

  public:
    // Both outlive it.
    ComparisonBar(MaskComparison& comparison, const Appearance& appearance, QWidget* parent = nullptr);

    // What stands in it, without the colours.
    [[nodiscard]] QString text() const;
    // Of the places where the masks differ, which one is in view; from 0.
    void show_place(std::int64_t place);

  Q_SIGNALS:
    // To go to the next place where they differ, or to the one before.
    void difference_wanted(bool forward);

  private:
    void refresh();
    [[nodiscard]] QString counts_html(const ShownDifference& difference) const;

    MaskComparison& comparison_;
    const Appearance& appearance_;
    QLabel* counts_;
    QLabel* place_;
    QToolButton* before_;
    QToolButton* next_;
    ElidedLabel* rows_;
};

}  // namespace longscope
