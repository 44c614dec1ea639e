// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/words.h"

#include <gtest/gtest.h>

namespace longscope {
namespace {

enum class Colour { red, green };
constexpr std::array<std::string_view, 2> colours{"red", "green"};

TEST(Words, NameEnumeratorsInTheirOrder) {
    EXPECT_EQ(word_index<Colour>(colours, "red", "colour"), Colour::red);
    EXPECT_EQ(word_index<Colour>(colours, "green", "colour"), Colour::green);
}

// Databases of others may hold anything.
TEST(Words, ThatAreUnknownAreToldOnOneLine) {
    try {
        (void)word_index<Colour>(colours, "gre\nen", "colour");
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::failed);
        EXPECT_STREQ(error.what(), "unknown colour 'gre en'");
    }
}

}  // namespace
}  // namespace longscope
