// SPDX-License-Identifier: GPL-3.0-or-later
// Linked into programs whose properties are cheap: five times RapidCheck's usual hundred cases each. What stands in the
// environment goes first, so that a failure can be repeated with the configuration that it printed.
#include <stdlib.h>

namespace {

[[maybe_unused]] const int configured = setenv("RC_PARAMS", "max_success=500", 0);

}  // namespace
