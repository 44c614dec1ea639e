// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/parameter_field.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QLocale>
#include <QSpinBox>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/calm_fields.h"
#include "engine/base/error.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr int most = 1 << 30;

// Documents may say anything; what is shown lies in the range of the field.
int shown_number(const Json& value) {
    return value.is_number() ? static_cast<int>(std::clamp(value.get<double>(), 0.0, double{most})) : 0;
}

QWidget* number_field(const ParameterField& field, int value, QWidget* parent) {
    auto* box = new CalmSpinBox<QSpinBox>(parent);
    box->setRange(0, most);
    constexpr int digits = 7;  // and the arrows; more where there is room
    box->setMinimumWidth(box->fontMetrics().horizontalAdvance(QLatin1Char('0')) * (digits + 4));
    box->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    box->setGroupSeparatorShown(true);
    box->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    box->setKeyboardTracking(false);
    box->setValue(value);
    QObject::connect(box, qOverload<int>(&QSpinBox::valueChanged), box,
                     [field, box](int next) { field.explain(field.change(next, box->stepping())); });
    return box;
}

QWidget* tick_field(const ParameterField& field, bool value, QWidget* parent) {
    auto* box = new QCheckBox(parent);
    box->setChecked(value);
    QObject::connect(box, &QCheckBox::toggled, box, [field](bool on) { field.explain(field.change(on, false)); });
    return box;
}

QWidget* choice_field(const ParameterField& field, const QString& value, QWidget* parent) {
    auto* box = new CalmComboBox(parent);
    box->addItems(field.choices.split(QStringLiteral(", ")));
    box->setCurrentIndex(box->findText(value));
    QObject::connect(box, qOverload<int>(&QComboBox::activated), box,
                     [field, box] { field.explain(field.change(box->currentText().toStdString(), false)); });
    return box;
}

// Read-only when the text is longer than fields are.
QLineEdit* line_field(const QString& text, QWidget* parent) {
    auto* line = new QLineEdit(parent);
    if (text.size() > line->maxLength()) {
        line->setText(QStringLiteral("%1 ...").arg(text.left(80)));
        line->setReadOnly(true);
        line->setToolTip(QObject::tr("Too long for a field: it can be changed in the file"));
    } else {
        line->setText(text);
    }
    line->setCursorPosition(0);
    return line;
}

// From here on it is the document that takes changes back.
void end_typing(QLineEdit& line) {
    const int cursor = line.cursorPosition();
    line.setText(line.text());
    line.setCursorPosition(cursor);
}

// As it is, without the quotes that JSON has. What is wrong with it is said while it is typed.
QWidget* text_field(const ParameterField& field, const QString& value, QWidget* parent) {
    QLineEdit* line = line_field(value, parent);
    if (line->isReadOnly()) {
        return line;
    }
    const auto json = [line] { return Json(line->text().toStdString()); };
    QObject::connect(line, &QLineEdit::textEdited, line, [field, json] { field.explain(field.check(json())); });
    QObject::connect(line, &QLineEdit::editingFinished, line, [field, line, json] {
        if (line->isModified()) {
            end_typing(*line);
            field.explain(field.change(json(), false));
        }
    });
    return line;
}

QWidget* json_field(const ParameterField& field, const Json& value, QWidget* parent) {
    QLineEdit* line = line_field(to_qstring(value.is_string() ? value.get<std::string>() : shown(value)), parent);
    if (line->isReadOnly()) {
        return line;
    }
    QObject::connect(line, &QLineEdit::editingFinished, line, [field, line] {
        if (!line->isModified()) {
            return;
        }
        end_typing(*line);
        const std::string text = line->text().toStdString();
        Json typed = Json::parse(text, nullptr, false);
        field.explain(field.change(typed.is_discarded() ? Json(text) : std::move(typed), false));
    });
    return line;
}

}  // namespace

QWidget* make_parameter_field(const ParameterField& field, const Json& value, QWidget* parent) {
    QWidget* made = nullptr;
    if (field.whole_number) {
        made = number_field(field, shown_number(value), parent);
    } else if (value.is_boolean()) {
        made = tick_field(field, value.get<bool>(), parent);
    } else if (value.is_string() && !field.choices.isEmpty()) {
        made = choice_field(field, to_qstring(value.get<std::string>()), parent);
    } else if (value.is_string() && !field.list) {
        made = text_field(field, to_qstring(value.get<std::string>()), parent);
    } else {
        made = json_field(field, value, parent);
    }
    made->setObjectName(field.name);
    made->setAccessibleName(field.accessible_name);
    if (made->toolTip().isEmpty()) {
        made->setToolTip(field.help);
    }
    return made;
}

}  // namespace longscope
