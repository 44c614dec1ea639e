// SPDX-License-Identifier: GPL-3.0-or-later
// One line of text that never asks for room: where there is too little of it the text is cut with an ellipsis; the
// tooltip has all of it, and its menu copies it.
#pragma once

#include <QLabel>

namespace longscope {

class ElidedLabel : public QLabel {
    Q_OBJECT

  public:
    // The middle is cut of what ends in the part that matters, such as paths.
    explicit ElidedLabel(QWidget* parent = nullptr, Qt::TextElideMode mode = Qt::ElideRight);

    [[nodiscard]] bool elided() const;
    [[nodiscard]] QSize minimumSizeHint() const override;

  protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

  private:
    Qt::TextElideMode mode_;
};

}  // namespace longscope
