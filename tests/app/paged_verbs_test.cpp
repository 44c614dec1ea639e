// SPDX-License-Identifier: GPL-3.0-or-later
// attend and verify on keys and values in pages, and on values that are a part of the keys.
#include <gtest/gtest.h>

#include <fstream>

#include "engine/tensor/integer_array.h"
#include "tests/support/paged_tensor.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

constexpr std::int64_t page_tokens = 16;
constexpr std::int64_t keys = 110;  // six pages and a part of the seventh

class PagedVerbs : public testing::Test {
  protected:
    PagedVerbs() {
        problem_.shape = {1, 4, 2, 24, 40, DType::float32};
        problem_.domain = {3, keys, {}};
        problem_.mask_json = R"({"causal": {}})";
        write_inputs(ElementType::float32, false);
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

    // q.npy, k.npy and v.npy in pages, table.npy.
    void write_inputs(ElementType type, bool heads_first) {
        const AttentionInputs inputs = longscope::write_inputs(problem_, folder_.path().string(), "bhtd", type);
        reference_ = reference_attention(problem_, inputs);
        write_pages("k.npy", inputs.k(), type, heads_first);
        write_pages("v.npy", inputs.v(), type, heads_first);
    }

    void write_pages(const std::string& name, HeadMatrix<const float> tensor, ElementType type, bool heads_first) {
        PagedTensor paged(tensor, DType::float32, page_tokens, heads_first, 5);
        const PagedCache& cache = paged.cache();
        std::vector<std::int64_t> shape{cache.pages, page_tokens, cache.heads, cache.dim};
        if (heads_first) {
            std::swap(shape[1], shape[2]);
        }
        const std::span<const float> elements(static_cast<const float*>(cache.data),
                                              static_cast<std::size_t>(cache.pages * cache.page_stride));
        std::vector<std::byte> stored(elements.size() * static_cast<std::size_t>(size_bytes(type)));
        from_float(elements, type, stored);
        std::ofstream out(file(name), std::ios::binary);
        out << npy_header(shape, type);
        out.write(reinterpret_cast<const char*>(stored.data()), static_cast<std::streamsize>(stored.size()));
        write_table("table.npy", paged.table());
    }

    void write_table(const std::string& name, const std::vector<std::int32_t>& table) {
        std::ofstream out(file(name), std::ios::binary);
        IntegerArray({static_cast<std::int64_t>(table.size())}, table).write(out);
    }

    [[nodiscard]] std::vector<std::string> arguments(const std::string& verb,
                                                     const std::vector<std::string>& more) const {
        std::vector<std::string> all{
            verb,          "--q",    file("q.npy"),      "--k",          file("k.npy"),    "--v",
            file("v.npy"), "--mask", problem_.mask_json, "--page-table", file("table.npy")};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    [[nodiscard]] double output_error() const {
        const std::vector<float> output = read_npy_floats(file("o.npy"), "bhtd");
        double squares = 0.0;
        double norm = 0.0;
        for (std::size_t i = 0; i < output.size(); ++i) {
            squares += std::pow(double{output[i]} - reference_.output.at(i), 2);
            norm += std::pow(reference_.output[i], 2);
        }
        return output.size() == reference_.output.size() ? std::sqrt(squares / norm)
                                                         : std::numeric_limits<double>::infinity();
    }

    [[nodiscard]] std::vector<float> reference_output() const {
        return {reference_.output.begin(), reference_.output.end()};
    }

    void expect_bad_input(const std::vector<std::string>& more, const std::string& part) {
        const EngineRun run = run_engine(arguments("attend", more));
        EXPECT_EQ(run.code, exit_bad_input) << part;
        EXPECT_NE(run.error.find(part), std::string::npos) << run.error;
        EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
        EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
    }

    TemporaryFolder folder_;
    AttentionCase problem_;
    ReferenceResult reference_;
};

TEST_F(PagedVerbs, AttendEqualsTheReferenceInBothLayoutsAndEveryType) {
    for (const bool heads_first : {false, true}) {
        for (const ElementType type :
             {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
            SCOPED_TRACE(std::string(to_string(type)) + (heads_first ? " HND" : " NHD"));
            write_inputs(type, heads_first);
            const std::vector<std::string> pages{"--key-tokens", std::to_string(keys), "--page-layout",
                                                 heads_first ? "HND" : "NHD"};
            std::vector<std::string> all = pages;
            all.insert(all.end(), {"--out", file("o.npy")});
            const EngineRun run = run_engine(arguments("attend", all));
            ASSERT_EQ(run.code, exit_done) << run.error;
            EXPECT_LE(output_error(), type == ElementType::bfloat16 ? 8e-3 : 1e-3);
            all = pages;
            all.insert(all.end(), {"--o", file("o.npy"), "--rows", "all"});
            const EngineRun verified = run_engine(arguments("verify", all));
            EXPECT_EQ(verified.code, exit_done) << verified.out << verified.error;
        }
    }
}

TEST_F(PagedVerbs, VerifyFindsAnOutputOfOtherPages) {
    std::vector<std::string> all{"--key-tokens", std::to_string(keys)};
    all.insert(all.end(), {"--out", file("o.npy")});
    ASSERT_EQ(run_engine(arguments("attend", all)).code, exit_done);
    write_table("table.npy", {0, 1, 2, 3, 4, 5, 6});
    const EngineRun run =
        run_engine(arguments("verify", {"--key-tokens", std::to_string(keys), "--o", file("o.npy"), "--rows", "all"}));
    EXPECT_EQ(run.code, exit_failed) << run.out;
}

TEST_F(PagedVerbs, EachBatchItemHasItsRowOfTheTable) {
    // The same queries over two sequences, of which the second has its pages the other way round.
    const AttentionInputs inputs(problem_);
    std::ofstream q(file("q.npy"), std::ios::binary);
    q << npy_header({2, 4, 3, 24}, ElementType::float32);
    for (int item = 0; item < 2; ++item) {
        q.write(reinterpret_cast<const char*>(inputs.queries.data()),
                static_cast<std::streamsize>(inputs.queries.size() * sizeof(float)));
    }
    q.close();
    PagedTensor paged(inputs.k(), DType::float32, page_tokens, false, 5);
    std::vector<std::int32_t> two(paged.table().begin(), paged.table().begin() + 6);
    two.insert(two.end(), {two[5], two[4], two[3], two[2], two[1], two[0]});
    {
        std::ofstream out(file("table.npy"), std::ios::binary);
        IntegerArray({2, 6}, two).write(out);
    }
    problem_.mask_json = R"({"full": {}})";
    const EngineRun run = run_engine(arguments("attend", {"--out", file("o.npy")}));
    ASSERT_EQ(run.code, exit_done) << run.error;
    const MappedFile stored(file("o.npy"));
    const StoredTensor output = read_npy(stored.bytes(), "o.npy");
    std::vector<float> values(2 * 4 * 3 * 40);
    to_float(output.type, output.bytes, values);
    for (std::size_t i = 0; i < values.size() / 2; ++i) {
        EXPECT_NEAR(values[i], values[values.size() / 2 + i], 1e-5) << "all keys are seen, in whatever order";
    }
}

TEST_F(PagedVerbs, ValuesMayBeTheFirstElementsOfTheKeys) {
    AttentionInputs inputs(problem_);
    std::vector<float> values;
    for (std::int64_t i = 0; i < 2 * keys; ++i) {
        values.insert(values.end(), inputs.keys.begin() + i * 24, inputs.keys.begin() + i * 24 + 16);
    }
    problem_.shape.head_dim_v = 16;
    AttentionInputs latent(problem_);
    latent.values = values;
    reference_ = reference_attention(problem_, latent);
    std::vector<std::string> all =
        arguments("attend", {"--key-tokens", std::to_string(keys), "--v-dim", "16", "--out", file("o.npy")});
    std::replace(all.begin(), all.end(), file("v.npy"), file("k.npy"));
    const EngineRun run = run_engine(all);
    ASSERT_EQ(run.code, exit_done) << run.error;
    EXPECT_LE(output_error(), 1e-6);
}

TEST_F(PagedVerbs, HaveNoGradients) {
    write_npy(file("dout.npy"), {reference_output().data(), 4, 3, 40}, "bhtd");
    const EngineRun run = run_engine(arguments("attend", {"--key-tokens", std::to_string(keys), "--out", file("o.npy"),
                                                          "--dout", file("dout.npy"), "--dq", file("dq.npy")}));
    EXPECT_EQ(run.code, exit_bad_input) << run.error;
    EXPECT_NE(run.error.find("--dout: pages are shared by sequences"), std::string::npos) << run.error;
    EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    EXPECT_FALSE(std::filesystem::exists(file("dq.npy")));
}

TEST_F(PagedVerbs, BadInputIsOneLine) {
    const std::vector<std::string> out{"--out", file("o.npy")};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), out.begin(), out.end());
        return more;
    };
    expect_bad_input(with({"--key-tokens", "161"}), "--page-table: 10 pages of 16 tokens do not hold 161 tokens");
    expect_bad_input(with({"--page-layout", "DHN"}), "--page-layout: DHN");
    expect_bad_input(with({"--v-dim", "41"}), "--v-dim: 41 is more than a row of --v has; accepted: 1 to 40");
    write_table("table.npy", {0, 1, 10});
    expect_bad_input(out, "--page-table[2]: 10 is no page of the cache; accepted: 0 to 9");
    {
        std::ofstream stream(file("table.npy"), std::ios::binary);
        IntegerArray({2, 1}, std::vector<std::int32_t>{0, 1}).write(stream);
    }
    expect_bad_input(out, "--page-table: 2 x 1 is not a table of pages");
    write_table("table.npy", {0, 1});
    std::ofstream(file("v.npy"), std::ios::binary)
        << npy_header({1, 2, 2, 40}, ElementType::float32) << std::string(2 * 2 * 40 * 4, '\0');
    expect_bad_input(with({"--key-tokens", "2"}), "--v: pages of 2 tokens do not fit those of --k; accepted: 16");
    std::ofstream(file("v.npy"), std::ios::binary)
        << npy_header({2, 2, 40}, ElementType::float32) << std::string(2 * 2 * 40 * 4, '\0');
    expect_bad_input(out, "--v: 2 x 2 x 40 has 3 dimensions; accepted: NHD");
}

}  // namespace
}  // namespace longscope
