// SPDX-License-Identifier: GPL-3.0-or-later
// Lines out of a pipe that delivers bytes in pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace longscope {

class LineReader {
  public:
    // Reads what is there from a non-blocking descriptor (of a flood only some MiB, so that the caller can see to
    // other things) and calls `line` for every complete line (without its end).
    // False when the pipe has ended; a last line without an end counts as one. Lines longer than max_line_bytes are
    // an Error(failed).
    bool read_from(int descriptor, const std::function<void(std::string_view)>& line);

    static constexpr std::size_t max_line_bytes = std::size_t{1} << 30;

  private:
    std::string buffer_;
};

}  // namespace longscope
