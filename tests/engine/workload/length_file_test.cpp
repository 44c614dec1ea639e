// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/length_file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/bounded_file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

std::vector<std::int64_t> list_of(std::string_view content) {
    const LengthSource source = parse_lengths(content, "f");
    EXPECT_EQ(source.kind(), LengthSource::Kind::list);
    return source.lengths();
}

std::string refusal_of(std::string_view content) {
    return message_of([&] { (void)parse_lengths(content, "f"); });
}

TEST(LengthList, IsOneLengthALine) {
    EXPECT_EQ(list_of("5\n7\n1\n"), (std::vector<std::int64_t>{5, 7, 1}));
    EXPECT_EQ(list_of("5"), (std::vector<std::int64_t>{5}));
}

TEST(LengthList, IgnoresBlankLinesCommentsAndTheLineEndingsOfOtherSystems) {
    EXPECT_EQ(list_of("# lengths\r\n\r\n 5 \r\n\t7\n#\n   \n4611686018427387904\n"),
              (std::vector<std::int64_t>{5, 7, max_length}));
    EXPECT_EQ(list_of("\xEF\xBB\xBF"
                      "5\n"),
              (std::vector<std::int64_t>{5}));
}

TEST(LengthList, ComplainsOfALineByItsNumber) {
    const std::string accepted =
        "; accepted: one integer from 1 to 4611686018427387904 a line, or a histogram {\"[a,b)\": weight, ...}";
    EXPECT_EQ(refusal_of("5\n\n-5\n"), "f: line 3: -5 is too small" + accepted);
    EXPECT_EQ(refusal_of("0"), "f: line 1: 0 is too small" + accepted);
    EXPECT_EQ(refusal_of("#\n99999999999999999999"), "f: line 2: 99999999999999999999 is too large" + accepted);
    EXPECT_EQ(refusal_of("4611686018427387905"), "f: line 1: 4611686018427387905 is too large" + accepted);
    EXPECT_EQ(refusal_of("-99999999999999999999"), "f: line 1: -99999999999999999999 is too small" + accepted);
    EXPECT_EQ(refusal_of("1\r\n12x\r\n"), "f: line 2: \"12x\" is not an integer" + accepted);
    EXPECT_EQ(refusal_of("1.5"), "f: line 1: \"1.5\" is not an integer" + accepted);
    EXPECT_EQ(refusal_of("+5"), "f: line 1: \"+5\" is not an integer" + accepted);
    EXPECT_EQ(refusal_of("1 2"), "f: line 1: \"1 2\" is not an integer" + accepted);
    EXPECT_EQ(refusal_of("[1, 2]"), "f: line 1: \"[1, 2]\" is not an integer" + accepted);
}

TEST(LengthList, RefusesAFileWithoutLengths) {
    const std::string expected =
        "f: the file holds no lengths; accepted: one length a line, or a histogram {\"[a,b)\": weight, ...}";
    EXPECT_EQ(refusal_of(""), expected);
    EXPECT_EQ(refusal_of("\n# nothing\n \n"), expected);
}

TEST(LengthHistogram, IsAnObjectOfBins) {
    const LengthSource source = parse_lengths("\n {\"[32, 64)\": 3, \"[0,32)\": 0.5}", "f");
    ASSERT_EQ(source.kind(), LengthSource::Kind::histogram);
    EXPECT_EQ(source.bins(), (std::vector<LengthBin>{{0, 32, 0.5}, {32, 64, 3.0}}));
}

TEST(LengthHistogram, ReadsBackWhatItWrites) {
    const LengthSource source = parse_lengths(R"json({"[1,2)": 0.1, "[7,4611686018427387904)": 0.3})json", "f");
    EXPECT_EQ(parse_histogram(to_json(source.bins()), "g"), source);
}

TEST(LengthHistogram, ComplainsOfWhatIsNotABinOrAWeight) {
    const std::string bin = "; accepted: \"[a,b)\" with 0 <= a < b <= 4611686018427387904";
    EXPECT_EQ(refusal_of(R"json({"[5,5)": 1})json"), "f: [5,5) is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[-5,5)": 1})json"), "f: [-5,5) is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[5,4611686018427387905)": 1})json"), "f: [5,4611686018427387905) is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[5,99999999999999999999)": 1})json"),
              "f: \"[5,99999999999999999999)\" is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[5,9]": 1})json"), "f: \"[5,9]\" is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[5,9) ": 1, "5": 1})json"), "f: \"5\" is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"longscope_experiment": 1})json"), "f: \"longscope_experiment\" is not a bin" + bin);
    EXPECT_EQ(refusal_of(R"json({"[0,1)": 1})json"), "f: [0,1) holds no length of at least 1; accepted: bins that do");
    EXPECT_EQ(refusal_of(R"json({"[5,9)": "1"})json"),
              "f: \"[5,9)\": \"1\" is not a weight; accepted: a number of at least 0");
    EXPECT_EQ(refusal_of(R"json({"[5,9)": -0.5})json"),
              "f: [5,9): -0.5 is not a weight; accepted: a number of at least 0");
    EXPECT_EQ(refusal_of(R"json({"[5,9)": 1, "[1,6)": 1})json"),
              "f: [1,6) and [5,9) overlap; accepted: bins without overlap");
    EXPECT_EQ(refusal_of(R"json({"[5,9)": 0})json"),
              "f: a sum of weights of 0 gives no probabilities; accepted: weights with a finite sum above 0");
    EXPECT_EQ(refusal_of(R"json({"[5,9)": 1e308, "[1,2)": 1e308})json"),
              "f: a sum of weights of inf gives no probabilities; accepted: weights with a finite sum above 0");
    EXPECT_EQ(refusal_of("{}"), "f: {} is not a histogram; accepted: an object {\"[a,b)\": weight, ...}");
    EXPECT_EQ(refusal_of("{\"[5,9)\": }"), "f: line 1, column 11 is not valid JSON; accepted: a JSON document");
}

TEST(LengthFile, IsReadByPathAndMessagesBeginWithIt) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "lengths.txt";
    write_file_atomically(path, "3\n4\n");
    EXPECT_EQ(read_length_file(path).lengths(), (std::vector<std::int64_t>{3, 4}));
    write_file_atomically(path, "3\nfour\n");
    EXPECT_EQ(message_of([&] { (void)read_length_file(path); }).find(path.string() + ": line 2: \"four\""), 0U);
    EXPECT_EQ(message_of([&] { (void)read_length_file(folder.path() / "none"); }),
              (folder.path() / "none").string() + ": cannot read: No such file or directory");
}

TEST(LengthFile, OfBinaryContentIsRefusedInOneLineOfValidText) {
    const std::string message = refusal_of(std::string("SQLite\0\xff\xfe\n3", 11));
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_NO_THROW((void)Json(message).dump());
}

}  // namespace
}  // namespace longscope
