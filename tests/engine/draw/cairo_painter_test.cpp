// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/cairo_painter.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/draw/mask_picture.h"
#include "engine/draw/timeline_picture.h"
#include "engine/mask/expression.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/engine/draw/png_picture.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr Colour red{255, 0, 0};
constexpr Colour green{0, 255, 0};
constexpr Colour blue{0, 0, 255};
constexpr Colour black{0, 0, 0};
constexpr Colour white{255, 255, 255};

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

DisplayList small_list() {
    DisplayList list{40, 30, white, "small & <fine>", {}};
    list.add(FilledRect{{2, 3, 4, 5}, red});
    list.add(Line{{20, 5}, {30, 5}, black});
    list.add(Polyline{{{20, 10}, {30, 10}, {30, 20}, {20, 20}}, blue, 1, true});
    list.add(CellGrid{{0, 20, 16, 8}, 4, 2, {0, 1, 0, 1, 1, 0, 1, 0}, {red, green}, {}, {}});
    return list;
}

std::unique_ptr<Mask> causal(std::int64_t tokens) {
    return compile_mask(parse_mask(parse_json(R"({"causal": {}})", "test"), "mask"), {tokens, tokens, {}});
}

TEST(Paint, APngHasTheSizeAndTheColoursOfTheList) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "small.png";
    paint(small_list(), path);
    const Picture picture(path);
    EXPECT_EQ(picture.width(), 40);
    EXPECT_EQ(picture.height(), 30);
    EXPECT_EQ(picture.at(1, 3), white);
    EXPECT_EQ(picture.at(2, 3), red);
    EXPECT_EQ(picture.at(5, 7), red);
    EXPECT_EQ(picture.at(6, 7), white);
    EXPECT_EQ(picture.at(25, 4), white);
    EXPECT_EQ(picture.at(25, 5), black) << "a line is one pixel, not two grey ones";
    EXPECT_EQ(picture.at(25, 6), white);
    EXPECT_EQ(picture.at(25, 15), blue);
    for (int row = 0; row < 2; ++row) {
        for (int column = 0; column < 4; ++column) {
            const Colour expected = (row + column) % 2 == 0 ? red : green;
            EXPECT_EQ(picture.at(4 * column, 20 + 4 * row), expected);
            EXPECT_EQ(picture.at(4 * column + 3, 23 + 4 * row), expected);
        }
    }
}

TEST(Paint, ScaleMultipliesThePixels) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "large.png";
    paint(small_list(), path, {3});
    const Picture picture(path);
    EXPECT_EQ(picture.width(), 120);
    EXPECT_EQ(picture.height(), 90);
    EXPECT_EQ(picture.at(6, 9), red);
    EXPECT_EQ(picture.at(17, 23), red);
    EXPECT_EQ(picture.at(18, 23), white);
    EXPECT_EQ(picture.at(75, 17), black);
    EXPECT_EQ(picture.at(75, 18), white);
}

TEST(Paint, TextLeavesInkWhereItStands) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "text.png";
    DisplayList list{200, 40, white, "", {}};
    list.add(Text{{190, 30}, "MMMM", black, 16, Text::Anchor::end});
    paint(list, path);
    const Picture picture(path);
    int left_ink = 0;
    int right_ink = 0;
    for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 200; ++x) {
            if (picture.at(x, y).red < 128) {
                (x < 100 ? left_ink : right_ink) += 1;
            }
        }
    }
    EXPECT_EQ(left_ink, 0);
    EXPECT_GT(right_ink, 50);
}

TEST(Paint, APolylineAfterATextBeginsAtItsFirstPoint) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "line.png";
    DisplayList list{100, 60, white, "", {}};
    list.add(Text{{5, 10}, "a", black, 8});
    list.add(Polyline{{{80, 50.5}, {90, 50.5}}, red, 1});
    paint(list, path);
    const Picture picture(path);
    EXPECT_EQ(picture.at(85, 50), red);
    for (int y = 15; y < 60; ++y) {
        for (int x = 0; x < 80; ++x) {
            ASSERT_EQ(picture.at(x, y), white) << x << ", " << y;
        }
    }
}

