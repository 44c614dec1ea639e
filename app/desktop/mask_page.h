// SPDX-License-Identifier: GPL-3.0-or-later
// The mask's canvas with lines below it: what is under the pointer, what the selection sums up to, how far it is
// zoomed.
#pragma once

#include <QWidget>
#include <functional>
#include <string>

#include "app/desktop/document/evaluator.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/mask/mask_canvas.h"

class QLabel;

namespace longscope {

class MaskPage : public QWidget {
    Q_OBJECT

  public:
    // Both outlive it.
    MaskPage(Evaluator& evaluator, const Appearance& appearance, QWidget* parent = nullptr);

    [[nodiscard]] MaskCanvas& canvas() { return *canvas_; }
    // What the selection sums up to; empty without one, or while it is being counted.
    [[nodiscard]] QString summary() const;
    // Makes, on any thread, the densities that are in view now, one cell a line. Throws Error(failed) without a mask.
    [[nodiscard]] std::function<std::string()> csv_maker() const;
    // The picture as it is saved, with title and legend, to the clipboard a moment later. Throws Error(failed) without
    // a mask.
    void copy_picture(double width);

  private:
    void show_evaluation();
    void sum_up();
    void show_zoom();

    Evaluator& evaluator_;
    MaskCanvas* canvas_;
    QLabel* hover_;
    QLabel* summary_;
    QLabel* zoom_;
    LatestJob<std::int64_t> job_;
    LatestJob<DisplayList> copy_job_;
};

}  // namespace longscope
