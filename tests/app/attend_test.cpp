// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

#include "engine/base/bounded_file.h"
#include "engine/kernel/cpu/loop_order.h"
#include "engine/kernel/cpu/tile_variant.h"
#include "engine/tensor/tensor_file.h"
#include "tests/support/engine_process.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

AttentionCase small_case() {
    AttentionCase c;
    c.shape = {1, 4, 2, 24, 40, DType::float32};
    c.domain = {70, 110, {}};
    c.mask_json = R"({"window": {"left": 30, "right": 0}})";
    return c;
}

class AttendVerb : public testing::Test {
  protected:
    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& more = {},
                                                     const AttentionCase& c = small_case()) const {
        std::vector<std::string> all{"attend",      "--q",    file("q.npy"), "--k",   file("k.npy"), "--v",
                                     file("v.npy"), "--mask", c.mask_json,   "--out", file("o.npy")};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void expect_bad_input(const std::vector<std::string>& all, const std::string& part) {
        const EngineRun run = run_engine(all);
        EXPECT_EQ(run.code, exit_bad_input) << part;
        EXPECT_NE(run.error.find(part), std::string::npos) << run.error;
        EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
        EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
    }

    TemporaryFolder folder_;
};

TEST_F(AttendVerb, RefusesMasksThatDifferBetweenLayers) {
    AttentionCase c = small_case();
    (void)write_inputs(c, folder_.path().string(), "bhtd", ElementType::float32);
    c.mask_json = R"({"custom": {"expression": "k <= q - layer"}})";
    const EngineRun run = run_engine(arguments({}, c));
    EXPECT_EQ(run.code, exit_bad_input);
    EXPECT_NE(run.error.find("--mask: the mask differs from layer to layer"), std::string::npos) << run.error;
    EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
}

