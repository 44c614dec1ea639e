// SPDX-License-Identifier: GPL-3.0-or-later
// The whole experiment as fields, group by group.
#pragma once

#include <QScrollArea>

#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/experiment_document.h"
#include "app/desktop/panels/lengths_editor.h"
#include "app/desktop/panels/mask_stack_editor.h"
#include "widgets/base/appearance.h"

class QComboBox;
class QLabel;
class QVBoxLayout;

namespace longscope {

class ExperimentPanel : public QScrollArea {
    Q_OBJECT

  public:
    // All outlive it.
    ExperimentPanel(ExperimentDocument& document, Evaluator& evaluator, const Appearance& appearance,
                    QWidget* parent = nullptr);

    [[nodiscard]] LengthsEditor& lengths() { return *lengths_; }
    [[nodiscard]] MaskStackEditor& mask() { return *mask_; }

    // As wide as its widest field: there is no horizontal scroll bar.
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QSize sizeHint() const override;

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void add_group(QVBoxLayout* column, const QString& title, QWidget* content);
    void mark_infeasible();
    void show_refusal();

    ExperimentDocument& document_;
    Evaluator& evaluator_;
    const Appearance& appearance_;
    QLabel* refusal_;
    LengthsEditor* lengths_;
    MaskStackEditor* mask_;
    QComboBox* strategy_ = nullptr;
    QComboBox* backend_ = nullptr;
};

}  // namespace longscope
