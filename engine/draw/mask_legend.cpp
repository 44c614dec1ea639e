// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/mask_legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/units.h"
#include "engine/draw/difference_grid.h"

namespace longscope {

namespace {

constexpr double text_size = 12;
constexpr double line_height = 20;
constexpr double swatch = 12;
constexpr double section_gap = 22;
// More ranks than these are summed up instead of listed.
constexpr std::size_t max_listed_ranks = 16;

class Legend {
  public:
    Legend(DisplayList& list, const Theme& theme, Point at, double width)
        : list_(list), theme_(theme), x_(at.x), y_(at.y), width_(width) {}

    void heading(std::string text) {
        y_ += text_size;
        list_.add(
            Text{{x_, y_}, std::move(text), theme_.foreground, text_size, Text::Anchor::start, Text::Weight::bold});
        y_ += 10;
    }

    void line(const std::string& text) {
        list_.add(Text{{x_, y_ + text_size}, fitted_text(text, text_size, width_), theme_.muted, text_size});
        y_ += line_height;
    }

    void density() {
        constexpr std::int32_t steps = 100;
        CellGrid bar{{x_, y_, width_, swatch}, steps, 1, {}, theme_.density, {}, {}};
        for (std::int32_t i = 0; i < steps; ++i) {
            bar.values.push_back(static_cast<float>(i + 1) / static_cast<float>(steps));
        }
        list_.add(std::move(bar));
        y_ += swatch + 4 + text_size;
        list_.add(Text{{x_, y_}, "> 0 %", theme_.muted, text_size});
        list_.add(Text{{x_ + width_, y_}, "100 %", theme_.muted, text_size, Text::Anchor::end});
        y_ += 8;
        outlined_swatch(theme_.density.front(), theme_.grid);
        swatch_line("no pair kept");
    }

    void difference(const MaskLegendFacts::Difference& pairs) {
        const std::array<Colour, 3> colours = difference_colours(theme_);
        plain_swatch(colours[0]);
        swatch_line(fmt::format("only A: {}", format_count(pairs.only_a)));
        plain_swatch(colours[1]);
        swatch_line(fmt::format("only B: {}", format_count(pairs.only_b)));
        plain_swatch(colours[2]);
        swatch_line("both kinds in a cell");
        plain_swatch(agreement_ramp(theme_).back());
        swatch_line(fmt::format("A and B: {}", format_count(pairs.both)));
        outlined_swatch(theme_.density.front(), theme_.grid);
        swatch_line("neither");
    }

    void document_outline(std::int64_t tokens) {
        outlined_swatch(theme_.density.front(),
                        mix(theme_.density.front(), theme_.foreground, theme_.edge.alpha / 255.0));
        swatch_line(fmt::format("document (from {} tokens)", format_count(tokens)));
    }

    void listed_ranks(const std::vector<MaskLegendFacts::Rank>& ranks) {
        columns("", "tokens", "pairs", theme_.muted);
        for (std::size_t i = 0; i < ranks.size(); ++i) {
            list_.add(FilledRect{{x_, y_ + 1, swatch, swatch},
                                 theme_.rank(static_cast<std::int64_t>(i), static_cast<std::int64_t>(ranks.size()))});
            columns(fmt::format("rank {}", i), format_count(ranks[i].tokens), format_percent(ranks[i].pair_share),
                    theme_.foreground);
        }
    }

    void summed_ranks(const std::vector<MaskLegendFacts::Rank>& ranks) {
        constexpr std::int32_t steps = 100;
        CellGrid bar{{x_, y_, width_, swatch}, steps, 1, {}, {theme_.many_ranks.front()}, {}, {}};
        bar.ramp.insert(bar.ramp.end(), theme_.many_ranks.begin(), theme_.many_ranks.end());
        for (std::int32_t i = 0; i < steps; ++i) {
            bar.values.push_back(static_cast<float>(i) / static_cast<float>(steps - 1));
        }
        list_.add(std::move(bar));
        y_ += swatch + 4 + text_size;
        list_.add(Text{{x_, y_}, "rank 0", theme_.muted, text_size});
        list_.add(Text{
            {x_ + width_, y_}, fmt::format("rank {}", ranks.size() - 1), theme_.muted, text_size, Text::Anchor::end});
        y_ += 8;
    }

    void balance(const std::vector<MaskLegendFacts::Rank>& ranks) {
        const auto [least, most] = std::minmax_element(
            ranks.begin(), ranks.end(), [](const auto& a, const auto& b) { return a.pair_share < b.pair_share; });
        if (most->pair_share > 0) {
            if (ranks.size() > max_listed_ranks) {
                line(fmt::format("pairs: {} to {}", format_percent(least->pair_share),
                                 format_percent(most->pair_share)));
            }
            line(fmt::format("pairs, largest / mean: {:.3f}", most->pair_share * static_cast<double>(ranks.size())));
        }
    }

    void gap() { y_ += section_gap; }
    [[nodiscard]] double y() const { return y_; }

  private:
    void plain_swatch(Colour colour) { list_.add(FilledRect{{x_, y_ + 1, swatch, swatch}, colour}); }

    void outlined_swatch(Colour inside, Colour outline) {
        list_.add(FilledRect{{x_, y_ + 1, swatch, swatch}, outline});
        list_.add(FilledRect{{x_ + 1, y_ + 2, swatch - 2, swatch - 2}, inside});
    }

    void swatch_line(const std::string& text) {
        const double indent = swatch + 8;
        list_.add(Text{{x_ + indent, y_ + text_size - 0.5},
                       fitted_text(text, text_size, width_ - indent),
                       theme_.muted,
                       text_size});
        y_ += line_height;
    }

    void columns(std::string name, std::string tokens, std::string pairs, Colour colour) {
        const double baseline = y_ + text_size - 0.5;
        list_.add(Text{{x_ + swatch + 8, baseline}, std::move(name), colour, text_size});
        list_.add(Text{{x_ + width_ * 0.67, baseline}, std::move(tokens), colour, text_size, Text::Anchor::end});
        list_.add(Text{{x_ + width_, baseline}, std::move(pairs), colour, text_size, Text::Anchor::end});
        y_ += line_height;
    }

    DisplayList& list_;
    const Theme& theme_;
    double x_;
    double y_;
    double width_;
};

}  // namespace

double draw_mask_legend(DisplayList& list, const Theme& theme, Point at, double width, const MaskLegendFacts& facts) {
    Legend legend(list, theme, at, width);
    if (facts.difference) {
        legend.heading("Pairs kept by");
        legend.difference(*facts.difference);
    } else {
        legend.heading("Pairs kept in a cell");
        legend.density();
    }
    if (facts.outlined_from) {
        legend.document_outline(*facts.outlined_from);
    }
    legend.line(facts.cell_q == 1 && facts.cell_k == 1
                    ? std::string("one cell: one pair")
                    : fmt::format("one cell: {} x {} tokens", format_count(facts.cell_q), format_count(facts.cell_k)));
    if (!facts.ranks.empty()) {
        legend.gap();
        legend.heading(fmt::format("Held by {} {}", facts.ranks.size(), facts.ranks.size() == 1 ? "rank" : "ranks"));
        if (facts.ranks.size() <= max_listed_ranks) {
            legend.listed_ranks(facts.ranks);
        } else {
            legend.summed_ranks(facts.ranks);
        }
        legend.balance(facts.ranks);
    }
    return legend.y();
}

}  // namespace longscope
