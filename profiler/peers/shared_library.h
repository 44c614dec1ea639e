// SPDX-License-Identifier: GPL-3.0-or-later
// A shared library that is looked for at run time.
#pragma once

#include <string>
#include <vector>

namespace longscope {

class SharedLibrary {
  public:
    // The first of these that the dynamic linker finds; it stays loaded: such libraries have threads and handlers that
    // outlive any object. Throws Error(unsupported) where there is none.
    explicit SharedLibrary(const std::vector<std::string>& names);

    // Also of the libraries that this one needs. A null pointer where there is none.
    template <typename Function>
    [[nodiscard]] Function* find(const char* name) const {
        return reinterpret_cast<Function*>(address(name));
    }
    // Throws Error(unsupported) where there is none.
    template <typename Function>
    [[nodiscard]] Function* require(const char* name) const {
        return reinterpret_cast<Function*>(required_address(name));
    }

  private:
    [[nodiscard]] void* address(const char* name) const;
    [[nodiscard]] void* required_address(const char* name) const;

    std::string name_;
    void* handle_ = nullptr;
};

}  // namespace longscope
