// SPDX-License-Identifier: GPL-3.0-or-later
// Above a mask that differs from head to head: which head's mask is shown, and which heads have the same one.
#pragma once

#include <QFrame>
#include <cstdint>

#include "engine/mask/head_masks.h"

class QSpinBox;

namespace longscope {

class ElidedLabel;

class HeadBar : public QFrame {
    Q_OBJECT

  public:
    explicit HeadBar(QWidget* parent = nullptr);

    // The bar is there only where the masks differ between these heads; the head stays what it was where it can.
    void show_masks(const HeadMasks& masks, std::int64_t heads);
    void show_none();
    [[nodiscard]] std::int64_t head() const;

  Q_SIGNALS:
    void head_changed();

  private:
    QSpinBox* head_;
    ElidedLabel* label_;
};

}  // namespace longscope
