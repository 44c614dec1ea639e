// SPDX-License-Identifier: GPL-3.0-or-later
// An environment variable of this process for a while. Nothing else of the process may read the environment meanwhile.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace longscope {

class ScopedVariable {
  public:
    ScopedVariable(const char* name, const std::string& value) : name_(name) {
        if (const char* before = std::getenv(name)) {  // NOLINT(concurrency-mt-unsafe): see above
            before_ = before;
        }
        setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;
    ~ScopedVariable() {
        if (before_) {
            setenv(name_, before_->c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
        } else {
            unsetenv(name_);  // NOLINT(concurrency-mt-unsafe)
        }
    }

  private:
    const char* name_;
    std::optional<std::string> before_;
};

}  // namespace longscope
