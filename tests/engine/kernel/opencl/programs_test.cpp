// SPDX-License-Identifier: GPL-3.0-or-later
// Programs are built once, and again whenever what is kept of them is not what it should be.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/bounded_file.h"
#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/program.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace longscope::opencl {
namespace {

constexpr std::int64_t most_bytes = std::int64_t{1} << 26;

class Programs : public ::testing::Test {
  protected:
    Programs()
        : place_(device_of_rank({})),
          facts_(device_list().facts[place_]),
          device_(device_list().devices[place_]),
          context_(device_) {}

    static ProgramSource source(const char* tile) {
        return {{"elements.cl", "lanes.cl", "wide_packing.cl"},
                {{"INPUT", "0"}, {"DIM", "2"}, {"DIM_PADDED", "4"}, {"TILE", tile}}};
    }
    [[nodiscard]] cl::Program get(const ProgramSource& of) const {
        return ProgramCache(folder_.path()).get(context_, device_, facts_, of);
    }
    [[nodiscard]] std::filesystem::path file(const ProgramSource& of) const {
        return ProgramCache(folder_.path()).file_of(facts_, of);
    }
    [[nodiscard]] std::string kept() const { return read_bounded_file(file(source("32")), most_bytes); }

    // One tile of one row, (5, 7), as a panel: element by element, 32 rows side by side.
    void expect_it_packs(const cl::Program& program) const {
        const cl::CommandQueue queue(context_, device_);
        cl::Kernel kernel(program, "pack_panels");
        const cl::Buffer from(context_, CL_MEM_READ_WRITE, 2 * sizeof(float));
        const cl::Buffer to(context_, CL_MEM_READ_WRITE, 4 * 32 * sizeof(float));
        const std::vector<float> row{5, 7};
        queue.enqueueWriteBuffer(from, CL_TRUE, 0, 2 * sizeof(float), row.data());
        set_arguments(kernel, 0, from, cl_ulong{2}, cl_ulong{2}, cl_int{0}, cl_int{1}, to);
        queue.enqueueNDRangeKernel(kernel, cl::NullRange, cl::NDRange(1, 1), cl::NDRange(1, 1));
        std::vector<float> packed(4 * 32);
        queue.enqueueReadBuffer(to, CL_TRUE, 0, packed.size() * sizeof(float), packed.data());
        std::vector<float> expected(4 * 32, 0.0F);
        expected[0] = 5;
        expected[32] = 7;
        EXPECT_EQ(packed, expected);
    }

    TemporaryFolder folder_;
    std::size_t place_;
    DeviceFacts facts_;
    cl::Device device_;
    cl::Context context_;
};

TEST_F(Programs, AreKeptAndUsedAgain) {
    expect_it_packs(get(source("32")));
    const std::string first = kept();
    EXPECT_EQ(first.rfind("longscope opencl program 1\n", 0), 0U);
    const auto written = std::filesystem::last_write_time(file(source("32")));
    expect_it_packs(get(source("32")));
    EXPECT_EQ(std::filesystem::last_write_time(file(source("32"))), written) << "it was built again";
}

TEST_F(Programs, OfOtherDefinesSourcesAndDriversAreOthers) {
    ProgramSource other_files = source("32");
    other_files.files.emplace_back("speed.cl");
    DeviceFacts newer = facts_;
    newer.driver += ".1";
    const auto own = file(source("32"));
    EXPECT_NE(own, file(source("64")));
    EXPECT_NE(own, file(other_files));
    EXPECT_NE(own, ProgramCache(folder_.path()).file_of(newer, source("32")));
}

TEST_F(Programs, AreBuiltAgainWhereTheFileIsDamaged) {
    expect_it_packs(get(source("32")));
    const std::string whole = kept();
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
    std::string stale = whole;
    stale.replace(stale.find(facts_.driver), facts_.driver.size(), std::string(facts_.driver.size(), 'x'));
    for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() - 1), whole.substr(0, 40), flipped,
                                       stale, std::string(1000, '\0')}) {
        write_file_atomically(file(source("32")), damaged);
        expect_it_packs(get(source("32")));
        EXPECT_NE(kept(), damaged);
        EXPECT_GT(kept().size(), 1000U);
    }
}

TEST_F(Programs, AreBuiltWhereNothingCanBeKept) {
    const std::filesystem::path not_a_folder = folder_.path() / "file";
    write_file_atomically(not_a_folder, "x");
    expect_it_packs(ProgramCache(not_a_folder).get(context_, device_, facts_, source("32")));
    expect_it_packs(ProgramCache({}).get(context_, device_, facts_, source("32")));
}

TEST_F(Programs, ThatDoNotBuildShowWhatTheCompilerSays) {
    ProgramSource broken = source("32");
    broken.defines.emplace_back("pack_rows", "nothing_like_a_kernel(");
    expect_error(ErrorKind::failed, {"opencl: the kernels do not build for ", "error"},
                 [&] { static_cast<void>(get(broken)); });
    EXPECT_FALSE(std::filesystem::exists(file(broken)));
}

}  // namespace
}  // namespace longscope::opencl
