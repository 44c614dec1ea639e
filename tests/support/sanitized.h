// SPDX-License-Identifier: GPL-3.0-or-later
// What a sanitizer makes of a time limit: it watches every access to memory, which is no time of the product.
#pragma once

namespace longscope {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double sanitizer_slowdown = 10;
#else
inline constexpr double sanitizer_slowdown = 1;
#endif

}  // namespace longscope
