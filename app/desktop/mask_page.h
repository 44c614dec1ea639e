// SPDX-License-Identifier: GPL-3.0-or-later
// The mask's canvas with lines below it: what is under the pointer, what the selection sums up to, how far it is
// zoomed; and another mask beside it when two are compared.
#pragma once

#include <QWidget>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/mask_comparison.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/mask/mask_canvas.h"

class QLabel;
class QMenu;
class QToolButton;

namespace longscope {

class ComparisonBar;
class HeadBar;
class LookBar;

class MaskPage : public QWidget {
    Q_OBJECT

  public:
    // Both outlive it.
    MaskPage(Evaluator& evaluator, const Appearance& appearance, QWidget* parent = nullptr);

    [[nodiscard]] MaskCanvas& canvas() { return *canvas_; }
    [[nodiscard]] MaskComparison& comparison() { return comparison_; }
    [[nodiscard]] const ComparisonBar& comparison_bar() const { return *bar_; }
    // What the button of the page offers; it outlives the page or is a part of it.
    void set_compare_menu(QMenu& menu);
    // The mask of something else than the experiment in its place, and what that is, until end_look(). Ends a
    // comparison.
    void look_at(std::shared_ptr<const ShownMask> mask, const QString& what);
    void end_look();
    [[nodiscard]] bool looking() const { return looked_at_ != nullptr; }
    // To the place where the compared masks differ that comes after the one that was gone to last, or before it; behind
    // the last comes the first.
    void go_to_difference(bool forward);
    // What the selection sums up to; empty without one, or while it is being counted.
    [[nodiscard]] QString summary() const;
    // Makes, on any thread, the densities that are in view now, one cell a line. Throws Error(failed) without a mask.
    [[nodiscard]] std::function<std::string()> csv_maker() const;
    // The picture as it is saved, with title and legend, to the clipboard a moment later. Throws Error(failed) without
    // a mask.
    void copy_picture(double width);

  Q_SIGNALS:
    // The mask that is looked at beside that of the experiment.
    void compare_look_wanted();
    void look_changed();

  private:
    // Pairs of a selection; of two masks, those of each kind.
    struct Sum {
        std::int64_t pairs = 0;       // of this mask
        std::int64_t head_pairs = 0;  // of all heads
        std::int64_t only_here = 0;
        std::int64_t only_there = 0;
        std::int64_t both = 0;
    };
    void show_newest();
    // That of the head which is chosen, where heads differ.
    void show_head_of(const std::shared_ptr<const ShownMask>& shown);
    void sum_up();
    [[nodiscard]] static QString text_of(const ShownMask& shown, const Box& box, const Sum& sum);
    void show_zoom();

    Evaluator& evaluator_;
    MaskComparison comparison_;
    std::shared_ptr<const ShownMask> looked_at_;
    LookBar* look_bar_;
    HeadBar* head_bar_;
    ComparisonBar* bar_;
    MaskCanvas* canvas_;
    QLabel* hover_;
    QLabel* summary_;
    QLabel* zoom_;
    QToolButton* compare_;
    std::optional<Box> visited_;  // the place of differences that was gone to last
    LatestJob<Sum> job_;
    LatestJob<Box> place_job_;
    LatestJob<DisplayList> copy_job_;
};

}  // namespace longscope