TEST_F(AttendVerb, EqualsTheReferenceInEveryLayoutAndType) {
    for (const char* layout : {"bhtd", "bthd", "htd", "thd"}) {
        for (const ElementType type :
             {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
            SCOPED_TRACE(std::string(layout) + " " + std::string(to_string(type)));
            const AttentionCase c = small_case();
            const AttentionInputs inputs = write_inputs(c, folder_.path().string(), layout, type);
            const ReferenceResult reference = reference_attention(c, inputs);
            const EngineRun run = run_engine(arguments({"--layout", layout, "--lse", file("lse.npy")}));
            ASSERT_EQ(run.code, exit_done) << run.error;
            const std::vector<float> output = read_npy_floats(file("o.npy"), layout);
            ASSERT_EQ(output.size(), reference.output.size());
            double squares = 0;
            double norm = 0;
            for (std::size_t i = 0; i < output.size(); ++i) {
                squares += std::pow(output[i] - reference.output[i], 2);
                norm += std::pow(reference.output[i], 2);
            }
            const double limit = type == ElementType::bfloat16 ? 8e-3 : type == ElementType::float16 ? 1e-3 : 1e-6;
            EXPECT_LE(std::sqrt(squares / norm), limit);
            const TensorFile lse(file("lse.npy"));
            const std::vector<std::int64_t> expected_shape{4, 70};
            EXPECT_TRUE(std::equal(expected_shape.rbegin(), expected_shape.rend(), lse.tensor().shape.rbegin()));
            std::vector<float> sums(reference.lse.size());
            to_float(ElementType::float32, lse.tensor().bytes, sums);
            for (std::size_t i = 0; i < sums.size(); ++i) {
                EXPECT_NEAR(sums[i], reference.lse[i], 1e-5);
            }
        }
    }
}

TEST_F(AttendVerb, MultipliesInFloat32WhenAskedToAndSaysWhatComputed) {
    const AttentionCase c = small_case();
    const AttentionInputs inputs = write_inputs(c, folder_.path().string(), "thd", ElementType::bfloat16);
    const ReferenceResult reference = reference_attention(c, inputs);
    const auto error = [&](const std::string& kernel, const std::vector<std::string>& more) {
        std::vector<std::string> all = arguments({"--layout", "thd", "--json", "--threads", "1"});
        all.insert(all.end(), more.begin(), more.end());
        const EngineRun run = run_engine(all);
        EXPECT_EQ(run.code, exit_done) << run.error;
        const Json report = parse_json(run.out, "report");
        EXPECT_EQ(report.at("input_types"), "bfloat16");
        EXPECT_EQ(report.at("kernel"), kernel);
        const std::vector<float> output = read_npy_floats(file("o.npy"), "thd");
        double squares = 0;
        double norm = 0;
        for (std::size_t i = 0; i < output.size(); ++i) {
            squares += std::pow(output[i] - reference.output[i], 2);
            norm += std::pow(reference.output[i], 2);
        }
        return std::sqrt(squares / norm);
    };
    const std::string best = cpu::choose_tile_variant(DType::bfloat16).name;
    const std::string float32 = cpu::choose_tile_variant(DType::float32).name;
    EXPECT_EQ(float32.rfind("float32 ", 0), 0U);
    EXPECT_LE(error("cpu, 1 thread, " + best, {}), 8e-3);
    EXPECT_LE(error("cpu, 1 thread, " + float32, {"--arithmetic", "float32"}), 1e-6);
    EXPECT_LE(error("reference, float64, 1 thread", {"--backend", "reference"}), 1e-7);
}

// A cache of keys and values in a shorter type than the queries is common.
TEST_F(AttendVerb, SaysInWhichOrderOfTheLoopsItComputed) {
    AttentionCase c = small_case();
    c.shape = {1, 2, 1, 16, 16, DType::float32};
    c.domain = {1024, 1024, {}};
    c.mask_json = R"({"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.125, "seed": 1}})";
    (void)write_inputs(c, folder_.path().string(), "bhtd", ElementType::float32);
    const EngineRun run = run_engine(arguments({}, c));
    ASSERT_EQ(run.code, exit_done) << run.error;
    EXPECT_NE(run.out.find("\ncomputed key-major, predicted to be "), std::string::npos) << run.out;
    c.mask_json = R"({"causal": {}})";
    const EngineRun ordinary = run_engine(arguments({"--json"}, c));
    ASSERT_EQ(ordinary.code, exit_done) << ordinary.error;
    EXPECT_EQ(parse_json(ordinary.out, "report")["computed"], Json::array({"query-major"}));

    ASSERT_EQ(setenv(cpu::order_variable, "key-major", 1), 0);
    const EngineRun asked = run_engine(arguments({"--json"}, c));
    ASSERT_EQ(setenv(cpu::order_variable, "sideways", 1), 0);
    const EngineRun refused = run_engine(arguments({}, c));
    ASSERT_EQ(unsetenv(cpu::order_variable), 0);
    ASSERT_EQ(asked.code, exit_done) << asked.error;
    EXPECT_EQ(parse_json(asked.out, "report")["computed"], Json::array({"key-major"}));
    EXPECT_EQ(refused.code, exit_bad_input);
    EXPECT_NE(
        refused.error.find("LONGSCOPE_CPU_ORDER: sideways is no order of loops; accepted: query-major, key-major"),
        std::string::npos)
        << refused.error;
}

