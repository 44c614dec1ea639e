// SPDX-License-Identifier: GPL-3.0-or-later
// Which OpenCL devices a word stands for.
#include <gtest/gtest.h>

#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/sub_groups.h"
#include "tests/support/expect_error.h"

namespace longscope::opencl {
namespace {

DeviceFacts device(std::int64_t index, const char* name, const char* platform, DeviceType type) {
    DeviceFacts facts;
    facts.index = index;
    facts.name = name;
    facts.platform = platform;
    facts.type = type;
    facts.compiler = true;
    return facts;
}

class Devices : public ::testing::Test {
  protected:
    [[nodiscard]] std::vector<std::size_t> chosen(const char* asked) const {
        return chosen_devices(devices_, asked, "the field");
    }

    std::vector<DeviceFacts> devices_{device(0, "pthread-zen", "Portable Computing Language", DeviceType::processor),
                                      device(1, "Small GPU", "Vendor A", DeviceType::gpu),
                                      device(2, "Large GPU", "Vendor B", DeviceType::gpu)};
    using Places = std::vector<std::size_t>;
};

TEST_F(Devices, ANumberIsAPlaceInTheList) {
    EXPECT_EQ(chosen("0"), Places{0});
    EXPECT_EQ(chosen("2"), Places{2});
}

TEST_F(Devices, ATypeStandsForAllOfIt) {
    EXPECT_EQ(chosen("cpu"), Places{0});
    EXPECT_EQ(chosen("GPU"), (Places{1, 2}));
}

TEST_F(Devices, APartOfANameOrPlatformInAnyCase) {
    EXPECT_EQ(chosen("large"), Places{2});
    EXPECT_EQ(chosen("portable"), Places{0});
    EXPECT_EQ(chosen("vendor"), (Places{1, 2}));
}

TEST_F(Devices, NothingAskedIsOneDeviceOfTheBestTypeThatCanBeUsed) {
    EXPECT_EQ(chosen(""), Places{1});
    devices_[1].compiler = false;
    EXPECT_EQ(chosen(""), Places{2});
    devices_[2].compiler = false;
    EXPECT_EQ(chosen(""), Places{0});
    EXPECT_TRUE(chosen_devices({}, "", "the field").empty());
}

TEST_F(Devices, AnythingElseIsRefusedWithTheList) {
    for (const char* asked : {"3", "tpu", "accelerator", "-1"}) {
        expect_error(ErrorKind::bad_input, {"the field", asked, "0 pthread-zen", "2 Large GPU"},
                     [&] { static_cast<void>(chosen(asked)); });
    }
}

TEST_F(Devices, ADeviceWithoutACompilerSaysSo) {
    EXPECT_EQ(why_unusable(devices_[0]), "");
    devices_[0].compiler = false;
    EXPECT_NE(why_unusable(devices_[0]).find("pthread-zen has no compiler"), std::string::npos);
}

TEST_F(Devices, SayWhatTheyAreUsedWithout) {
    DeviceFacts& gpu = devices_[1];
    EXPECT_NE(used_without(gpu).find("no cl_khr_subgroup_shuffle"), std::string::npos);
    EXPECT_NE(used_without(gpu).find("no cl_khr_fp16"), std::string::npos);
    EXPECT_EQ(used_without(devices_[0]).find("subgroup"), std::string::npos) << "a processor has no use for them";
    gpu.sub_group_shuffle = true;
    gpu.float16 = true;
    EXPECT_EQ(used_without(gpu), "");
}

// Work-items reach those whose numbers differ in one of the four lowest bits; 16 of them compute a row.
TEST(SubGroups, OfSixteenNeighboursAreUsedAndOthersAreNot) {
    const auto reached = [](std::uint32_t lanes, std::uint32_t stride) {
        std::vector<std::uint32_t> all;
        for (std::uint32_t item = 0; item < 128; ++item) {
            for (std::uint32_t bit = 0; bit < 4; ++bit) {
                // Beyond its sub-group of so many lanes an item reaches itself.
                const std::uint32_t other = item ^ (stride << bit);
                all.push_back(other / lanes == item / lanes ? other : item);
            }
        }
        return all;
    };
    for (const std::uint32_t lanes : {16U, 32U, 64U, 128U}) {
        EXPECT_TRUE(are_neighbours(reached(lanes, 1))) << lanes;
    }
    EXPECT_FALSE(are_neighbours(reached(8, 1)));
    EXPECT_FALSE(are_neighbours(reached(128, 8))) << "sub-groups of every eighth item";
    EXPECT_FALSE(are_neighbours({}));
}

TEST(SubGroups, AreNotAskedForWhereTheDeviceSaysThatItHasNone) {
    ASSERT_FALSE(device_facts().empty()) << why_no_device();
    const std::size_t place = device_of_rank({});
    Session session(place, {1, {}, {}, 0});
    const std::string reason = why_no_sub_groups(session);
    EXPECT_EQ(reason == "no cl_khr_subgroup_shuffle", !device_facts()[place].sub_group_shuffle) << reason;
}

TEST(DevicesOfThisMachine, HaveWhatMattersToAKernel) {
    ASSERT_FALSE(device_facts().empty()) << why_no_device();
    std::int64_t index = 0;
    for (const DeviceFacts& facts : device_facts()) {
        EXPECT_EQ(facts.index, index++);
        EXPECT_FALSE(facts.name.empty());
        EXPECT_FALSE(facts.driver.empty());
        EXPECT_GT(facts.compute_units, 0);
        EXPECT_GT(facts.memory_bytes, 0);
        EXPECT_GT(facts.largest_allocation_bytes, 0);
    }
    EXPECT_EQ(why_no_kernel(), "");
}

}  // namespace
}  // namespace longscope::opencl
