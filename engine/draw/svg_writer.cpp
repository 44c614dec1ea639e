// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/svg_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/draw/cairo_context.h"
#include "engine/draw/xml_text.h"

namespace longscope {

namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += i + j <= bytes.size() ? digits[group >> (18U - 6U * j) & 63U] : '=';
        }
    }
    return out;
}

// `property` is "fill" or "stroke".
std::string paint_attributes(std::string_view property, Colour colour) {
    std::string text = fmt::format(R"({}="#{:02x}{:02x}{:02x}")", property, colour.red, colour.green, colour.blue);
    if (colour.alpha != 255) {
        text += fmt::format(R"( {}-opacity="{:.3f}")", property, colour.alpha / 255.0);
    }
    return text;
}

// At most two decimals, without trailing zeros.
std::string number(double value) {
    return fmt::format("{}", std::round(value * 100) / 100);
}

class ItemWriter {
  public:
    explicit ItemWriter(std::string& out) : out_(out) {}

    void operator()(const FilledRect& item) {
        append(R"(<rect x="{}" y="{}" width="{}" height="{}" {}/>)", number(item.area.x), number(item.area.y),
               number(item.area.width), number(item.area.height), paint_attributes("fill", item.colour));
    }

    void operator()(const Line& item) {
        // As in the other painters: the edges of lines along the axes fall on whole points.
        const auto crisp = [&](double position) { return std::round(position) + item.width / 2; };
        const bool vertical = item.from.x == item.to.x;
        const bool horizontal = item.from.y == item.to.y;
        append(R"(<line x1="{}" y1="{}" x2="{}" y2="{}" {} stroke-width="{}"/>)",
               number(vertical ? crisp(item.from.x) : item.from.x),
               number(horizontal ? crisp(item.from.y) : item.from.y), number(vertical ? crisp(item.to.x) : item.to.x),
               number(horizontal ? crisp(item.to.y) : item.to.y), paint_attributes("stroke", item.colour),
               number(item.width));
    }

    void operator()(const Polyline& item) {
        std::string points;
        for (const Point point : item.points) {
            points += fmt::format("{}{},{}", points.empty() ? "" : " ", number(point.x), number(point.y));
        }
        if (item.filled) {
            append(R"(<polygon points="{}" {}/>)", points, paint_attributes("fill", item.colour));
        } else {
            append(R"(<polyline points="{}" fill="none" {} stroke-width="{}"/>)", points,
                   paint_attributes("stroke", item.colour), number(item.width));
        }
    }

    void operator()(const Text& item) {
        std::string more;
        if (item.anchor != Text::Anchor::start) {
            more += item.anchor == Text::Anchor::middle ? R"( text-anchor="middle")" : R"( text-anchor="end")";
        }
        if (item.weight == Text::Weight::bold) {
            more += R"( font-weight="bold")";
        }
        if (item.rotation_degrees != 0) {
            more += fmt::format(R"x( transform="rotate({} {} {})")x", number(item.rotation_degrees), number(item.at.x),
                                number(item.at.y));
        }
        append(R"(<text x="{}" y="{}" font-size="{}" {}{}>{}</text>)", number(item.at.x), number(item.at.y),
               number(item.size), paint_attributes("fill", item.colour), more, xml_escaped(item.text));
    }

    void operator()(const CellGrid& item) {
        // Some viewers smooth images whatever they are told: with two pixels a point, only the borders of cells blur.
        const auto repetitions = [](double length, std::int32_t cells) {
            return static_cast<std::int32_t>(std::max(1.0, std::ceil(2 * length / cells)));
        };
        const Surface image =
            cell_image(item, repetitions(item.area.width, item.columns), repetitions(item.area.height, item.rows));
        append(R"(<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" )"
               R"(style="image-rendering:pixelated" )"
               R"(href="data:image/png;base64,{}"/>)",
               number(item.area.x), number(item.area.y), number(item.area.width), number(item.area.height),
               base64(png_of(image.get())));
    }

  private:
    template <typename... Values>
    void append(fmt::format_string<Values...> pattern, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), pattern, std::forward<Values>(values)...);
        out_ += '\n';
    }

    std::string& out_;
};

}  // namespace

std::string svg_of(const DisplayList& list) {
    std::string out = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" )"
        "font-family=\"DejaVu Sans, sans-serif\" xml:space=\"preserve\">\n<title>{2}</title>\n",
        number(list.width), number(list.height), xml_escaped(list.title));
    ItemWriter writer(out);
    writer(FilledRect{{0, 0, list.width, list.height}, list.background});
    for (const DisplayItem& item : list.items) {
        std::visit(writer, item);
    }
    return out + "</svg>\n";
}

}  // namespace longscope
