// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of other libraries on the command line: converting them, comparing them, and computing with them.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "engine/base/bounded_file.h"
#include "engine/base/json.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/tensor/integer_array.h"
#include "tests/support/paths.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

const std::string causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";
const std::string window_documents = R"({"and": [{"window": {"left": 16, "right": 0}}, {"documents": {}}]})";

class MaskFormatsVerb : public testing::Test {
  protected:
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    static EngineRun run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "mask");
        return run_engine(arguments);
    }
    static EngineRun expect_done(const std::vector<std::string>& arguments) {
        EngineRun done = run(arguments);
        EXPECT_EQ(done.code, exit_done) << done.error;
        return done;
    }
    static void expect_bad_input(const std::vector<std::string>& arguments, const std::string& part) {
        const EngineRun refused = run(arguments);
        EXPECT_EQ(refused.code, exit_bad_input) << part;
        EXPECT_NE(refused.error.find(part), std::string::npos) << refused.error << "is not: " << part;
        EXPECT_EQ(std::count(refused.error.begin(), refused.error.end(), '\n'), 1) << refused.error;
    }
    void write_array(const std::string& name, const IntegerArray& array) const {
        std::ofstream file(path(name), std::ios::binary);
        array.write(file);
    }
    void write_text(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

    TemporaryFolder folder_;
};

TEST_F(MaskFormatsVerb, OneMaskEnteredInThreeFormatsIsEqual) {
    expect_done({"convert", "--mask", window_documents, "--documents", "96,160", "--to", "varlen", "-o", path("v")});
    expect_done({"convert", path("v"), "--to", "slices", "-o", path("s")});
    expect_done({"convert", "--mask", path("s"), "--to", "flashmask", "-o", path("f")});
    for (const char* a : {"v", "s", "f"}) {
        for (const char* b : {"v", "s", "f"}) {
            const EngineRun same = expect_done({"diff", path(a), path(b)});
            EXPECT_NE(same.out.find("\nequal\n"), std::string::npos) << same.out;
        }
        EXPECT_EQ(run({"diff", path(a), window_documents, "--documents", "96,160"}).code, exit_done);
    }
    const EngineRun stats = expect_done({"stats", path("f"), "--json"});
    const Json document = parse_json(stats.out, "stats");
    EXPECT_EQ(document.at("mask"), (Json{{"format", "flashmask"}, {"path", path("f")}}));
    EXPECT_EQ(document.at("pairs"), 96 * 17 - 16 * 17 / 2 + 160 * 17 - 16 * 17 / 2);
    expect_done({"render", path("s"), "-o", path("s.svg")});
}

