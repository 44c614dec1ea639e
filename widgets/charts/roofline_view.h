// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels of a run under the roof of their device, and a line of figures for each below it.
#pragma once

#include <QLabel>
#include <QString>
#include <QWidget>
#include <functional>
#include <memory>
#include <string>

#include "engine/draw/display_list.h"
#include "profiler/roofline_report.h"
#include "widgets/base/appearance.h"

namespace longscope {

class RooflineView : public QWidget {
    Q_OBJECT

  public:
    // `appearance` outlives it.
    explicit RooflineView(const Appearance& appearance, QWidget* parent = nullptr);

    // `title` says which repetition of which run. Null: no run is shown.
    void show_kernels(std::shared_ptr<const KernelsUnderRoof> kernels, const QString& title);

    [[nodiscard]] bool has_picture() const { return kernels_ != nullptr && kernels_->missing().empty(); }
    // Why there is no picture; empty with one.
    [[nodiscard]] QString empty_text() const;
    [[nodiscard]] QString figures() const { return figures_->text(); }

    // Made on any thread. Only with a picture.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;
    [[nodiscard]] std::string csv() const;
    void copy() const;  // the picture, to the clipboard

    [[nodiscard]] QSize minimumSizeHint() const override { return {220, 160}; }

  Q_SIGNALS:
    void save_requested();  // the window asks for a file name

  protected:
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

  private:
    class Canvas;

    [[nodiscard]] RooflinePicture picture(double width, double height) const;
    void describe();

    const Appearance& appearance_;
    std::shared_ptr<const KernelsUnderRoof> kernels_;
    QString title_;
    Canvas* canvas_;
    QLabel* figures_;
};

}  // namespace longscope