TEST(Paint, AMaskAsPngIsSmallAndShowsItsCells) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "mask.png";
    MaskPictureOptions options;
    options.theme = dark_theme();
    options.title = "causal";
    const DisplayList list = draw_mask(*causal(65536), options);
    paint(list, path);
    EXPECT_LT(std::filesystem::file_size(path), 200'000U);
    const Picture picture(path);
    EXPECT_EQ(picture.width(), 1100);
    EXPECT_EQ(picture.height(), static_cast<int>(list.height));
    EXPECT_EQ(picture.at(2, 2), options.theme.background);
    const Rect area = items_of<CellGrid>(list).at(0).area;
    const auto x = [&](double share) { return static_cast<int>(area.x + area.width * share); };
    const auto y = [&](double share) { return static_cast<int>(area.y + area.height * share); };
    EXPECT_EQ(picture.at(x(0.25), y(0.75)), options.theme.density.back());
    EXPECT_EQ(picture.at(x(0.75), y(0.25)), options.theme.density.front());
}

TEST(Paint, AnSvgHoldsItsTextsAsText) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "mask.svg";
    MaskPictureOptions options;
    options.title = "causal & \"more\" <of> it";
    const DisplayList list = draw_mask(*causal(65536), options);
    paint(list, path);
    const std::string svg = content_of(path);
    EXPECT_NE(svg.find(">causal &amp; &quot;more&quot; &lt;of&gt; it</text>"), std::string::npos);
    for (const char* text : {">16K</text>", ">queries</text>", ">Pairs kept in a cell</text>", ">&gt; 0 %</text>"}) {
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    }
    EXPECT_NE(svg.find("data:image/png;base64,iVBORw0KGgo"), std::string::npos) << "the cells";
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_LT(svg.size(), 200'000U);
}

TEST(Paint, AnSvgHoldsEveryItem) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "small.svg";
    paint(small_list(), path);
    const std::string svg = content_of(path);
    for (const char* item :
         {R"(<rect x="2" y="3" width="4" height="5" fill="#ff0000"/>)",
          R"(<line x1="20" y1="5.5" x2="30" y2="5.5" stroke="#000000" stroke-width="1"/>)",
          R"(<polygon points="20,10 30,10 30,20 20,20" fill="#0000ff"/>)",
          R"(<image x="0" y="20" width="16" height="8")", "<title>small &amp; &lt;fine&gt;</title>"}) {
        EXPECT_NE(svg.find(item), std::string::npos) << item;
    }
}

TEST(Paint, APdfIsWritten) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "timeline.pdf";
    TimelineOptions options;
    options.title = "t";
    paint(draw_timeline(Trace{4, {}}, options), path);
    const std::string pdf = content_of(path);
    EXPECT_TRUE(pdf.starts_with("%PDF-"));
    EXPECT_NE(pdf.find("%%EOF"), std::string::npos);
    EXPECT_NE(pdf.find("/Title (t)"), std::string::npos);
}

TEST(Paint, RefusesOtherExtensions) {
    for (const char* name : {"picture.gif", "picture", "picture.PNG.txt"}) {
        try {
            paint(small_list(), name);
            FAIL() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::bad_input);
            EXPECT_NE(std::string(error.what()).find("a name that ends in .png, .svg or .pdf"), std::string::npos);
        }
    }
}

TEST(Paint, SaysInOneLineWhyAFileCannotBeWrittenAndLeavesNothing) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "taken.png");
    for (const std::filesystem::path& path :
         {folder.path() / "missing" / "a.png", folder.path() / "missing" / "a.svg", folder.path() / "taken.png"}) {
        try {
            paint(small_list(), path);
            FAIL() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::failed);
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
            EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
        }
    }
    const auto left = std::filesystem::directory_iterator(folder.path());
    EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "the folder made above alone";
}

TEST(Paint, RefusesPicturesThatNoImageCanHold) {
    const TemporaryFolder folder;
    DisplayList list = small_list();
    list.height = 40000;
    EXPECT_THROW(paint(list, folder.path() / "a.png"), Error);
    EXPECT_THROW(paint(small_list(), folder.path() / "a.png", {0}), Error);
}

}  // namespace
}  // namespace longscope
