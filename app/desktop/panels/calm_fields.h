// SPDX-License-Identifier: GPL-3.0-or-later
// Fields in a form that scrolls: the wheel changes one only while it has the focus, and scrolls the form otherwise.
#pragma once

#include <QComboBox>
#include <QSignalBlocker>
#include <QWheelEvent>
#include <algorithm>
#include <limits>

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

    // Steps stop at these. What is typed may lie beyond them, and is refused where the limits are said: a field that
    // swallows a digit leaves another number than was meant.
    void set_steps(double least, double most) {
        least_ = least;
        most_ = most;
    }

    void stepBy(int steps) override {
        this->interpretText();  // what was typed before is a change of its own
        const auto before = this->value();
        {
            const QSignalBlocker one_change(this);
            Box::stepBy(steps);
            const double least = std::max(least_, static_cast<double>(this->minimum()));
            const double most = std::min(most_, static_cast<double>(this->maximum()));
            this->setValue(
                static_cast<decltype(this->value())>(std::clamp(static_cast<double>(this->value()), least, most)));
        }
        if (this->value() != before) {
            stepping_ = true;
            Q_EMIT this->valueChanged(this->value());
            stepping_ = false;
        }
    }

  private:
    bool stepping_ = false;
    double least_ = std::numeric_limits<double>::lowest();
    double most_ = std::numeric_limits<double>::max();
};

}  // namespace longscope
