// SPDX-License-Identifier: GPL-3.0-or-later
// The opencl backend from the command line: with the devices that there are, with a wrong choice, with none.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "engine/kernel/opencl/tile_tuning.h"
#include "storage/bench_store.h"
#include "storage/tile_choices.h"
#include "tests/support/attention_case.h"
#include "tests/support/engine_process.h"
#include "tests/support/sample_bench.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

constexpr auto layout = "htd";

class OpenCl : public ::testing::Test {
  protected:
    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    [[nodiscard]] EngineEnd run(const std::vector<std::string>& arguments,
                                EngineProcess::Environment environment = {}) const {
        environment.emplace_back("LONGSCOPE_CACHE_FOLDER", file("cache"));
        return run_engine_process(arguments, environment);
    }
    [[nodiscard]] std::vector<std::string> attend(const std::string& backend, const std::string& out) const {
        return {"attend",      "--q",    file("q.npy"),       "--k",       file("k.npy"), "--v",
                file("v.npy"), "--mask", R"({"causal": {}})", "--backend", backend,       "--out",
                file(out)};
    }
    void write_inputs() const {
        AttentionCase c;
        c.shape = {1, 4, 2, 24, 40, DType::float32};
        c.domain = {70, 110, {}};
        static_cast<void>(longscope::write_inputs(c, folder_.path().string(), layout));
    }
    // A folder without a description of a platform.
    [[nodiscard]] EngineProcess::Environment no_platform() const {
        std::filesystem::create_directories(file("vendors"));
        return {{"OCL_ICD_VENDORS", file("vendors")}};
    }

    TemporaryFolder folder_;
};

TEST_F(OpenCl, DevicesAreListedWithWhatWasMeasured) {
    const EngineEnd end = run({"devices", "--json"});
    ASSERT_EQ(end.status.code, 0) << end.text();
    std::string text;
    for (const std::string& line : end.out) {
        text += line + "\n";
    }
    const Json devices = parse_json(text, "output")["opencl"];
    ASSERT_FALSE(devices.empty());
    for (const Json& device : devices) {
        EXPECT_GT(device["compute_units"], 0);
        if (!device.contains("refusal")) {
            EXPECT_GT(device["peak_flops_per_s"], 0.0);
            EXPECT_GT(device["read_bytes_per_s"], 0.0);
        }
    }
}

TEST_F(OpenCl, DevicesSayWhetherTheirTilesAreTuned) {
    ASSERT_FALSE(opencl::device_facts().empty());
    const opencl::DeviceFacts& facts = opencl::device_facts().front();
    const EngineProcess::Environment here{{"LONGSCOPE_DATA_FOLDER", folder_.path().string()}};
    const auto tiles = [&] {
        const EngineEnd end = run({"devices", "--json"}, here);
        std::string text;
        for (const std::string& line : end.out) {
            text += line + "\n";
        }
        return parse_json(text, "output")["opencl"][0]["tiles"].get<std::string>();
    };
    EXPECT_EQ(tiles(), "default");
    BenchRecord record = sample_bench();
    record.uuid.clear();
    record.kind = tile_bench_kind;
    const opencl::ShapeClass of{opencl::Design::wide, opencl::Pass::forward, 64};
    const opencl::TileShape other = opencl::tile_candidates(of, facts).back();
    record.settings = tile_choices_json({{opencl::device_key(facts), of, other}}).dump();
    Database database(folder_.path() / "results.db");
    store_bench(database, record);
    EXPECT_EQ(tiles(), "tuned");
    // With them the same is computed.
    write_inputs();
    ASSERT_EQ(run(attend("opencl", "o.npy"), here).status.code, 0);
    const EngineEnd end = run({"verify", "--q", file("q.npy"), "--k", file("k.npy"), "--v", file("v.npy"), "--mask",
                               R"({"causal": {}})", "--o", file("o.npy")});
    EXPECT_EQ(end.status.code, 0) << end.text();
}

TEST_F(OpenCl, WithoutAPlatformTheOtherBackendsAreUnharmed) {
    const EngineEnd devices = run({"devices"}, no_platform());
    EXPECT_EQ(devices.status.code, 0) << devices.text();
    EXPECT_NE(devices.out.back().find("no OpenCL platform"), std::string::npos) << devices.out.back();
    write_inputs();
    EXPECT_EQ(run(attend("cpu", "o.npy"), no_platform()).status.code, 0);
    const EngineEnd end = run(attend("opencl", "p.npy"), no_platform());
    EXPECT_EQ(end.status.code, 2) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("no OpenCL platform"), std::string::npos) << end.error[0];
    EXPECT_FALSE(std::filesystem::exists(file("p.npy")));
}

TEST_F(OpenCl, ADeviceThatIsNotThereIsRefusedWithThoseThatAre) {
    write_inputs();
    const EngineEnd end = run(attend("opencl", "o.npy"), {{"LONGSCOPE_OPENCL_DEVICE", "no such device"}});
    EXPECT_EQ(end.status.code, 2) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("LONGSCOPE_OPENCL_DEVICE: no such device is no OpenCL device"), std::string::npos)
        << end.error[0];
}

TEST_F(OpenCl, ComputesWhatTheReferenceComputesAndKeepsItsPrograms) {
    write_inputs();
    ASSERT_EQ(run(attend("opencl", "o.npy")).status.code, 0);
    EXPECT_FALSE(std::filesystem::is_empty(file("cache/kernels")));
    const EngineEnd end = run({"verify", "--q", file("q.npy"), "--k", file("k.npy"), "--v", file("v.npy"), "--mask",
                               R"({"causal": {}})", "--o", file("o.npy")});
    EXPECT_EQ(end.status.code, 0) << end.text();
}

}  // namespace
}  // namespace longscope
