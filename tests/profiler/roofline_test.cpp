// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels of a device under its roof, worked out by hand.
#include "profiler/roofline.h"

#include <gtest/gtest.h>

#include "tests/support/device_trace.h"

namespace longscope {
namespace {

TEST(Roofline, IsTheLesserOfPeakAndBandwidthTimesIntensity) {
    const DeviceRoof roof{"device", 100e9, 10e9};
    EXPECT_DOUBLE_EQ(roof.limit(2), 20e9);
    EXPECT_DOUBLE_EQ(roof.limit(10), 100e9);
    EXPECT_DOUBLE_EQ(roof.limit(1000), 100e9);
}

TEST(Roofline, PlacesEachKernelByItsPass) {
    const std::vector<DeviceKernel> kernels = device_kernels(both_passes_on_a_device());
    ASSERT_EQ(kernels.size(), 3U);
    EXPECT_EQ(kernels[0].name, "pack");
    EXPECT_DOUBLE_EQ(kernels[0].flops_per_byte(), 0);
    EXPECT_DOUBLE_EQ(kernels[0].bytes_per_s(), 5e9);
    EXPECT_EQ(kernels[1].name, "attend");
    ASSERT_EQ(kernels[1].launches.size(), 2U);
    EXPECT_EQ(kernels[1].duration_ns(), 4000);
    EXPECT_DOUBLE_EQ(kernels[1].flops_per_byte(), 2000);
    EXPECT_DOUBLE_EQ(kernels[1].flops_per_s(), 2e12);
    EXPECT_EQ(kernels[2].name, "attend_backward");
    EXPECT_DOUBLE_EQ(kernels[2].flops_per_byte(), 1000);
    EXPECT_DOUBLE_EQ(kernels[2].flops_per_s(), 2.25e12);
}

TEST(Roofline, OfATraceWithoutADeviceHasNoKernels) {
    Trace trace = both_passes_on_a_device();
    std::erase_if(trace.events, [](const TraceEvent& e) { return is_of_device(e.stream); });
    EXPECT_TRUE(device_kernels(trace).empty());
}

TEST(DeviceRoofs, AreReadFromTheEnvironmentOrLeftOut) {
    const std::vector<DeviceRoof> roofs =
        device_roofs(R"({"opencl": [{"name": "a", "peak_flops_per_s": 2e9, "read_bytes_per_s": 1e9, "driver": "1"}]})");
    ASSERT_EQ(roofs.size(), 1U);
    EXPECT_EQ(roofs[0].device, "a");
    EXPECT_DOUBLE_EQ(roofs[0].flops_per_s, 2e9);
    EXPECT_DOUBLE_EQ(roofs[0].bytes_per_s, 1e9);
    for (const char* other :
         {"", "{", "[]", "{}", R"({"opencl": {}})", R"({"opencl": [1]})", R"({"opencl": [{"name": "a"}]})",
          R"({"opencl": [{"name": "a", "peak_flops_per_s": 0, "read_bytes_per_s": 1}]})",
          R"({"opencl": [{"name": 1, "peak_flops_per_s": 1, "read_bytes_per_s": 1}]})"}) {
        EXPECT_TRUE(device_roofs(other).empty()) << other;
    }
}

}  // namespace
}  // namespace longscope
