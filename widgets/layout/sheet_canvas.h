// SPDX-License-Identifier: GPL-3.0-or-later
// A table of cells as a picture that is scrolled and zoomed, one of whose cells is chosen; with the mouse or with the
// keys alone.
#pragma once

#include <QAbstractScrollArea>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/layout/shown_layout.h"

namespace longscope {

class SheetCanvas : public QAbstractScrollArea {
    Q_OBJECT

  public:
    // `appearance` outlives it.
    explicit SheetCanvas(const Appearance& appearance, QWidget* parent = nullptr);

    // Null: nothing. What is chosen stays where there is still such a cell.
    void show_content(std::shared_ptr<const SheetContent> content);
    [[nodiscard]] const std::shared_ptr<const SheetContent>& content() const { return content_; }
    // Says in place of cells why there are none.
    void set_empty_text(const QString& text);

    [[nodiscard]] std::optional<CellPlace> chosen() const { return chosen_; }
    // Brings it into sight.
    void choose(std::optional<CellPlace> place);
    // Lines about the chosen cell; empty without one.
    [[nodiscard]] QStringList facts() const;

    // Where the cells stand, in the coordinates of the viewport. Only with content.
    [[nodiscard]] CellSheet sheet() const;
    // Cells as large as can be read, or all of them in sight.
    [[nodiscard]] bool fits_all() const { return size_ == Size::all; }

    // Makes, on any thread, the whole table as a picture.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;

    [[nodiscard]] QSize sizeHint() const override { return {800, 500}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {220, 160}; }

  public Q_SLOTS:
    void zoom_in();
    void zoom_out();
    // All cells in sight; then as large as can be read again.
    void toggle_fit();
    // To the clipboard, a moment later.
    void copy_table();

  Q_SIGNALS:
    void chosen_changed();

  protected:
    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    enum class Size { readable, all, chosen };

    [[nodiscard]] SheetPictureOptions options() const;
    [[nodiscard]] QString text_at(const QPoint& position) const;
    void arrange();
    void zoom_by(double factor, QPointF at);
    void move_chosen(std::int64_t rows, std::int64_t columns);
    void describe();

    const Appearance& appearance_;
    std::shared_ptr<const SheetContent> content_;
    QString empty_text_;
    std::optional<CellPlace> chosen_;
    Size size_ = Size::readable;
    CellSize cell_;  // of Size::chosen
    std::optional<QPoint> pan_from_;
    LatestJob<std::string> copy_job_;
};

}  // namespace longscope
