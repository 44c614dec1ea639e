// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "engine/tensor/npy.h"
#include "engine/tensor/tensor_file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string file_with(const std::string& header, std::size_t elements) {
    const std::uint64_t size = header.size();
    std::string text(8, '\0');
    std::memcpy(text.data(), &size, 8);
    return text + header + std::string(elements, 'x');
}

std::string refusal(const std::string& header, std::size_t elements) {
    const std::string file = file_with(header, elements);
    return message_of([&] { (void)read_safetensors(bytes_of(file), "m.safetensors"); });
}

TEST(Safetensors, ReadsFloatingPointTensorsByName) {
    const std::string file = file_with(R"({"__metadata__": {"format": "pt"},
        "q": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
        "ids": {"dtype": "I64", "shape": [1], "data_offsets": [12, 20]},
        "k": {"dtype": "F32", "shape": [], "data_offsets": [20, 24]},
        "none": {"dtype": "F16", "shape": [0, 7], "data_offsets": [24, 24]}})",
                                       24);
    const auto tensors = read_safetensors(bytes_of(file), "m.safetensors");
    ASSERT_EQ(tensors.size(), 3U) << "integers are left out";
    EXPECT_EQ(tensors.at("q").type, ElementType::bfloat16);
    EXPECT_EQ(tensors.at("q").shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(tensors.at("q").bytes.data(), bytes_of(file).data() + file.size() - 24);
    EXPECT_EQ(tensors.at("k").bytes.size(), 4U);
    EXPECT_EQ(tensors.at("none").bytes.size(), 0U);
}

TEST(Safetensors, ReadsWhatItWrites) {
    const std::vector<SafetensorsEntry> entries{{"o", {2, 5}, ElementType::float32},
                                                {"lse", {2}, ElementType::float64}};
    const std::string header = safetensors_header(entries);
    EXPECT_EQ(header.size() % 8, 0U);
    const std::string file = header + std::string(40 + 16, 'x');
    const auto tensors = read_safetensors(bytes_of(file), "o.safetensors");
    EXPECT_EQ(tensors.at("o").shape, entries[0].shape);
    EXPECT_EQ(tensors.at("lse").type, ElementType::float64);
}

TEST(Safetensors, RefusesHeadersThatLie) {
    const auto entry = [](const std::string& shape, const std::string& offsets, const std::string& type = "F32") {
        return R"({"q": {"dtype": ")" + type + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
    };
    EXPECT_EQ(refusal(entry("[2]", "[0, 8]"), 8), "(no error)") << "this one is right";
    for (const auto& [header, elements, part] : std::vector<std::tuple<std::string, std::size_t, std::string>>{
             {entry("[2]", "[0, 8]"), 4, "do not fit 8 bytes of elements in a file that has 4"},
             {entry("[3]", "[0, 8]"), 8, "do not fit 12 bytes"},
             {entry("[2]", "[8, 0]"), 8, "do not fit"},
             {entry("[-2]", "[0, 8]"), 8, "q.shape: -2 is too small"},
             {entry("[1152921504606846976, 16]", "[0, 0]"), 8, "is too large"},
             {entry("[4294967296, 4294967296]", "[0, 0]"), 0, "is too large"},
             {entry("[2]", "[0, 1152921504606846976]"), 8, "do not fit"},
             {entry("[2]", "[0, 18446744073709551615]"), 8, "is too large"},
             {entry("[2]", "[4, 12]"), 12, "q.data_offsets: 4 leaves a hole; accepted: 0"},
             {entry("[2]", "[0, 8]"), 16, "16 B of elements are not what its tensors need; accepted: 8 B"},
             {entry("[2]", "[0, 8]", "F33"), 8, "q.dtype: F33 is not a type of elements that is known"},
             {entry("2", "[0, 8]"), 8, "is not the entry of a tensor"},
             {R"({"q": 5})", 0, "is not an object"},
             {R"([])", 0, "its header is not a JSON object"},
             {R"({"q": )", 0, "is not valid JSON"},
             {R"({"q": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                 "k": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})",
              4, "lies inside of another tensor"},
             {R"({"q": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                 "q": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
              8, "stands twice"},
             {std::string(100'000, '['), 0, "is too deep"}}) {
        EXPECT_NE(refusal(header, elements).find(part), std::string::npos) << refusal(header, elements) << "\n" << part;
        EXPECT_LT(refusal(header, elements).size(), 400U);
    }
}

TEST(Safetensors, RefusesALengthOfTheHeaderThatLies) {
    for (const std::uint64_t size : {std::uint64_t{1} << 60, std::uint64_t{100'000'001}, std::uint64_t{17}}) {
        std::string file = file_with("{}", 0);
        std::memcpy(file.data(), &size, 8);
        const std::string message = message_of([&] { (void)read_safetensors(bytes_of(file), "m.safetensors"); });
        EXPECT_NE(message.find("bytes is too long; accepted: a header that lies in the file"), std::string::npos);
    }
    EXPECT_NE(message_of([] { (void)read_safetensors({}, "m"); }).find("is too short"), std::string::npos);
}

class NamedTensor : public testing::Test {
  protected:
    std::string put(const std::string& name, const std::string& content) {
        std::ofstream(folder_.path() / name, std::ios::binary) << content;
        return (folder_.path() / name).string();
    }
    TemporaryFolder folder_;
};

TEST_F(NamedTensor, IsAFileOrATensorInAFile) {
    const std::string npy = put("q.npy", npy_header({2}, ElementType::float32) + std::string(8, 'x'));
    EXPECT_EQ(TensorFile(npy).tensor().shape, (std::vector<std::int64_t>{2}));
    const std::vector<SafetensorsEntry> two{{"a.q", {1}, ElementType::float32}, {"a.k", {3}, ElementType::float16}};
    const std::string file = put("m.safetensors", safetensors_header(two) + std::string(10, 'x'));
    EXPECT_EQ(TensorFile(file + ":a.k").tensor().shape, (std::vector<std::int64_t>{3}));
    EXPECT_EQ(message_of([&] { (void)TensorFile(file + ":b"); }),
              file + ": b is no tensor in it; accepted: " + file + ":NAME with one of a.k, a.q");
    EXPECT_EQ(
        message_of([&] { (void)TensorFile(file); }),
        file + ": a file without the name of a tensor is not enough; accepted: " + file + ":NAME with one of a.k, a.q");
    const std::string one = put("o.safetensors", safetensors_header({two[0]}) + std::string(4, 'x'));
    EXPECT_EQ(TensorFile(one).tensor().shape, (std::vector<std::int64_t>{1})) << "there is only one";
    EXPECT_NE(
        message_of([&] { (void)TensorFile((folder_.path() / "none.npy").string()); }).find("cannot read: No such"),
        std::string::npos);
    EXPECT_NE(message_of([&] { (void)TensorFile(folder_.path().string()); }).find("a folder cannot be read"),
              std::string::npos);
    EXPECT_NE(message_of([&] { (void)TensorFile(put("empty", "")); }).find("is too short"), std::string::npos);
}

}  // namespace
}  // namespace longscope
