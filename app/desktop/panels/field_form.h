// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled fields, each bound to one place of the document: they show what stands there and change it.
#pragma once

#include <QFormLayout>
#include <QWidget>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/desktop/document/experiment_document.h"

class QComboBox;
class QDoubleSpinBox;
class QLineEdit;

namespace longscope {

struct FieldChoice {
    std::string_view name;     // as in the document
    std::string_view meaning;  // shown as a tooltip
};

class FieldForm : public QWidget {
    Q_OBJECT

  public:
    // The document outlives the form.
    explicit FieldForm(ExperimentDocument& document, QWidget* parent = nullptr);

    // Steps stay from `min` to `max`; what is typed beyond them the experiment refuses. `place` is a JSON pointer such
    // as "/shape/query_heads"; where nothing stands there the fallback is shown. The widget is called after its place
    // ("shape.query_heads") and described by `help`.
    QDoubleSpinBox* add_integer(const QString& label, const std::string& place, std::int64_t min, std::int64_t max,
                                std::int64_t fallback, const QString& help);
    QLineEdit* add_text(const QString& label, const std::string& place, const QString& help);
    QComboBox* add_choice(const QString& label, const std::string& place, const std::vector<FieldChoice>& choices,
                          const QString& help);
    void add_widget(const QString& label, QWidget* widget);

  private:
    void bind(QWidget* widget, const QString& label, const std::string& place, const QString& help,
              std::function<void(const Json*)> show);
    void refresh();

    ExperimentDocument& document_;
    QFormLayout* rows_;
    std::vector<std::function<void()>> refreshers_;
};

}  // namespace longscope