TEST_F(MaskFormatsVerb, EveryFormatIsWrittenAndWhatIsReadIsEqual) {
    for (const MaskFormat& format : mask_formats()) {
        const std::string name(format.name);
        expect_done({"convert", "--mask", R"({"documents": {}})", "--documents", "64,64", "--to", name, "-o",
                     path(name), "--q-block", "32", "--k-block", "32"});
        if (format.read != nullptr) {
            EXPECT_EQ(run({"diff", path(name), R"({"documents": {}})", "--documents", "64,64"}).code, exit_done)
                << name;
        } else {
            expect_bad_input({"stats", path(name)}, "is a format that is only written");
        }
    }
    const std::string source = read_bounded_file(path("mask_mod/mask_mod.py"), 10'000);
    EXPECT_NE(source.find("return (document_id[q_idx] == document_id[kv_idx])"), std::string::npos) << source;
}

TEST_F(MaskFormatsVerb, ADenseMaskMayBeOneFile) {
    const EngineRun done = expect_done(
        {"convert", "--mask", R"({"causal": {}})", "--tokens", "40", "--to", "dense", "-o", path("m.npy"), "--json"});
    EXPECT_EQ(parse_json(done.out, "convert").at("arrays"), (Json{{"mask", {40, 40}}}));
    EXPECT_EQ(run({"diff", path("m.npy"), R"({"causal": {}})"}).code, exit_done);
    expect_bad_input({"convert", path("m.npy"), "--to", "slices", "-o", path("s.npy")}, "takes several");
}

TEST_F(MaskFormatsVerb, DiffCountsAndShowsWhatDiffers) {
    const std::vector<std::string> masks{"diff", R"({"window": {"left": 3, "right": 0}})",
                                         R"({"window": {"left": 2, "right": 1}})", "--tokens", "16"};
    const EngineRun text = run(masks);
    EXPECT_EQ(text.code, exit_failed);
    for (const char* line : {"pairs in A       58\n", "pairs in B       60\n", "in both          45\n",
                             "only in A        13\n", "only in B        15\n", "16 of 16 see other keys\n",
                             "query 3: A sees [0, 4); B sees [1, 5)\n", "\ndifferent\n"}) {
        EXPECT_NE(text.out.find(line), std::string::npos) << line << "is not in\n" << text.out;
    }
    std::vector<std::string> more = masks;
    more.insert(more.end(), {"--json", "--rows", "1", "-o", path("d.png")});
    const EngineRun json = run(more);
    EXPECT_EQ(json.code, exit_failed);
    const Json report = parse_json(json.out, "diff");
    EXPECT_EQ(report.at("equal"), false);
    EXPECT_EQ(report.at("pairs_only_in_a"), 13);
    EXPECT_EQ(report.at("pairs_only_in_b"), 15);
    EXPECT_EQ(report.at("differing_queries"), 16);
    EXPECT_EQ(report.at("first_differing_queries"),
              parse_json(R"([{"query": 0, "a": [[0, 1]], "b": [[0, 2]]}])", "expected"));
    EXPECT_GT(std::filesystem::file_size(path("d.png")), 1000U);
    more.back() = path("d.svg");
    EXPECT_EQ(run(more).code, exit_failed);
    const std::string svg = read_bounded_file(path("d.svg"), 10'000'000);
    for (const char* part : {">only A: 13</text>", ">only B: 15</text>", ">A and B: 45</text>"}) {
        EXPECT_NE(svg.find(part), std::string::npos) << part;
    }
    more.back() = path("d.gif");
    expect_bad_input(more, "--output: ");
}

TEST_F(MaskFormatsVerb, DiffTakesExperimentsToo) {
    const std::string experiment = LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json";
    expect_done({"convert", experiment, "--draw", "1", "--to", "slices", "-o", path("s")});
    EXPECT_EQ(run({"diff", path("s"), experiment, "--draw", "1"}).code, exit_done);
    EXPECT_EQ(run({"diff", experiment, path("s"), "--draw", "2"}).code, exit_failed);
    expect_bad_input({"diff", experiment, path("s"), "--tokens", "65536"}, "--tokens: an option belongs to a mask");
}

TEST_F(MaskFormatsVerb, AttendComputesTheSameWithEveryForm) {
    AttentionCase c;
    c.shape = {1, 2, 2, 16, 16, DType::float32};
    c.domain = {96, 96, {0, 40, 96}};
    c.mask_json = causal_documents;
    write_inputs(c, folder_.path().string(), "htd");
    const auto attend = [&](const std::string& mask, const std::vector<std::string>& more) {
        std::vector<std::string> all{"attend",      "--q",    path("q.npy"), "--k",   path("k.npy"), "--v",
                                     path("v.npy"), "--mask", mask,          "--out", path("o.npy")};
        all.insert(all.end(), more.begin(), more.end());
        const EngineRun done = run_engine(all);
        EXPECT_EQ(done.code, exit_done) << done.error;
        return read_npy_floats(path("o.npy"), "htd");
    };
    const std::vector<float> expected = attend(causal_documents, {"--documents", "40,56"});
    for (const char* format : {"varlen", "slices", "packed", "dense"}) {
        expect_done(
            {"convert", "--mask", causal_documents, "--documents", "40,56", "--to", format, "-o", path(format)});
        EXPECT_EQ(attend(path(format), {}), expected) << format;
    }
    const EngineRun verified = run_engine({"verify", "--q", path("q.npy"), "--k", path("k.npy"), "--v", path("v.npy"),
                                           "--mask", path("slices"), "--o", path("o.npy")});
    EXPECT_EQ(verified.code, exit_done) << verified.out << verified.error;
    expect_done({"convert", "--mask", R"({"causal": {}})", "--tokens", "95", "--to", "slices", "-o", path("short")});
    const EngineRun refused = run_engine({"attend", "--q", path("q.npy"), "--k", path("k.npy"), "--v", path("v.npy"),
                                          "--mask", path("short"), "--out", path("p.npy")});
    EXPECT_EQ(refused.code, exit_bad_input);
    EXPECT_NE(refused.error.find("95 tokens are not those of what it is for; accepted: 96"), std::string::npos)
        << refused.error;
}

TEST_F(MaskFormatsVerb, PartialBlocksTakeACompanion) {
    expect_done({"convert", "--mask", R"({"causal": {}})", "--tokens", "300", "--to", "block_mask", "-o", path("b")});
    expect_bad_input({"stats", path("b")}, "kv_indices: block (0, 0) is kept in part");
    EXPECT_EQ(run({"diff", path("b"), R"({"causal": {}})", "--companion", R"({"causal": {}})"}).code, exit_done);
    EXPECT_EQ(run({"diff", path("b"), R"({"causal": {}})", "--companion", R"({"full": {}})"}).code, exit_failed);
}

TEST_F(MaskFormatsVerb, ArraysOfSomeoneElseNeedTheirFormatAndTheirTokens) {
    std::filesystem::create_directory(path("theirs"));
    write_array("theirs/q_ranges.npy", IntegerArray({1, 2}, {0, 8}));
    write_array("theirs/k_ranges.npy", IntegerArray({1, 2}, {0, 8}));
    write_array("theirs/attn_type_map.npy", IntegerArray({1}, {1}));
    expect_bad_input({"stats", path("theirs")}, "mask.json");
    expect_bad_input({"stats", path("theirs"), "--from", "slices"}, "query_tokens: a number that is not there");
    const EngineRun stats = expect_done({"stats", path("theirs"), "--from", "slices", "--tokens", "8", "--json"});
    EXPECT_EQ(parse_json(stats.out, "stats").at("pairs"), 36);
    write_text("theirs/mask.json", R"({"format": "slices", "query_tokens": 8, "key_tokens": 9})");
    EXPECT_EQ(parse_json(expect_done({"stats", path("theirs"), "--json"}).out, "stats").at("pairs"), 36);
    EXPECT_EQ(parse_json(expect_done({"stats", path("theirs/mask.json"), "--json"}).out, "stats").at("pairs"), 36);
    expect_bad_input({"stats", path("theirs"), "--from", "dense"}, "--from: dense is not the format of");
    expect_bad_input({"stats", path("theirs"), "--tokens", "8"}, "--tokens: 8 is not what");
}

TEST_F(MaskFormatsVerb, RefusesDamagedFilesInOneLine) {
    expect_done({"convert", "--mask", causal_documents, "--documents", "40,56", "--to", "slices", "-o", path("m")});
    const auto with_index = [&](const std::string& text, const std::string& part) {
        write_text("m/mask.json", text);
        expect_bad_input({"stats", path("m")}, part);
    };
    with_index(R"({"format": "slises", "query_tokens": 96, "key_tokens": 96})",
               "format: slises is not a format of masks");
    with_index(R"({"format": "slices", "query_tokens": 96, "key_tokens": 1e9})", "key_tokens: 1000000000.0 is not");
    with_index(R"({"format": "slices", "query_tokens": 96, "key_tokens": 96, "causal": true})", "causal");
    with_index(R"({"format": "slices", "query_tokens": 40, "key_tokens": 96})", "q_ranges[3]: 96 is out of range");
    with_index("{", "is not valid JSON");
    const std::string good = R"({"format": "slices", "query_tokens": 96, "key_tokens": 96})";
    const auto with_types = [&](const std::string& bytes, const std::string& part) {
        write_text("m/attn_type_map.npy", bytes);
        with_index(good, part);
    };
    with_types("", "attn_type_map.npy: ");
    with_types(npy_header({2}, "<f4") + std::string(8, '\0'), "'<f4' is not a type of integers that is read");
    with_types(npy_header({1'000'000'000}, "<i4") + std::string(8, '\0'), "of elements are not what its shape");
    with_types(npy_header({std::int64_t{1} << 62}, "<i8"), "is too large");
    with_types(npy_header({-1}, "<i4"), "is not a shape");
    with_types(npy_header({2, 1}, "<i4") + std::string(8, '\0'), "attn_type_map: 2 x 1 is not the shape of a list");
    std::filesystem::remove(path("m/attn_type_map.npy"));
    with_index(good, "attn_type_map: an array that is not there");
}

// The files claim a billion slices, and a matrix larger than any disk: sparse files, which take no room.
TEST_F(MaskFormatsVerb, RefusesWhatWouldTakeTooLong) {
    std::filesystem::create_directory(path("m"));
    write_text("m/mask.json", R"({"format": "slices", "query_tokens": 1000, "key_tokens": 1000})");
    const auto write_sparse = [&](const std::string& name, const std::vector<std::int64_t>& shape, const char* type,
                                  std::int64_t bytes) {
        const std::string header = npy_header(shape, type);
        write_text(name, header);
        std::filesystem::resize_file(path(name), header.size() + static_cast<std::uintmax_t>(bytes));
    };
    constexpr std::int64_t billion = 1'000'000'000;
    write_sparse("m/q_ranges.npy", {billion, 2}, "<i4", billion * 8);
    write_sparse("m/k_ranges.npy", {billion, 2}, "<i4", billion * 8);
    write_sparse("m/attn_type_map.npy", {billion}, "<i4", billion * 4);
    expect_bad_input({"stats", path("m")}, "attn_type_map: 1000000000 slices are too many");
    write_sparse("dense.npy", {1 << 20, 1 << 20}, "|b1", std::int64_t{1} << 40);
    expect_bad_input({"stats", path("dense.npy")}, "is too large");
}

TEST_F(MaskFormatsVerb, ConvertNamesWhatIsWrong) {
    const std::vector<std::string> causal{"convert", "--mask", R"({"causal": {}})", "--tokens", "100"};
    const auto with = [&](const std::vector<std::string>& more) {
        std::vector<std::string> all = causal;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    expect_bad_input(with({"--to", "magi", "-o", path("x")}), "--to: magi is not a format of masks; accepted: varlen");
    expect_bad_input(with({"--to", "bsr", "-o", path("x"), "--q-block", "50", "--k-block", "50"}),
                     "block (0, 0) of 50 x");
    expect_bad_input(with({"--to", "dense", "-o", path("x"), "--max-bytes", "9999"}), "a dense mask of 9.77 KiB");
    EXPECT_FALSE(std::filesystem::exists(path("x")));
    std::filesystem::create_directory(path("full"));
    write_text("full/letter.txt", "mine");
    expect_bad_input(with({"--to", "slices", "-o", path("full")}), "is a folder with other things in it");
    expect_bad_input(with({"--to", "slices", "-o", path("full/letter.txt")}), "is a file");
    expect_bad_input({"convert", "--to", "slices", "-o", path("x")}, "FILE: is missing");
}

TEST_F(MaskFormatsVerb, CodeIsPythonForEachLibrary) {
    const auto code = [&](const char* library, const std::string& documents) {
        return expect_done({"code", "--mask", causal_documents, "--documents", documents, "--library", library}).out;
    };
    EXPECT_NE(code("flash-attn", "8,12").find("cu_seqlens_q = torch.tensor([0, 8, 20], dtype=torch.int32"),
              std::string::npos);
    EXPECT_NE(code("flash-attn", "8,12").find("causal=True, window_size=(-1, 0)"), std::string::npos);
    EXPECT_NE(code("magi", "8,12").find("q_ranges = torch.tensor([[0, 8], [8, 20]]"), std::string::npos);
    EXPECT_NE(code("flashmask", "2,1").find("startend_row_indices = paddle.to_tensor([[[[2], [2], [3]]]]"),
              std::string::npos);
    EXPECT_NE(code("flex", "8,12").find("return ((kv_idx <= q_idx) & (document_id[q_idx] == document_id[kv_idx]))"),
              std::string::npos);
    EXPECT_NE(code("flashinfer", "8,12").find("custom_mask=custom_mask"), std::string::npos);
    const std::string large = code("flashmask", "80,120");
    EXPECT_NE(large.find("numpy.load(\"mask/startend_row_indices.npy\")"), std::string::npos) << large;
    EXPECT_NE(large.find("--to flashmask -o mask"), std::string::npos);
    expect_bad_input({"code", "--mask", causal_documents, "--documents", "8", "--library", "x"},
                     "--library: x is not a library; accepted: flash-attn, magi");
    expect_bad_input({"code", "--mask", R"({"or": [{"causal": {}}, {"prefix": {"tokens": 3}}]})", "--tokens", "8",
                      "--library", "flash-attn"},
                     "is not what the format varlen can hold");
}

}  // namespace
}  // namespace longscope
