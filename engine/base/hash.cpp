// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/hash.h"

#include <fmt/format.h>

namespace longscope {

std::string hash_text(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

}  // namespace longscope
