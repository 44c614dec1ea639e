// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/mask_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/draw/density_grid.h"
#include "engine/draw/difference_grid.h"
#include "engine/draw/mask_legend.h"
#include "engine/draw/ticks.h"

namespace longscope {

namespace {

constexpr double margin = 28;
constexpr double panel_width = 214;
constexpr double panel_gap = 32;
constexpr double tick_length = 4;
constexpr double tick_label_size = 11;
constexpr double title_size = 18;
constexpr double caption_size = 12.5;
constexpr double caption_line = 18;
constexpr double strip_gap = 3;
constexpr double min_width = 480;
constexpr double tick_spacing = 72;
// From here on, single tokens are drawn as squares of whole points, and separated by lines when they are larger still.
constexpr double token_square = 3;
constexpr double token_lines = 9;

double strip_thickness(std::size_t ranks) {
    if (ranks == 0) {
        return 0;
    }
    const double lanes = std::min(static_cast<double>(ranks), 64.0);
    return lanes * std::clamp(std::floor(40.0 / lanes), 1.0, 8.0);
}

CellGrid transposed(const CellGrid& grid) {
    CellGrid mirror = grid;
    std::swap(mirror.rows, mirror.columns);
    for (std::size_t row = 0; row < static_cast<std::size_t>(grid.rows); ++row) {
        for (std::size_t column = 0; column < static_cast<std::size_t>(grid.columns); ++column) {
            const std::size_t from = row * static_cast<std::size_t>(grid.columns) + column;
            const std::size_t to = column * static_cast<std::size_t>(grid.rows) + row;
            mirror.values[to] = grid.values[from];
            mirror.classes[to] = grid.classes[from];
        }
    }
    return mirror;
}

std::string share_text(std::int64_t pairs, const Box& box) {
    return fmt::format("{} of {} pairs kept ({})", format_count(pairs), format_count(box.pairs()),
                       format_percent(static_cast<double>(pairs) / static_cast<double>(box.pairs())));
}

// One side of the plot: which tokens lie along it, and where.
struct Side {
    Range tokens;
    double begin = 0;
    double length = 0;

    [[nodiscard]] double place(std::int64_t position) const {
        return begin + length * static_cast<double>(position - tokens.begin) / static_cast<double>(tokens.size());
    }
};

class MaskPicture {
  public:
    // With a difference, `mask` is what both keep.
    MaskPicture(const Mask& mask, const MaskDifference* difference, const MaskPictureOptions& options)
        : mask_(mask),
          difference_(difference),
          options_(options),
          theme_(options.theme),
          region_(options.region.value_or(mask.box())),
          pairs_(mask.pairs()) {
        check_region();
        lay_out();
    }

    DisplayList draw() {
        list_.background = theme_.background;
        list_.title = options_.title;
        draw_caption();
        draw_cells();
        draw_documents();
        draw_frame();
        draw_axes();
        draw_strips();
        const double legend_end = draw_mask_legend(list_, theme_, legend_place(), panel_width, legend_facts());
        list_.width = width();
        list_.height = std::ceil(std::max(queries_.begin + queries_.length, legend_end) + margin);
        return std::move(list_);
    }

  private:
    void check_region() const {
        const Box whole = mask_.box();
        const auto inside = [](Range part, Range all) {
            return !part.empty() && part.begin >= all.begin && part.end <= all.end;
        };
        if (!inside(region_.q, whole.q) || !inside(region_.k, whole.k)) {
            throw bad_input(
                "region", fmt::format("{}:{},{}:{}", region_.q.begin, region_.q.end, region_.k.begin, region_.k.end),
                "is not a part of the mask",
                fmt::format("q0:q1,k0:k1 with 0 <= q0 < q1 <= {} and 0 <= k0 < k1 <= {}", whole.q.end, whole.k.end));
        }
    }

    [[nodiscard]] double width() const { return std::max(options_.width, min_width); }

