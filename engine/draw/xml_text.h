// SPDX-License-Identifier: GPL-3.0-or-later
// Text as it may stand in XML and HTML, between tags and in attributes: whatever it is, it stays text.
#pragma once

#include <string>
#include <string_view>

namespace longscope {

[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace longscope
