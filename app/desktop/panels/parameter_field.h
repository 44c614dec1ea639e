// SPDX-License-Identifier: GPL-3.0-or-later
// The field of one parameter of a mask's leaf, by the kind of its value: a number, a box to tick, a choice, a text, or
// the JSON of a list.
#pragma once

#include <QString>
#include <functional>

#include "engine/base/json.h"

class QWidget;

namespace longscope {

struct ParameterField {
    QString name;
    QString help;
    QString accessible_name;
    QString choices;  // of a word: "rows, columns, both"
    bool whole_number = false;
    // A new value that is JSON, stepped to by the wheel or a key or not; returns why it is refused, or nothing.
    std::function<QString(const Json& value, bool stepping)> change;
    // Why a value would be refused, or nothing; for texts, while they are being typed.
    std::function<QString(const Json& value)> check;
    // Says why what stands in the field is not taken; nothing when it is.
    std::function<void(const QString& why)> explain;
};

[[nodiscard]] QWidget* make_parameter_field(const ParameterField& field, const Json& value, QWidget* parent);

}  // namespace longscope
