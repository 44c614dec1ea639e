// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/step_diagram_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace longscope {

namespace {

constexpr double margin = 14;
constexpr double label_width = 52;
constexpr double header = 26;
constexpr double box_width = 118;
constexpr double box_height = 44;
constexpr double column_gap = 96;
constexpr double row_gap = 20;
constexpr double legend_height = 34;
constexpr double text_size = 12;
constexpr double head_length = 8;
constexpr double head_width = 6;
constexpr std::array<StepPayload, 6> payloads{StepPayload::queries,   StepPayload::key_values, StepPayload::results,
                                              StepPayload::gradients, StepPayload::keys,       StepPayload::values};

bool is_dark(Colour colour) {
    return 0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue < 128;
}

class StepDiagramPicture {
  public:
    StepDiagramPicture(const StepDiagram& diagram, const StepDiagramOptions& options)
        : diagram_(diagram), theme_(options.theme) {
        list_.background = theme_.background;
        list_.title = options.title;
        for (const auto& steps : diagram_.ranks) {
            for (const auto& blocks : steps) {
                largest_flops_ = std::max(largest_flops_, flops_of(blocks));
            }
        }
        // Those that leave in the last step need a column to arrive in.
        const auto columns = static_cast<double>(diagram_.steps());
        ends_with_arrows_ = std::any_of(diagram_.arrows.begin(), diagram_.arrows.end(), [&](const StepArrow& arrow) {
            return arrow.step + 1 == static_cast<std::int32_t>(diagram_.steps());
        });
        const auto ranks = static_cast<double>(diagram_.ranks.size());
        const double gaps = columns - 1 + (ends_with_arrows_ ? 1 : 0);
        list_.width = 2 * margin + label_width + columns * box_width + std::max(0.0, gaps) * column_gap +
                      (ends_with_arrows_ ? label_width : 0);
        list_.height = 2 * margin + header + ranks * (box_height + row_gap) + legend_height - row_gap;
    }

    DisplayList draw() {
        draw_headers();
        for (const StepArrow& arrow : diagram_.arrows) {
            draw_arrow(arrow);
        }
        for (std::size_t rank = 0; rank < diagram_.ranks.size(); ++rank) {
            for (std::size_t step = 0; step < diagram_.steps(); ++step) {
                draw_box(rank, step);
            }
        }
        draw_legend();
        return std::move(list_);
    }

  private:
    static double flops_of(const std::vector<StepBlock>& blocks) {
        double sum = 0;
        for (const StepBlock& block : blocks) {
            sum += block.flops;
        }
        return sum;
    }

    [[nodiscard]] static double left_of(std::int64_t step) {
        return margin + label_width + static_cast<double>(step) * (box_width + column_gap);
    }
    [[nodiscard]] static double top_of(std::int64_t rank) {
        return margin + header + static_cast<double>(rank) * (box_height + row_gap);
    }
    [[nodiscard]] Colour colour_of(StepPayload payload) const {
        constexpr std::array<std::size_t, 6> places{1, 0, 2, 3, 0, 5};
        return theme_.few_ranks.at(places.at(static_cast<std::size_t>(payload)));
    }

    void draw_headers() {
        for (std::size_t step = 0; step < diagram_.steps(); ++step) {
            list_.add(Text{{left_of(static_cast<std::int64_t>(step)) + box_width / 2, margin + 14},
                           fmt::format("step {}", step),
                           theme_.muted,
                           text_size,
                           Text::Anchor::middle});
        }
        for (std::size_t rank = 0; rank < diagram_.ranks.size(); ++rank) {
            const double y = top_of(static_cast<std::int64_t>(rank)) + box_height / 2 + 4;
            list_.add(Text{{margin, y}, fmt::format("rank {}", rank), theme_.foreground, text_size});
            if (ends_with_arrows_) {
                list_.add(Text{{list_.width - margin, y},
                               fmt::format("rank {}", rank),
                               theme_.foreground,
                               text_size,
                               Text::Anchor::end});
            }
        }
    }

