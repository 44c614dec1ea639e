// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/message_of.h"

namespace longscope {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

// A file of version 1.0 as numpy writes it, with any header.
std::string file_with(const std::string& header, const std::string& elements, char major = 1) {
    std::string text = std::string("\x93NUMPY", 6) + major + '\0';
    text += static_cast<char>(header.size() & 0xFFU);
    text += static_cast<char>(header.size() >> 8U);
    if (major > 1) {
        text += std::string(2, '\0');
    }
    return text + header + elements;
}

std::string refusal(const std::string& file) {
    return message_of([&] { (void)read_npy(bytes_of(file), "q.npy"); });
}

const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n";

TEST(Npy, ReadsWhatNumpyWrites) {
    for (const char version : {1, 2, 3}) {
        const std::string file = file_with(good, std::string(24, 'x'), version);
        const StoredTensor tensor = read_npy(bytes_of(file), "q.npy");
        EXPECT_EQ(tensor.type, ElementType::float32);
        EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{2, 3}));
        EXPECT_EQ(tensor.bytes.size(), 24U);
    }
    // Without blanks, other quotes, another order, one dimension, none.
    for (const auto& [header, elements] : {std::pair{"{\"shape\":(6,),\"fortran_order\":False,\"descr\":\"<f4\"}", 24},
                                           {"{'descr': '<f8', 'fortran_order': False, 'shape': ()}", 8},
                                           {"{'descr': '<V2', 'fortran_order': False, 'shape': (0, 5)}", 0},
                                           {"{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2, 3, 4), }", 48}}) {
        const std::string file = file_with(header, std::string(static_cast<std::size_t>(elements), 'x'));
        EXPECT_EQ(read_npy(bytes_of(file), "q.npy").bytes.size(), static_cast<std::size_t>(elements));
    }
}

TEST(Npy, ReadsWhatItWrites) {
    for (const auto& shape : std::vector<std::vector<std::int64_t>>{{}, {7}, {2, 3, 4}, {1, 8, 65536, 64}}) {
        for (const ElementType type :
             {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
            const std::string header = npy_header(shape, type);
            EXPECT_EQ(header.size() % 64, 0U) << "elements are aligned";
            if (shape.size() == 4) {
                continue;  // 128 MiB of elements
            }
            const auto size = checked_elements(shape, type, "q") * size_bytes(type);
            const std::string file = header + std::string(static_cast<std::size_t>(size), 'x');
            const StoredTensor tensor = read_npy(bytes_of(file), "q.npy");
            EXPECT_EQ(tensor.shape, shape);
            EXPECT_EQ(tensor.type, type);
        }
    }
}

TEST(Npy, RefusesWhatItDoesNotRead) {
    const std::string elements(24, 'x');
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string header = good;
        header.replace(header.find(from), from.size(), to);
        return refusal(file_with(header, elements));
    };
    EXPECT_EQ(with("False", "True"),
              "q.npy: Fortran order is not read; accepted: C order, as of numpy.ascontiguousarray");
    EXPECT_EQ(with("<f4", ">f4"),
              "q.npy: '>f4' is not a type of elements that is read; accepted: <f8, <f4, <f2, and V2 (bfloat16)");
    EXPECT_NE(with("<f4", "|O").find("'|O' is not a type of elements"), std::string::npos) << "pickled objects";
    EXPECT_NE(with("<f4", "<i8").find("is not a type of elements"), std::string::npos);
    EXPECT_EQ(refusal(file_with(good, elements, 9)),
              "q.npy: version 9 is not a known version of .npy; accepted: 1, 2, 3");
    EXPECT_EQ(refusal("PK\x03\x04 something else entirely"),
              "q.npy: its beginning is not that of a .npy file; accepted: a file that numpy.save wrote");
    EXPECT_NE(refusal("").find("its beginning"), std::string::npos);
}

TEST(Npy, RefusesHeadersThatLie) {
    const std::string elements(24, 'x');
    const auto shape = [&](const std::string& text) {
        return refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': " + text + "}", elements));
    };
    EXPECT_EQ(shape("(-2, -3)"), "q.npy: -2 x -3 is not a shape; accepted: extents of at least 0");
    EXPECT_NE(shape("(1152921504606846976, 4)").find("is too large; accepted: a tensor of at most 2^60 bytes"),
              std::string::npos);
    EXPECT_NE(shape("(4294967296, 4294967296, 2)").find("is too large"), std::string::npos) << "2^65 elements";
    EXPECT_NE(shape("(99999999999999999999999,)").find("a shape that is none"), std::string::npos);
    EXPECT_EQ(shape("(2, 4)"), "q.npy: 24 B of elements are not what its shape 2 x 4 needs; accepted: 32 B");
    EXPECT_EQ(shape("(2, 2)"), "q.npy: 24 B of elements are not what its shape 2 x 2 needs; accepted: 16 B");
    EXPECT_NE(shape("(2, 3").find("its header has"), std::string::npos);
    EXPECT_NE(shape("2").find("no '(' where one belongs"), std::string::npos);
    // The length of the header itself.
    std::string file = file_with(good, "");
    file[8] = '\xff';
    file[9] = '\xff';
    EXPECT_EQ(refusal(file),
              "q.npy: a header of 65535 bytes is too long; accepted: a header that lies in the file, of at most 1 MiB");
    EXPECT_NE(refusal(file_with("{'descr': '<f4'}", elements)).find("not all of"), std::string::npos);
    EXPECT_NE(refusal(file_with("{'descr': __import__('os')}", elements)).find("where a text belongs"),
              std::string::npos);
}

}  // namespace
}  // namespace longscope
