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
#include "tests/support/sanitized.h"
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

TEST_F(OpenCl, TuningRefusesADesignAndADeviceThatAreNotThere) {
    for (const auto& [name, part] : std::vector<std::pair<const char*, const char*>>{
             {"LONGSCOPE_OPENCL_DESIGN",
              "LONGSCOPE_OPENCL_DESIGN: none is no design of kernels; accepted: wide, tiled"},
             {"LONGSCOPE_OPENCL_DEVICE", "LONGSCOPE_OPENCL_DEVICE: none is no OpenCL device"}}) {
        const EngineEnd end = run({"devices", "--tune"}, {{name, "none"}, {"LONGSCOPE_DATA_FOLDER", file("data")}});
        EXPECT_EQ(end.status.code, 2) << end.text();
        ASSERT_EQ(end.error.size(), 1U) << end.text();
        EXPECT_NE(end.error[0].find(part), std::string::npos) << end.error[0];
    }
}

// A driver that crashes takes the process that asks it along, and that is none that anybody needs.
class OpenClDriver : public OpenCl {
  protected:
    [[nodiscard]] EngineEnd run_with(const char* fault, const std::vector<std::string>& arguments) const {
        return run(arguments, {{"LD_PRELOAD", LONGSCOPE_BINARY_DIR "/lib/libopencl_faults.so"},
                               {"LONGSCOPE_TEST_OPENCL_FAULT", fault},
                               {"LONGSCOPE_OPENCL_WATCHDOG", "1"},
                               {"LONGSCOPE_DATA_FOLDER", file("data")}});
    }
    [[nodiscard]] EngineEnd devices_with(const char* fault) const { return run_with(fault, {"devices", "--json"}); }
    static void expect_one_line(const EngineEnd& end, const std::string& begin, const std::string& part) {
        EXPECT_EQ(end.status.code, 3) << end.text();
        EXPECT_EQ(end.status.signal, 0);
        EXPECT_TRUE(end.out.empty()) << end.text();
        ASSERT_EQ(end.error.size(), 1U) << end.text();
        EXPECT_TRUE(end.error[0].starts_with("longscope-engine: " + begin)) << end.error[0];
        EXPECT_NE(end.error[0].find(part), std::string::npos) << end.error[0];
    }
    [[nodiscard]] static Json printed(const EngineEnd& end) {
        std::string text;
        for (const std::string& line : end.out) {
            text += line + "\n";
        }
        return parse_json(text, "output");
    }
    void SetUp() override {
        if (sanitizer_slowdown > 1) {
            GTEST_SKIP() << "a sanitizer wants to be loaded before anything else";
        }
    }
};

TEST_F(OpenClDriver, ThatCrashesWhenDevicesAreLookedForIsSaidInOneLine) {
    const EngineEnd end = devices_with("clGetPlatformIDs abort 0");
    ASSERT_EQ(end.status.code, 0) << end.text();
    const Json json = printed(end);
    EXPECT_TRUE(json["opencl"].empty());
    for (const Json& backend : json["backends"]) {
        if (backend["name"] == "opencl") {
            EXPECT_EQ(backend["runs_on"]["float32"],
                      "opencl: the process that looks for devices was ended by signal 6");
        }
    }
}

TEST_F(OpenClDriver, ThatDoesNotAnswerIsNotWaitedForWithoutEnd) {
    const EngineEnd end = devices_with("clGetPlatformIDs hang 0");
    ASSERT_EQ(end.status.code, 0) << end.text();
    EXPECT_NE(printed(end).dump().find("gave no answer within 6 s"), std::string::npos);
}

TEST_F(OpenClDriver, ThatCrashesWhenADeviceIsMeasuredLeavesWhatIsKnownOfIt) {
    const EngineEnd end = devices_with("clEnqueueNDRangeKernel abort 0");
    ASSERT_EQ(end.status.code, 0) << end.text();
    const Json json = printed(end);
    ASSERT_FALSE(json["opencl"].empty());
    for (const Json& device : json["opencl"]) {
        EXPECT_GT(device["compute_units"], 0);
        EXPECT_FALSE(device.contains("peak_flops_per_s"));
        EXPECT_NE(device["refusal"].get<std::string>().find("was ended by signal 6"), std::string::npos) << device;
    }
}

TEST_F(OpenClDriver, ThatCrashesIsOneLineOfABenchToo) {
    const EngineEnd end = run({"bench", "attention", "--backend", "opencl", "--db", file("r.db")},
                              {{"LD_PRELOAD", LONGSCOPE_BINARY_DIR "/lib/libopencl_faults.so"},
                               {"LONGSCOPE_TEST_OPENCL_FAULT", "clGetPlatformIDs abort 0"}});
    EXPECT_EQ(end.status.code, 3) << end.text();
    EXPECT_EQ(end.status.signal, 0);
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_EQ(end.error[0], "longscope-engine: opencl: the process that looks for devices was ended by signal 6");
}

TEST_F(OpenClDriver, ThatCrashesOrHangsIsOneLineOfTuningAndNothingIsStored) {
    for (const auto& [fault, part] : std::vector<std::pair<const char*, const char*>>{
             {"clGetPlatformIDs abort 0", "the process that looks for devices was ended by signal 6"},
             {"clGetPlatformIDs hang 0", "the process that looks for devices gave no answer within 6 s"}}) {
        SCOPED_TRACE(fault);
        expect_one_line(run_with(fault, {"devices", "--tune"}), "opencl: ", part);
        EXPECT_FALSE(std::filesystem::exists(file("data/results.db")));
    }
    for (const auto& [fault, part] : std::vector<std::pair<const char*, const char*>>{
             {"clEnqueueNDRangeKernel abort 20", "the process that times tiles of"},
             {"clBuildProgram abort 1", "was ended by signal 6"},
             {"clBuildProgram hang 1", "gave no answer within 6 s"},
             {"clEnqueueNDRangeKernel hang 20", "did not end within"}}) {
        SCOPED_TRACE(fault);
        std::filesystem::remove_all(file("cache"));
        expect_one_line(run_with(fault, {"devices", "--tune"}), "", part);
        Database database(file("data/results.db"), OpenMode::read_only);
        EXPECT_TRUE(stored_tile_choices(database).empty());
    }
}

TEST_F(OpenClDriver, ThatCrashesOrHangsWhenItIsLookedForIsOneLineOfAttendAndLeavesNoFile) {
    write_inputs();
    for (const auto& [fault, part] :
         std::vector<std::pair<const char*, const char*>>{{"clGetPlatformIDs abort 0", "was ended by signal 6"},
                                                          {"clGetPlatformIDs hang 0", "gave no answer within 6 s"}}) {
        SCOPED_TRACE(fault);
        expect_one_line(run_with(fault, attend("opencl", "o.npy")), "opencl: ", part);
        EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
        EXPECT_EQ(run_with(fault, attend("cpu", "p.npy")).status.code, 0);
    }
}

}  // namespace
}  // namespace longscope