    // From the right side of a box to the left side of one in the next column; those of several senders and of several
    // payloads lie beside each other.
    void draw_arrow(const StepArrow& arrow) {
        const double middle = (static_cast<double>(diagram_.ranks.size()) - 1) / 2;
        constexpr std::array<double, 6> offsets{-7, 0, 7, 14, 0, 7};
        const double kind = offsets.at(static_cast<std::size_t>(arrow.payload));
        const Point from{left_of(arrow.step) + box_width + 2,
                         top_of(arrow.from) + box_height / 2 + kind + (static_cast<double>(arrow.to) - middle) * 2};
        const Point to{left_of(arrow.step + 1) - 3,
                       top_of(arrow.to) + box_height / 2 + kind + (static_cast<double>(arrow.from) - middle) * 2};
        const double length = std::hypot(to.x - from.x, to.y - from.y);
        const Point along{(to.x - from.x) / length, (to.y - from.y) / length};
        const Point neck{to.x - along.x * head_length, to.y - along.y * head_length};
        const Colour colour = colour_of(arrow.payload);
        list_.add(Polyline{{from, neck}, colour, 1.4, false});
        list_.add(Polyline{{to,
                            {neck.x - along.y * head_width / 2, neck.y + along.x * head_width / 2},
                            {neck.x + along.y * head_width / 2, neck.y - along.x * head_width / 2}},
                           colour,
                           1,
                           true});
    }

    void draw_box(std::size_t rank, std::size_t step) {
        const std::vector<StepBlock>& blocks = diagram_.ranks[rank][step];
        const Rect area{left_of(static_cast<std::int64_t>(step)), top_of(static_cast<std::int64_t>(rank)), box_width,
                        box_height};
        const double share = largest_flops_ == 0 ? 0 : flops_of(blocks) / largest_flops_;
        const Colour fill = blocks.empty() ? theme_.background : mix(theme_.density[1], theme_.density[4], share);
        list_.add(FilledRect{area, theme_.grid});
        list_.add(FilledRect{{area.x + 1, area.y + 1, area.width - 2, area.height - 2}, fill});
        std::vector<std::string> lines = lines_of(blocks);
        const Colour colour = blocks.empty()  ? theme_.muted
                              : is_dark(fill) ? Colour{255, 255, 255}
                                              : Colour{0x1B, 0x1F, 0x24};
        double y = area.y + box_height / 2 + 4 - (static_cast<double>(lines.size()) - 1) * 8;
        for (const std::string& line : lines) {
            list_.add(Text{{area.x + box_width / 2, y},
                           fitted_text(line, text_size - 1, box_width - 6),
                           colour,
                           text_size - 1,
                           Text::Anchor::middle});
            y += 16;
        }
    }

    static std::string left_of(const StepBlock& block) {
        return (block.operands == StepOperands::scores_and_values ? "S " : "Q ") + block.queries;
    }
    static std::string right_of(const StepBlock& block) {
        return (block.operands == StepOperands::queries_and_keys    ? "K "
                : block.operands == StepOperands::scores_and_values ? "V "
                                                                    : "KV ") +
               block.keys;
    }

    // At most two lines.
    static std::vector<std::string> lines_of(const std::vector<StepBlock>& blocks) {
        if (blocks.empty()) {
            return {"no pairs"};
        }
        std::vector<std::string> lines{fmt::format("{} x {}", left_of(blocks[0]), right_of(blocks[0]))};
        if (blocks.size() == 1 && estimated_text_width(lines[0], text_size - 1) > box_width - 6) {
            return {left_of(blocks[0]) + " x", right_of(blocks[0])};
        }
        if (blocks.size() == 2) {
            lines.push_back(fmt::format("{} x {}", left_of(blocks[1]), right_of(blocks[1])));
        } else if (blocks.size() > 2) {
            lines.push_back(fmt::format("and {} more", blocks.size() - 1));
        } else if (!blocks[0].heads.empty()) {
            lines.push_back(fmt::format("heads {}", blocks[0].heads));
        }
        return lines;
    }

    void draw_legend() {
        double x = margin + label_width;
        const double y = list_.height - margin - 4;
        for (const StepPayload payload : payloads) {
            const bool occurs = std::any_of(diagram_.arrows.begin(), diagram_.arrows.end(),
                                            [&](const StepArrow& arrow) { return arrow.payload == payload; });
            if (!occurs) {
                continue;
            }
            const std::string name(to_string(payload));
            list_.add(Line{{x, y - 4}, {x + 22, y - 4}, colour_of(payload), 2});
            list_.add(Text{{x + 28, y}, name, theme_.muted, text_size});
            x += 28 + estimated_text_width(name, text_size) + 18;
        }
        if (diagram_.arrows.empty()) {
            list_.add(Text{{x, y}, "nothing moves between ranks", theme_.muted, text_size});
        }
    }

    const StepDiagram& diagram_;
    const Theme& theme_;
    double largest_flops_ = 0;
    bool ends_with_arrows_ = false;
    DisplayList list_;
};

}  // namespace

DisplayList draw_step_diagram(const StepDiagram& diagram, const StepDiagramOptions& options) {
    return StepDiagramPicture(diagram, options).draw();
}

}  // namespace longscope
