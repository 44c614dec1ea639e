// SPDX-License-Identifier: GPL-3.0-or-later
// What the ranks of a layout hold in memory over its steps; one of them is chosen, with the mouse or with the keys.
#pragma once

#include <QWidget>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/draw/memory_picture.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/layout/shown_layout.h"

namespace longscope {

class MemoryView : public QWidget {
    Q_OBJECT

  public:
    // `appearance` outlives it.
    explicit MemoryView(const Appearance& appearance, QWidget* parent = nullptr);

    // Null: nothing. The rank that was chosen stays, where there is one of this number; at first it is the one that
    // needs most.
    void show_layout(std::shared_ptr<const ShownLayout> layout);
    void set_empty_text(const QString& text);

    [[nodiscard]] bool has_layout() const { return layout_ != nullptr; }
    [[nodiscard]] std::int64_t rank() const { return rank_; }
    void choose(std::int64_t rank);
    // Lines about the peak of the chosen rank.
    [[nodiscard]] QStringList facts() const;
    // Where things stand in the widget. Only with a layout.
    [[nodiscard]] MemoryChart chart() const;

    // Only with a layout; for any thread.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;
    [[nodiscard]] std::function<std::string()> table_maker(char separator) const;

    [[nodiscard]] QSize sizeHint() const override { return {800, 500}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {220, 160}; }

  public Q_SLOTS:
    void copy_table();

  Q_SIGNALS:
    void chosen_changed();

  protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    [[nodiscard]] MemoryPictureOptions options() const;
    void describe();

    const Appearance& appearance_;
    std::shared_ptr<const ShownLayout> layout_;
    QString empty_text_;
    std::int64_t rank_ = 0;
    bool chosen_by_hand_ = false;
    LatestJob<std::string> copy_job_;
};

}  // namespace longscope