TEST_F(AttendVerb, TakesTensorsOfDifferentTypesAsTheyAre) {
    const AttentionCase c = small_case();
    const AttentionInputs short_inputs = write_inputs(c, folder_.path().string(), "htd", ElementType::bfloat16);
    AttentionInputs inputs(c);
    inputs.keys = short_inputs.keys;
    inputs.values = short_inputs.values;
    write_npy(file("q.npy"), inputs.q(), "htd", ElementType::float32);
    const ReferenceResult reference = reference_attention(c, inputs);
    const EngineRun run = run_engine(arguments());
    ASSERT_EQ(run.code, exit_done) << run.error;
    EXPECT_NE(run.out.find("bfloat16 and float32 inputs; cpu, "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find(cpu::choose_tile_variant(DType::float32).name), std::string::npos) << run.out;
    const std::vector<float> output = read_npy_floats(file("o.npy"), "htd");
    for (std::size_t i = 0; i < output.size(); ++i) {
        ASSERT_NEAR(output[i], reference.output[i], 1e-5);
    }
}

TEST_F(AttendVerb, WritesSafetensorsInAnyTypeAndSaysWhatItDid) {
    (void)write_inputs(small_case(), folder_.path().string(), "htd");
    ASSERT_EQ(run_engine(arguments()).code, exit_done);
    const std::vector<float> output = read_npy_floats(file("o.npy"), "htd");
    std::vector<std::string> all = arguments({"--out-type", "bfloat16", "--json", "--scale", "0.20412414523193154"});
    all[10] = file("o.safetensors");
    const EngineRun run = run_engine(all);
    ASSERT_EQ(run.code, exit_done) << run.error;
    const Json report = parse_json(run.out, "report");
    EXPECT_EQ(report.at("shape"), Json({4, 70, 40}));
    EXPECT_EQ(report.at("pairs"), 70 * 31) << "every query stands 40 keys in";
    const TensorFile stored(file("o.safetensors") + ":o");
    EXPECT_EQ(stored.tensor().type, ElementType::bfloat16);
    std::vector<float> values(output.size());
    to_float(ElementType::bfloat16, stored.tensor().bytes, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_NEAR(values[i], output[i], std::abs(output[i]) / 256 + 1e-6);
    }
}

TEST_F(AttendVerb, DocumentsDivideTheSequence) {
    AttentionCase c = small_case();
    c.domain = {90, 90, {0, 20, 90}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    const AttentionInputs inputs = write_inputs(c, folder_.path().string(), "thd");
    ASSERT_EQ(run_engine(arguments({"--layout", "thd", "--documents", "20,70"}, c)).code, exit_done);
    const std::vector<float> output = read_npy_floats(file("o.npy"), "thd");
    const ReferenceResult reference = reference_attention(c, inputs);
    for (std::size_t i = 0; i < output.size(); ++i) {
        ASSERT_NEAR(output[i], reference.output[i], 1e-5);
    }
}

TEST_F(AttendVerb, SaysInOneLineWhatDoesNotFit) {
    (void)write_inputs(small_case(), folder_.path().string(), "htd");
    const auto with = [&](std::size_t index, const std::string& value) {
        std::vector<std::string> all = arguments();
        all[index] = value;
        return all;
    };
    expect_bad_input(with(2, file("none.npy")), "none.npy: cannot read: No such file");
    expect_bad_input(with(4, file("q.npy")), "--v: 2 heads do not fit those of --k; accepted: 4");
    expect_bad_input(with(6, file("q.npy")), "--v: 4 heads do not fit those of --k; accepted: 2");
    expect_bad_input(with(8, "{"), "--mask");
    expect_bad_input(with(10, file("o.bin")), "--out: ");
    expect_bad_input(with(10, file("q.npy")), "--out: " + file("q.npy") + " is one of the files that are read");
    expect_bad_input(arguments({"--layout", "bhtd"}), "--q: 4 x 70 x 24 has 3 dimensions; accepted: bhtd");
    expect_bad_input(arguments({"--layout", "hdt"}), "--layout: hdt is not a layout");
    expect_bad_input(arguments({"--documents", "30,40"}), "--documents: 30,40 cannot divide 70 queries and 110 keys");
    expect_bad_input(arguments({"--scale", "inf"}), "--scale: inf is not a factor");
    expect_bad_input(arguments({"--lse", file("o.npy")}), "--lse: ");
    expect_bad_input(arguments({"--backend", "gpu"}), "gpu");
    expect_bad_input(arguments({"--arithmetic", "int8"}), "--arithmetic: int8 is not a way to multiply; accepted: ");
    expect_bad_input(arguments({"--out-type", "int8"}), "--out-type: int8 is not a type of elements");
    const EngineRun run = run_engine(with(10, "/proc/none/o.npy"));
    EXPECT_EQ(run.code, exit_failed);
    EXPECT_NE(run.error.find("/proc/none/o.npy: cannot write"), std::string::npos) << run.error;
}

TEST_F(AttendVerb, AnInterruptLeavesNoFile) {
    // Minutes of work for the reference.
    AttentionCase c;
    c.shape = {1, 8, 1, 64, 64, DType::float32};
    c.domain = {8192, 8192, {}};
    c.mask_json = R"({"full": {}})";
    (void)write_inputs(c, folder_.path().string(), "htd");
    EngineProcess engine(arguments({"--backend", "reference"}, c));
    // It has begun when the file beside the output is there.
    const auto begun = [&] {
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            if (entry.path().filename().string().rfind("o.npy.tmp", 0) == 0) {
                return true;
            }
        }
        return false;
    };
    while (!begun()) {
        poll(nullptr, 0, 5);
    }
    engine.send_signal(SIGINT);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    EXPECT_FALSE(begun());
    EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
}

}  // namespace
}  // namespace longscope
