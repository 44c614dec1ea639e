// SPDX-License-Identifier: GPL-3.0-or-later
// The whole experiment as fields, group by group; what is wrong with it stands above them, always in sight.
#pragma once

#include <QWidget>

#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/experiment_document.h"
#include "app/desktop/panels/device_field.h"
#include "app/desktop/panels/lengths_editor.h"
#include "app/desktop/panels/mask_stack_editor.h"
#include "widgets/base/appearance.h"

class QComboBox;
class QLabel;
class QScrollArea;
class QVBoxLayout;

namespace longscope {

class ExperimentPanel : public QWidget {
    Q_OBJECT

  public:
    // All outlive it.
    ExperimentPanel(ExperimentDocument& document, Evaluator& evaluator, const Appearance& appearance,
                    QWidget* parent = nullptr);

    [[nodiscard]] LengthsEditor& lengths() { return *lengths_; }
    [[nodiscard]] MaskStackEditor& mask() { return *mask_; }

  private:
    class Fields;
    void add_group(QVBoxLayout* column, const QString& title, QWidget* content);
    void mark_infeasible();
    void show_refusal();

    ExperimentDocument& document_;
    Evaluator& evaluator_;
    const Appearance& appearance_;
    QLabel* refusal_;
    QScrollArea* fields_;
    LengthsEditor* lengths_;
    MaskStackEditor* mask_;
    QComboBox* strategy_ = nullptr;
    QComboBox* backend_ = nullptr;
    DeviceField* device_ = nullptr;
};

}  // namespace longscope
