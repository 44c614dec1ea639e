// SPDX-License-Identifier: GPL-3.0-or-later
// Above the mask's canvas while two masks are compared: how many pairs are in which of them, in the colours of the
// canvas, and the first queries that see other keys.
#pragma once

#include <QFrame>

#include "app/desktop/document/mask_comparison.h"
#include "widgets/base/appearance.h"

class QLabel;

namespace longscope {

class ElidedLabel;

class ComparisonBar : public QFrame {
    Q_OBJECT

  public:
    // Both outlive it.
    ComparisonBar(MaskComparison& comparison, const Appearance& appearance, QWidget* parent = nullptr);

    // What stands in it, for the clipboard and for tests; a line each.
    [[nodiscard]] QString text() const;

  private:
    struct Count {
        QLabel* swatch;
        QLabel* text;
    };
    Count add_count(class QLayout& row);
    void refresh();
    void paint_swatches();
    void tell(const ShownDifference& difference, const Mask& mask);

    MaskComparison& comparison_;
    const Appearance& appearance_;
    Count here_;
    Count there_;
    Count both_;
    Count mixed_;
    ElidedLabel* rows_;
};

}  // namespace longscope
