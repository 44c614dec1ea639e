// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/worker_stream.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr int max_pieces = 64;

}  // namespace

bool LineReader::read_from(int descriptor, const std::function<void(std::string_view)>& line) {
    std::array<char, 65536> piece{};
    for (int pieces = 0; pieces < max_pieces; ++pieces) {
        const ssize_t got = read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno == EAGAIN;
        }
        if (got == 0) {
            if (!buffer_.empty()) {
                line(std::exchange(buffer_, {}));
            }
            return false;
        }
        const std::size_t searched = buffer_.size();
        buffer_.append(piece.data(), static_cast<std::size_t>(got));
        std::size_t begin = 0;
        for (std::size_t end = buffer_.find('\n', searched); end != std::string::npos;
             end = buffer_.find('\n', begin)) {
            line(std::string_view(buffer_).substr(begin, end - begin));
            begin = end + 1;
        }
        buffer_.erase(0, begin);
        if (buffer_.size() > max_line_bytes) {
            throw failed("a worker's message is too long");
        }
    }
    return true;
}

}  // namespace longscope