    void compose_caption() {
        const Box whole = mask_.box();
        std::string facts =
            whole.q.size() == whole.k.size()
                ? fmt::format("{} tokens", format_count(whole.q.size()))
                : fmt::format("{} queries, {} keys", format_count(whole.q.size()), format_count(whole.k.size()));
        if (options_.cu_seqlens.size() > 2) {
            facts +=
                fmt::format(", {} documents", format_count(static_cast<std::int64_t>(options_.cu_seqlens.size()) - 1));
        }
        add_caption(facts, kept_text(pairs_, whole));
        if (options_.region) {
            add_caption(
                fmt::format("Shown: queries {} to {}, keys {} to {}", format_count(region_.q.begin),
                            format_count(region_.q.end), format_count(region_.k.begin), format_count(region_.k.end)),
                kept_text(mask_.pairs_in(region_), region_));
        }
    }

    [[nodiscard]] std::string kept_text(std::int64_t pairs, const Box& box) const {
        if (difference_ == nullptr) {
            return share_text(pairs, box);
        }
        return fmt::format("{} pairs kept by both, {} only by A, {} only by B", format_count(pairs),
                           format_count(difference_->only_a->pairs_in(box)),
                           format_count(difference_->only_b->pairs_in(box)));
    }

    // On one line where they fit, on two otherwise.
    void add_caption(const std::string& first, const std::string& second) {
        const std::string both = first + "; " + second;
        const double room = width() - 2 * margin;
        if (estimated_text_width(both, caption_size) <= room) {
            caption_.push_back(both);
        } else {
            caption_.push_back(fitted_text(first, caption_size, room));
            caption_.push_back(fitted_text(second, caption_size, room));
        }
    }

    void lay_out() {
        compose_caption();
        const double strip = strip_thickness(options_.ranks.size());
        const double strip_room = strip == 0 ? 0 : strip + strip_gap;
        double label_width = 0;
        for (const Tick& tick : token_ticks(region_.q, 12)) {
            label_width = std::max(label_width, estimated_text_width(tick.label, tick_label_size));
        }
        const double left = std::ceil(margin + 14 + label_width + 6 + tick_length + strip_room);
        const double right = legend_below() ? margin : panel_gap + panel_width + margin;
        const double room = std::floor(width() - left - right);
        const auto q = static_cast<double>(region_.q.size());
        const auto k = static_cast<double>(region_.k.size());
        // One scale on both sides, unless that would leave one of them a sliver.
        const double scale = room / std::max(q, k);
        const double whole_scale = scale >= token_square ? std::floor(scale) : scale;
        const auto length_of = [&](double tokens) {
            return std::max(std::round(tokens * whole_scale), std::floor(room / 4));
        };
        const double caption_bottom = 46 + caption_line * static_cast<double>(caption_.size());
        queries_ = {region_.q, caption_bottom + 48 + tick_length + strip_room, length_of(q)};
        keys_ = {region_.k, left, length_of(k)};
    }

    // Beside it, the plot would be left too small.
    [[nodiscard]] bool legend_below() const { return width() < 760; }

    [[nodiscard]] Point legend_place() const {
        return legend_below() ? Point{keys_.begin, queries_.begin + queries_.length + panel_gap}
                              : Point{keys_.begin + keys_.length + panel_gap, queries_.begin};
    }

    [[nodiscard]] Rect plot() const { return {keys_.begin, queries_.begin, keys_.length, queries_.length}; }

    [[nodiscard]] std::int32_t cells_along(const Side& side) const {
        return static_cast<std::int32_t>(std::min({static_cast<double>(side.tokens.size()), side.length,
                                                   static_cast<double>(std::max(options_.max_cells, 1))}));
    }

    void add_text(Point at, std::string text, double size, Colour colour, Text::Anchor anchor = Text::Anchor::start,
                  Text::Weight weight = Text::Weight::normal, double rotation_degrees = 0) {
        list_.add(Text{at, std::move(text), colour, size, anchor, weight, rotation_degrees});
    }

