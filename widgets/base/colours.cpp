// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/colours.h"

namespace longscope {

QColor to_qcolor(Colour colour) {
    return {colour.red, colour.green, colour.blue, colour.alpha};
}

QString to_qstring(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<int>(text.size()));
}

}  // namespace longscope
