// SPDX-License-Identifier: GPL-3.0-or-later
// Measures on a device of OpenCL which shapes of tiles its kernels are fastest with, for each class of calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/tile_tuning.h"

namespace longscope {

struct TileTuningOptions {
    int threads = 1;
    int rank = 0;  // whose device is tuned (KernelOptions)
    int turns = 5;
    std::int64_t tokens = 2048;
    std::vector<std::int64_t> dims{opencl::dim_classes.begin(), opencl::dim_classes.end()};
    std::filesystem::path program_cache = {};
    const std::atomic<bool>* cancelled = nullptr;
    std::function<void(double done)> poll = {};
};

struct TunedClass {
    opencl::ShapeClass of;
    std::vector<opencl::TimedShape> timed;  // the default first
};

struct TunedDevice {
    opencl::DeviceFacts facts;
    std::vector<TunedClass> classes;

    [[nodiscard]] std::vector<opencl::TileChoice> choices() const;
};

// "forward, wide, D up to 128"
[[nodiscard]] std::string class_text(const opencl::ShapeClass& of);

// Causal self-attention in the design of the device, forward and backward. Throws Error.
[[nodiscard]] TunedDevice tune_tiles(const TileTuningOptions& options);

}  // namespace longscope
