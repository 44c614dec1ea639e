// SPDX-License-Identifier: GPL-3.0-or-later
// The one way in which engine, profiler and storage report failure: an exception of type Error. The programs in app
// catch it once, print its message as one line and turn its kind into an exit code. It never crosses a thread, a C
// callback or a Qt slot: whoever starts a thread carries it over as a std::exception_ptr.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace longscope {

enum class ErrorKind {
    bad_input,      // the user's file, option or value; the message names field, value and what is accepted
    failed,         // the environment failed us: a file, a process, a device
    unsupported,    // a valid request that this build or device cannot serve
    infeasible,     // a valid request that no implementation could serve, such as heads that do not divide
    out_of_memory,  // refused before allocation, or the allocation failed
    cancelled,      // the user asked to stop
};

class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

  private:
    ErrorKind kind_;
};

// Text that can come from an untrusted file, for a message: on one line, not longer than that, valid UTF-8 where it
// was.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t max_bytes);

// "FIELD: VALUE WHY; accepted: ACCEPTED", each on one line and cut where it is long, for example
// "mask.window.left: 70000 is larger than the sequence; accepted: 0 to 65535".
[[nodiscard]] Error bad_input(std::string_view field, std::string_view value, std::string_view why,
                              std::string_view accepted);

[[nodiscard]] inline Error failed(const std::string& message) {
    return {ErrorKind::failed, message};
}

// The word under which a kind is stored and printed: "bad input", "failed", "unsupported", ...
[[nodiscard]] std::string_view to_string(ErrorKind kind);

// The message of an errno value, for messages of the form "cannot open FILE: No such file or directory".
[[nodiscard]] std::string system_error_text(int error_number);

}  // namespace longscope
