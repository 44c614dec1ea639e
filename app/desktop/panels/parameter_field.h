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
    bool list = false;  // typed as JSON; what is not JSON is given as the text that it is
    // Takes a new value, stepped to by the wheel or a key or not; returns why the mask is refused with it, or nothing.
    std::function<QString(const Json& value, bool stepping)> change;
    // Why a value would be refused, or nothing; for texts, while they are being typed.
    std::function<QString(const Json& value)> check;
    // Says what is wrong with what stands in the field, or nothing.
    std::function<void(const QString& why)> explain;
};

[[nodiscard]] QWidget* make_parameter_field(const ParameterField& field, const Json& value, QWidget* parent);

}  // namespace longscope
