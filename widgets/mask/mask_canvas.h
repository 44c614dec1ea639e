// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as a picture that is moved and zoomed: queries down, keys right, shaded by the exact density; borders of
// documents and ranks. Tiles come from another thread; until one is there a coarser one stands in for it.
#pragma once

#include <QWidget>
#include <functional>
#include <memory>
#include <optional>

#include "engine/draw/display_list.h"
#include "widgets/base/appearance.h"
#include "widgets/mask/mask_tiles.h"
#include "widgets/mask/mask_viewport.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

class MaskCanvas : public QWidget {
    Q_OBJECT

  public:
    explicit MaskCanvas(const Appearance& appearance, QWidget* parent = nullptr);

    // Null: nothing. The view stays where it is when the matrix has the same size.
    void show_mask(std::shared_ptr<const ShownMask> mask);
    [[nodiscard]] const std::shared_ptr<const ShownMask>& shown() const { return mask_; }
    // Says in place of a picture why there is none.
    void set_empty_text(const QString& text);

    [[nodiscard]] const MaskViewport& viewport() const { return viewport_; }
    [[nodiscard]] std::optional<Box> selection() const { return selection_; }
    [[nodiscard]] const FrameQuality& frame_quality() const { return tiles_.last_frame(); }
    // Is nothing computed any more, for this view and for what the next one may show?
    [[nodiscard]] bool idle() const { return tiles_.idle(); }
    [[nodiscard]] QRectF plot() const;  // where the matrix is painted, in the widget's coordinates
    // Makes, on any thread, a picture of what is in view now, for files. Only with a mask.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;
    // "query 5, key 3, ..." of a point of the widget; empty outside of the matrix.
    [[nodiscard]] QString text_at(const QPointF& point) const;

    [[nodiscard]] QSize sizeHint() const override { return {900, 700}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 180}; }

  public Q_SLOTS:
    void zoom_in();
    void zoom_out();
    void fit();
    // The selection as large as it goes; when it is, or without one, the whole matrix.
    void focus_selection();
    void select(std::optional<Box> box);
    // Selects a box and shows it whole in the middle, with some tokens around it.
    void go_to(const Box& box);

  Q_SIGNALS:
    // text_at() the pointer, whenever it or the view moves; empty while it is elsewhere.
    void hovered(const QString& text);
    void selection_changed();
    void view_changed();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    enum class Drag { none, pan, select };

    [[nodiscard]] Box box_between(const QPointF& a, const QPointF& b) const;
    void take_size();
    void moved();
    void tell_pointer();
    void zoom_by(double factor, const QPointF& at);
    void describe();

    const Appearance& appearance_;
    std::shared_ptr<const ShownMask> mask_;
    QString empty_text_;
    MaskViewport viewport_;
    MaskTiles tiles_;
    std::optional<Box> selection_;
    std::optional<QPointF> pointer_;  // while it is over this widget
    Drag drag_ = Drag::none;
    QPointF drag_from_;
    QPointF drag_at_;
};

}  // namespace longscope
