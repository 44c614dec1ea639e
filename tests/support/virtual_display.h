// SPDX-License-Identifier: GPL-3.0-or-later
// An X display without a screen (Xvfb), whose picture can be looked at: what programs show is seen from outside,
// without a client of their server.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "app/headless/run/worker_stream.h"
#include "engine/base/child_process.h"
#include "engine/base/mapped_file.h"

namespace longscope {

class VirtualDisplay {
  public:
    static constexpr std::int64_t width = 1600;
    static constexpr std::int64_t height = 1000;

    [[nodiscard]] static bool available() { return find_program("Xvfb").has_value(); }

    // The picture is kept in a file in this folder.
    explicit VirtualDisplay(const std::filesystem::path& folder)
        : server_({"Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset", "-fbdir",
                   folder.string()},
                  {}),
          name_(read_name()),
          picture_(folder / "Xvfb_screen0") {}

    // As of DISPLAY.
    [[nodiscard]] const std::string& name() const { return name_; }

    // The share of the screen that something was painted on: without windows it is black. Sampled at every tenth point.
    [[nodiscard]] double painted() const {
        constexpr std::int64_t step = 10;
        constexpr std::int64_t pixel_bytes = 4;
        // The pixels end the file.
        const std::byte* pixels = &*picture_.bytes().last(width * height * pixel_bytes).begin();
        int count = 0;
        for (std::int64_t y = 0; y < height; y += step) {
            for (std::int64_t x = 0; x < width; x += step) {
                const std::byte* pixel = pixels + (y * width + x) * pixel_bytes;
                count += std::any_of(pixel, pixel + 3, [](std::byte part) { return part != std::byte{0}; }) ? 1 : 0;
            }
        }
        return static_cast<double>(count) * step * step / (width * height);
    }

  private:
    // The server tells its number when it listens.
    [[nodiscard]] std::string read_name() const {
        std::string name;
        LineReader reader;
        for (bool open = true; name.empty() && open;) {
            struct pollfd wait {
                server_.output(), POLLIN, 0
            };
            poll(&wait, 1, -1);
            open = reader.read_from(server_.output(), [&](std::string_view line) { name = ":" + std::string(line); });
        }
        if (name.empty()) {
            throw std::runtime_error("Xvfb did not start");
        }
        return name;
    }

    ChildProcess server_;
    std::string name_;
    MappedFile picture_;
};

}  // namespace longscope
