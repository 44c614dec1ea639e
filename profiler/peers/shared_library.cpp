// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/shared_library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/error.h"

namespace longscope {

SharedLibrary::SharedLibrary(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle_ != nullptr) {
            name_ = name;
            return;
        }
    }
    throw Error(ErrorKind::unsupported, fmt::format("not installed: no {}", fmt::join(names, ", ")));
}

void* SharedLibrary::address(const char* name) const {
    return dlsym(handle_, name);
}

void* SharedLibrary::required_address(const char* name) const {
    void* const found = address(name);
    if (found == nullptr) {
        throw Error(ErrorKind::unsupported, fmt::format("{} has no function {}", name_, name));
    }
    return found;
}

}  // namespace longscope
