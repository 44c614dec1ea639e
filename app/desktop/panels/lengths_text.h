// SPDX-License-Identifier: GPL-3.0-or-later
// Lengths of documents as people type them in one line. What is not understood stands in the document as it was typed,
// where the experiment refuses it and says what is accepted.
#pragma once

#include <QString>

#include "engine/base/json.h"

namespace longscope {

// "512, 3 x 1024, 4096" for [512, 1024, 1024, 1024, 4096]; elements that are not integers as they are in JSON.
[[nodiscard]] QString list_text(const Json& list);
[[nodiscard]] Json list_from_text(const QString& text);

// "[256,1024): 0.7, [1024,4096): 0.3" for {"[256,1024)": 0.7, "[1024,4096)": 0.3}.
[[nodiscard]] QString histogram_text(const Json& histogram);
[[nodiscard]] Json histogram_from_text(const QString& text);

}  // namespace longscope
