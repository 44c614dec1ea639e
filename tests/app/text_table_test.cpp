// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/text_table.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace longscope {
namespace {

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
    TextTable table({{"name", Align::left}, {"n"}, {"last", Align::left}});
    table.add_row({"a", "1", "x"});
    table.add_row({"longer", "1,000", ""});
    EXPECT_EQ(table.text(2),
              "  name        n  last\n"
              "  a           1  x\n"
              "  longer  1,000\n");
}

TEST(TextTable, NoRowsGiveTheTitles) {
    EXPECT_EQ(TextTable({{"a"}, {"b"}}).text(), "a  b\n");
}

TEST(TextTable, ARowNeedsACellForEveryColumn) {
    TextTable table({{"a"}, {"b"}});
    EXPECT_THROW(table.add_row({"1"}), Error);
}

TEST(TextTable, TextCannotSteerTheTerminalOrShiftColumns) {
    EXPECT_EQ(printable("a\x1b[31m\n\tb\x7f"), "a?[31m??b?");
    EXPECT_EQ(printable("Gr\xc3\xb6\xc3\x9f"
                        "e \xe2\x82\xac"),
              "Gr??e ?");
    TextTable table({{"n", Align::left}, {"m"}});
    table.add_row({"\xc3\xb6", "1"});
    EXPECT_EQ(table.text(), "n  m\n?  1\n");
}

}  // namespace
}  // namespace longscope