    void draw_caption() {
        add_text({margin, 40}, fitted_text(options_.title, title_size, width() - 2 * margin, Text::Weight::bold),
                 title_size, theme_.foreground, Text::Anchor::start, Text::Weight::bold);
        double y = 43;
        for (const std::string& line : caption_) {
            add_text({margin, y += caption_line}, line, caption_size, theme_.muted);
        }
    }

    void draw_cells() {
        const std::int32_t rows = cells_along(queries_);
        const std::int32_t columns = cells_along(keys_);
        if (difference_ != nullptr) {
            DifferenceGrid grid = difference_grid(*difference_, region_, rows, columns, theme_);
            q_edges_ = std::move(grid.q_edges);
            k_edges_ = std::move(grid.k_edges);
            grid.cells.area = plot();
            list_.add(std::move(grid.cells));
            return;
        }
        DensityGrid density = density_grid(mask_, region_, rows, columns);
        q_edges_ = std::move(density.q_edges);
        k_edges_ = std::move(density.k_edges);
        list_.add(CellGrid{plot(), columns, rows, std::move(density.values), theme_.density, {}, {}});
    }

    // A document is outlined where its square has a side of at least min_document_side points.
    void draw_documents() {
        const std::vector<std::int64_t>& edges = options_.cu_seqlens;
        for (std::size_t i = 0; edges.size() > 2 && i + 1 < edges.size(); ++i) {
            const Range document{edges[i], edges[i + 1]};
            const Range q = intersect(document, region_.q);
            const Range k = intersect(document, region_.k);
            const auto length = static_cast<double>(document.size());
            if (q.empty() || k.empty() || length * points_per_token() < min_document_side) {
                continue;
            }
            for (const std::int64_t edge : {document.begin, document.end}) {
                if (edge > region_.q.begin && edge < region_.q.end) {
                    const double y = std::round(queries_.place(edge));
                    list_.add(Line{{keys_.place(k.begin), y}, {keys_.place(k.end), y}, theme_.edge});
                }
                if (edge > region_.k.begin && edge < region_.k.end) {
                    const double x = std::round(keys_.place(edge));
                    list_.add(Line{{x, queries_.place(q.begin)}, {x, queries_.place(q.end)}, theme_.edge});
                }
            }
            documents_drawn_ = true;
        }
    }

    [[nodiscard]] double points_per_token() const {
        return std::min(queries_.length / static_cast<double>(queries_.tokens.size()),
                        keys_.length / static_cast<double>(keys_.tokens.size()));
    }

    void draw_frame() {
        const Rect area = plot();
        if (points_per_token() >= token_lines) {
            for (std::int64_t q = region_.q.begin + 1; q < region_.q.end; ++q) {
                list_.add(Line{{area.x, queries_.place(q)}, {area.right(), queries_.place(q)}, theme_.background});
            }
            for (std::int64_t k = region_.k.begin + 1; k < region_.k.end; ++k) {
                list_.add(Line{{keys_.place(k), area.y}, {keys_.place(k), area.bottom()}, theme_.background});
            }
        }
        // Just outside, so that the frame hides no cell.
        list_.add(Line{{area.x - 1, area.y - 1}, {area.right() + 1, area.y - 1}, theme_.grid});
        list_.add(Line{{area.x - 1, area.bottom()}, {area.right() + 1, area.bottom()}, theme_.grid});
        list_.add(Line{{area.x - 1, area.y - 1}, {area.x - 1, area.bottom() + 1}, theme_.grid});
        list_.add(Line{{area.right(), area.y - 1}, {area.right(), area.bottom() + 1}, theme_.grid});
    }

