// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/field_form.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSignalBlocker>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/calm_fields.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

using Pointer = Json::json_pointer;

// Room for the longest label, so that the fields of all groups stand in one column.
constexpr int label_letters = 17;
constexpr int choice_letters = 14;
constexpr double most_exact = 9007199254740992.0;  // of the integers that a double tells apart
constexpr int number_letters = 14;                 // with its arrows; larger numbers want a wider panel

// Null when nothing stands there, or something is in the way.
const Json* at(const Json& document, const std::string& place) {
    const Pointer pointer(place);
    return document.is_object() && document.contains(pointer) ? &document[pointer] : nullptr;
}

// `place` is one or two deep; an object is made where there is none.
void put(Json& document, const std::string& place, const Json& value) {
    Pointer pointer(place);
    const std::string field = pointer.back();
    pointer.pop_back();
    Json& group = pointer.empty() ? document : document[pointer.back()];
    if (!group.is_object()) {
        group = Json::object();
    }
    group[field] = value;
}

QString name_of(const std::string& place) {
    return to_qstring(place).mid(1).replace(QLatin1Char('/'), QLatin1Char('.'));
}

}  // namespace

FieldForm::FieldForm(ExperimentDocument& document, QWidget* parent)
    : QWidget(parent), document_(document), rows_(new QFormLayout(this)) {
    rows_->setContentsMargins(0, 0, 0, 0);
    rows_->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    rows_->setVerticalSpacing(5);
    connect(&document_, &ExperimentDocument::changed, this, &FieldForm::refresh);
}

void FieldForm::bind(QWidget* widget, const QString& label, const std::string& place, const QString& help,
                     std::function<void(const Json*)> show) {
    widget->setObjectName(name_of(place));
    widget->setAccessibleName(label);
    widget->setAccessibleDescription(help);
    widget->setToolTip(help);
    add_widget(label, widget);
    refreshers_.emplace_back([this, widget, place, show = std::move(show)] {
        const QSignalBlocker blocker(widget);
        show(at(document_.json(), place));
    });
    refreshers_.back()();
}

void FieldForm::add_widget(const QString& label, QWidget* widget) {
    auto* text = new QLabel(label, this);
    text->setBuddy(widget);
    text->setMinimumWidth(fontMetrics().horizontalAdvance(QLatin1Char('x')) * label_letters);
    text->setToolTip(widget->toolTip());
    rows_->addRow(text, widget);
}

QDoubleSpinBox* FieldForm::add_integer(const QString& label, const std::string& place, std::int64_t min,
                                       std::int64_t max, std::int64_t fallback, const QString& help) {
    auto* box = new CalmSpinBox<QDoubleSpinBox>(this);
    box->setDecimals(0);
    box->setMinimumWidth(fontMetrics().horizontalAdvance(QLatin1Char('x')) * number_letters);
    box->setRange(std::min(0.0, static_cast<double>(min)), most_exact);
    box->set_steps(static_cast<double>(min), static_cast<double>(max));
    box->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    box->setGroupSeparatorShown(true);
    box->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    box->setKeyboardTracking(false);
    bind(box, label, place, help, [box, fallback](const Json* value) {
        box->setValue(value != nullptr && value->is_number() ? value->get<double>() : static_cast<double>(fallback));
    });
    connect(box, qOverload<double>(&QDoubleSpinBox::valueChanged), this, [this, label, place, box](double value) {
        document_.edit(tr("Change %1").arg(label), box->stepping() ? name_of(place) : QString(),
                       [&](Json& document) { put(document, place, static_cast<std::int64_t>(value)); });
    });
    return box;
}

QLineEdit* FieldForm::add_text(const QString& label, const std::string& place, const QString& help) {
    auto* line = new QLineEdit(this);
    bind(line, label, place, help, [line](const Json* value) {
        const QString text = value != nullptr && value->is_string() ? to_qstring(value->get<std::string>()) : QString();
        if (line->text() != text) {
            line->setText(text);
        }
    });
    connect(line, &QLineEdit::editingFinished, this, [this, label, place, line] {
        const Json* now = at(document_.json(), place);
        const std::string text = line->text().toStdString();
        if (now == nullptr ? !text.empty() : *now != text) {
            document_.edit(tr("Change %1").arg(label), {}, [&](Json& document) { put(document, place, text); });
        }
    });
    return line;
}

QComboBox* FieldForm::add_choice(const QString& label, const std::string& place,
                                 const std::vector<FieldChoice>& choices, const QString& help) {
    auto* box = new CalmComboBox(this);
    // As wide as a name, whatever else an entry has to say.
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(choice_letters);
    for (const FieldChoice& choice : choices) {
        box->addItem(to_qstring(choice.name), to_qstring(choice.name));
        box->setItemData(box->count() - 1, to_qstring(choice.meaning), Qt::ToolTipRole);
    }
    bind(box, label, place, help, [box](const Json* value) {
        box->setCurrentIndex(
            value != nullptr && value->is_string() ? box->findData(to_qstring(value->get<std::string>())) : 0);
    });
    connect(box, qOverload<int>(&QComboBox::activated), this, [this, label, place, box] {
        document_.edit(tr("Change %1").arg(label), {},
                       [&](Json& document) { put(document, place, box->currentData().toString().toStdString()); });
    });
    return box;
}

void FieldForm::refresh() {
    for (const auto& refresh : refreshers_) {
        refresh();
    }
}

}  // namespace longscope
