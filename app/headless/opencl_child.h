// SPDX-License-Identifier: GPL-3.0-or-later
// The OpenCL devices of this machine as a child process tells of them. Drivers are other people's code: one that
// crashes, or does not answer, takes the child along and not whoever asks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/device_speed.h"
#include "profiler/peers/line_child.h"
#include "profiler/probe/tile_tuner.h"

namespace longscope {

struct ListedDevices {
    std::vector<opencl::DeviceFacts> facts;
    std::string why_none;    // one line; empty where there is a device
    std::string why_unused;  // likewise, why no kernel can be made as LONGSCOPE_OPENCL_DEVICE asks
};

// Its questions are answered within the time that LONGSCOPE_OPENCL_WATCHDOG gives a device, and a bit; otherwise, and
// where the child crashes, they throw Error(failed) with one line, and the next question goes to a new child.
class OpenClChild {
  public:
    // `engine`: the program longscope-engine.
    explicit OpenClChild(const std::filesystem::path& engine);

    [[nodiscard]] ListedDevices list();
    // What the backend runs on with so many threads. Throws Error with the reason.
    [[nodiscard]] std::string description(int threads);
    // As opencl::known_device_speed, or, with `again`, opencl::measure_device.
    [[nodiscard]] opencl::DeviceSpeed speed(std::size_t place, bool again);
    // Those of the ranks that LONGSCOPE_OPENCL_DEVICE gives one.
    [[nodiscard]] std::vector<DeviceToTune> to_tune();
    // As TileTimer, of the device of a rank. Throws MeasuringEnded where the device does not answer, or the child is
    // gone.
    [[nodiscard]] double seconds_of(int rank, int threads, const opencl::ShapeClass& of,
                                    const opencl::TileShape& shape);

  private:
    [[nodiscard]] Json ask(const Json& request, const std::string& what);

    LineChild child_;
};

// Throws Error(unsupported) where no kernel can be made.
void require_usable(const ListedDevices& listed);

// Throws Error where that is opencl and has no device that it could use, before this process asks a driver itself.
void require_device_of(std::string_view backend);

[[nodiscard]] Json device_facts_json(const opencl::DeviceFacts& facts);

// What the child does: answers the lines of its standard input until there is none. Returns the exit code.
int answer_about_devices();

}  // namespace longscope
