// SPDX-License-Identifier: GPL-3.0-or-later
// Qt's offscreen platform leaves its screen behind when the application goes, which is no leak of ours.
#pragma once

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace longscope {

// Under the address sanitizer: looks for leaks now and not at the end of the program, when the application is gone.
inline void look_for_leaks() {
#ifdef __SANITIZE_ADDRESS__
    __lsan_do_leak_check();
#endif
}

}  // namespace longscope
