// SPDX-License-Identifier: GPL-3.0-or-later
// Programs for a device, built at run time from embedded sources, and their binaries kept on disk for the next time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel/opencl/cl_api.h"
#include "engine/kernel/opencl/device_facts.h"

namespace longscope::opencl {

struct ProgramSource {
    std::vector<std::string_view> files;                       // of resources/opencl, in this order
    std::vector<std::pair<std::string, std::string>> defines;  // names and values
    static constexpr std::string_view of_1_2 = "CL1.2";
    static constexpr std::string_view of_3_0 = "CL3.0";
    std::string_view standard = of_1_2;  // of the language

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string options() const;
};

// Throws Error(failed) with the compiler's log.
[[nodiscard]] cl::Program build_program(const cl::Context& context, const cl::Device& device,
                                        const ProgramSource& source);

// A folder of binaries, each by device, driver and source. A file that is stale, damaged or refused by the driver is
// built again; what cannot be written is not kept.
class ProgramCache {
  public:
    // Empty: nothing is kept.
    explicit ProgramCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] cl::Program get(const cl::Context& context, const cl::Device& device, const DeviceFacts& facts,
                                  const ProgramSource& source) const;
    // Where the binary of this program would lie.
    [[nodiscard]] std::filesystem::path file_of(const DeviceFacts& facts, const ProgramSource& source) const;

  private:
    std::filesystem::path folder_;
};

}  // namespace longscope::opencl