    void draw_axes() {
        const double strip = strip_thickness(options_.ranks.size());
        const double outside = 1 + (strip == 0 ? 0 : strip + strip_gap);
        const Rect area = plot();
        const double axis_y = area.y - outside;
        const double axis_x = area.x - outside;
        const auto count = [](double length) { return std::max(2, static_cast<int>(length / tick_spacing)); };
        for (const Tick& tick : token_ticks(region_.k, count(keys_.length))) {
            const double x = std::round(keys_.place(tick.value));
            list_.add(Line{{x, axis_y - tick_length}, {x, axis_y}, theme_.muted});
            add_text({x, axis_y - tick_length - 5}, tick.label, tick_label_size, theme_.muted, Text::Anchor::middle);
        }
        for (const Tick& tick : token_ticks(region_.q, count(queries_.length))) {
            const double y = std::round(queries_.place(tick.value));
            list_.add(Line{{axis_x - tick_length, y}, {axis_x, y}, theme_.muted});
            add_text({axis_x - tick_length - 5, y + 4}, tick.label, tick_label_size, theme_.muted, Text::Anchor::end);
        }
        add_text({area.x + area.width / 2, axis_y - tick_length - 24}, "keys", caption_size, theme_.foreground,
                 Text::Anchor::middle);
        add_text({margin, area.y + area.height / 2}, "queries", caption_size, theme_.foreground, Text::Anchor::middle,
                 Text::Weight::normal, -90);
    }

    void draw_strips() {
        if (options_.ranks.empty()) {
            return;
        }
        const double strip = strip_thickness(options_.ranks.size());
        const Rect area = plot();
        CellGrid left = ownership_grid(options_.ranks, q_edges_, theme_);
        left.area = {area.x - 1 - strip_gap - strip, area.y, strip, area.height};
        list_.add(std::move(left));
        CellGrid top = transposed(ownership_grid(options_.ranks, k_edges_, theme_));
        top.area = {area.x, area.y - 1 - strip_gap - strip, area.width, strip};
        list_.add(std::move(top));
    }

    [[nodiscard]] MaskLegendFacts legend_facts() const {
        MaskLegendFacts facts;
        facts.cell_q = largest_step(q_edges_);
        facts.cell_k = largest_step(k_edges_);
        if (difference_ != nullptr) {
            facts.difference = {difference_->only_a->pairs_in(region_), difference_->only_b->pairs_in(region_),
                                mask_.pairs_in(region_)};
        }
        if (documents_drawn_) {
            facts.outlined_from = static_cast<std::int64_t>(std::ceil(min_document_side / points_per_token()));
        }
        for (const TokenSet& rank : options_.ranks) {
            std::int64_t pairs = 0;
            for (const Range range : rank.ranges()) {
                pairs += mask_.pairs_in({range, {0, mask_.key_tokens()}});
            }
            facts.ranks.push_back(
                {rank.size(), pairs_ == 0 ? 0.0 : static_cast<double>(pairs) / static_cast<double>(pairs_)});
        }
        return facts;
    }

    static std::int64_t largest_step(const std::vector<std::int64_t>& edges) {
        std::int64_t largest = 0;
        for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
            largest = std::max(largest, edges[i + 1] - edges[i]);
        }
        return largest;
    }

    static constexpr double min_document_side = 6;

    const Mask& mask_;
    const MaskDifference* difference_;
    const MaskPictureOptions& options_;
    const Theme& theme_;
    Box region_;
    std::int64_t pairs_;  // of the whole mask
    std::vector<std::string> caption_;
    Side queries_;
    Side keys_;
    std::vector<std::int64_t> q_edges_;
    std::vector<std::int64_t> k_edges_;
    bool documents_drawn_ = false;
    DisplayList list_;
};

}  // namespace

DisplayList draw_mask(const Mask& mask, const MaskPictureOptions& options) {
    return MaskPicture(mask, nullptr, options).draw();
}

DisplayList draw_mask_difference(const MaskDifference& difference, const MaskPictureOptions& options) {
    MaskPictureOptions without_ranks = options;
    without_ranks.ranks.clear();
    return MaskPicture(*difference.both, &difference, without_ranks).draw();
}

}  // namespace longscope
