// SPDX-License-Identifier: GPL-3.0-or-later
// The failure of what did not end within the time that it may take: a run that it ends has timed out.
#pragma once

#include "engine/base/error.h"

namespace longscope {

class TimedOut : public Error {
  public:
    explicit TimedOut(const std::string& message) : Error(ErrorKind::failed, message) {}
};

}  // namespace longscope
