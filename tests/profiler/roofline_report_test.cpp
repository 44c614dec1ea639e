// SPDX-License-Identifier: GPL-3.0-or-later
// What is said of kernels under their roof.
#include "profiler/roofline_report.h"

#include <gtest/gtest.h>

#include "tests/support/device_trace.h"

namespace longscope {
namespace {

TEST(RooflineReport, TellsWhatAKernelReachedOfItsRoof) {
    const KernelsUnderRoof shown = kernels_under_roof(both_passes_on_a_device(), environment_with_a_device);
    EXPECT_EQ(shown.missing(), "");
    ASSERT_EQ(shown.kernels.size(), 3U);
    // The rate of reading is 10 GB/s, under 2,000 and 1,000 FLOP/byte the peak of 4 TFLOP/s is less.
    EXPECT_DOUBLE_EQ(shown.share(shown.kernels[0]).value(), 0.5) << "5 of 10 GB/s: it computes nothing";
    EXPECT_DOUBLE_EQ(shown.share(shown.kernels[1]).value(), 0.5) << "2 of 4 TFLOP/s";
    EXPECT_DOUBLE_EQ(shown.share(shown.kernels[2]).value(), 2.25 / 4);
    EXPECT_EQ(kernel_text(shown, shown.kernels[0]), "pack: 1 launch, 200 ns, memory 5.0 GB/s, 50.0 % of the roof");
    EXPECT_EQ(kernel_text(shown, shown.kernels[1]),
              "attend: 2 launches, 4.00 us, 2000.0 FLOP/byte, 2.00 TFLOP/s, memory 1.0 GB/s, 50.0 % of the roof");
    EXPECT_EQ(kernels_csv(shown),
              "kernel,launches,duration_ns,flops,bytes,flops_per_byte,flops_per_s,bytes_per_s,share_of_roof\n"
              "pack,1,200,0,1000,0,0,5000000000,0.5\n"
              "attend,2,4000,8000000,4000,2000,2000000000000,1000000000,0.5\n"
              "attend_backward,1,4000,9000000,9000,1000,2250000000000,2250000000,0.5625\n");
}

TEST(RooflineReport, PlacesWhatComputesAndTellsOfTheRestInWords) {
    const RooflinePicture picture =
        roofline_picture(kernels_under_roof(both_passes_on_a_device(), environment_with_a_device), "title");
    ASSERT_EQ(picture.kernels.size(), 2U);
    EXPECT_EQ(picture.kernels[0].launches.size(), 2U);
    EXPECT_DOUBLE_EQ(picture.kernels[0].all.flops_per_byte, 2000);
    EXPECT_DOUBLE_EQ(picture.kernels[0].all.flops_per_s, 2e12);
    EXPECT_NE(picture.caption.find("pack moves 5.0 GB/s"), std::string::npos) << picture.caption;
    EXPECT_NE(picture.caption.find("Example device"), std::string::npos) << picture.caption;
}

TEST(RooflineReport, SaysWhyThereIsNoPicture) {
    EXPECT_EQ(kernels_under_roof({}, environment_with_a_device).missing(), "no device computed in this run");
    const KernelsUnderRoof without = kernels_under_roof(both_passes_on_a_device(), "{}");
    EXPECT_EQ(without.missing(), "the run does not tell of one device what it does at most");
    EXPECT_FALSE(without.share(without.kernels[1]).has_value());
    EXPECT_EQ(kernel_text(without, without.kernels[0]), "pack: 1 launch, 200 ns, memory 5.0 GB/s");
    const KernelsUnderRoof two =
        kernels_under_roof(both_passes_on_a_device(),
                           R"({"opencl": [{"name": "a", "peak_flops_per_s": 1, "read_bytes_per_s": 1},
                       {"name": "b", "peak_flops_per_s": 1, "read_bytes_per_s": 1}]})");
    EXPECT_FALSE(two.roof.has_value()) << "ranks had different devices";
}

}  // namespace
}  // namespace longscope
