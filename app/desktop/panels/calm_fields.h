// SPDX-License-Identifier: GPL-3.0-or-later
// Fields in a form that scrolls: the wheel changes one only while it has the focus, and scrolls the form otherwise.
#pragma once

#include <QComboBox>
#include <QWheelEvent>

namespace longscope {

template <typename Field>
class CalmField : public Field {
  public:
    explicit CalmField(QWidget* parent = nullptr) : Field(parent) {
        this->setFocusPolicy(Qt::StrongFocus);  // not by the wheel
    }

  protected:
    void wheelEvent(QWheelEvent* event) override {
        if (this->hasFocus()) {
            Field::wheelEvent(event);
        } else {
            event->ignore();
        }
    }
};

using CalmComboBox = CalmField<QComboBox>;

// Box: QSpinBox or QDoubleSpinBox.
template <typename Box>
class CalmSpinBox : public CalmField<Box> {
  public:
    using CalmField<Box>::CalmField;

    // Does the value change by the wheel, an arrow or a key just now, and not because it was typed?
    [[nodiscard]] bool stepping() const { return stepping_; }

    void stepBy(int steps) override {
        this->interpretText();  // what was typed before is a change of its own
        stepping_ = true;
        Box::stepBy(steps);
        stepping_ = false;
    }

  private:
    bool stepping_ = false;
};

}  // namespace longscope
