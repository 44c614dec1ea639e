// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/lengths_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace longscope {
namespace {

Json list_of(const char* text) {
    return list_from_text(QString::fromUtf8(text));
}

TEST(LengthsText, RepeatedLengthsAreWrittenOnce) {
    EXPECT_EQ(list_text(Json{512, 1024, 1024, 1024, 4096, 4096}).toStdString(), "512, 3 x 1024, 4096, 4096");
    EXPECT_EQ(list_text(Json::array()).toStdString(), "");
}

TEST(LengthsText, RepeatedLengthsAreReadInAnyHand) {
    const Json expected{1024, 1024, 7};
    for (const char* text :
         {"1024,1024,7", " 1024 , 1024 , 7 ", "2 x 1024, 7", "2x1024,7", "2*1024, 1 x 7", "2×1024,7"}) {
        EXPECT_EQ(list_of(text), expected) << text;
    }
}

TEST(LengthsText, WhatIsNoListStaysAsItIs) {
    for (const char* text : {"", "a", "1,,2", "1, -2", "1.5", "999999999 x 1", "x 3", "99999999999999999999"}) {
        EXPECT_EQ(list_of(text), Json(text)) << text;
    }
}

RC_GTEST_PROP(LengthsText, AnyListComesBack, ()) {
    const auto lengths = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 4));
    RC_PRE(!lengths.empty());
    RC_ASSERT(list_from_text(list_text(lengths)) == Json(lengths));
}

TEST(LengthsText, BinsAreReadAndWritten) {
    const Json bins{{"[256,1024)", 0.7}, {"[1024,4096)", 3}};
    EXPECT_EQ(histogram_from_text(histogram_text(bins)), bins);
    EXPECT_EQ(histogram_from_text(QStringLiteral(" [ 1 , 5 ) : 1e-3 ,[5,9):2")), (Json{{"[1,5)", 1e-3}, {"[5,9)", 2}}));
    for (const char* text : {"[1,5): x", "[1,5) 1", "1,5: 1", "[1,5): 1 [5,9): 2", "nonsense"}) {
        EXPECT_EQ(histogram_from_text(QString::fromUtf8(text)), Json(text)) << text;
    }
}

}  // namespace
}  // namespace longscope
