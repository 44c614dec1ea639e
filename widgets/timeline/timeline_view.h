// SPDX-License-Identifier: GPL-3.0-or-later
// A trace to look into: a row per rank and stream over time, to zoom and pan, with events and stretches of time to
// select. Works with the mouse and with the keys alone; commands() lists the keys.
#pragma once

#include <QAbstractScrollArea>
#include <QKeySequence>
#include <QStringList>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/timeline_picture.h"
#include "engine/trace/trace.h"
#include "profiler/trace_window.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/timeline/timeline_layout.h"
#include "widgets/timeline/timeline_rows.h"
#include "widgets/timeline/timeline_scale.h"

class QLabel;

namespace longscope {

// What can be done with the keys; for menus and for a sheet of shortcuts.
struct TimelineCommand {
    QString text;
    std::vector<QKeySequence> keys;  // the view answers them itself while it has the focus
    std::function<void()> run;
};

class TimelineView : public QAbstractScrollArea {
    Q_OBJECT

  public:
    // `appearance` outlives the view.
    explicit TimelineView(const Appearance& appearance, QWidget* parent = nullptr);
    ~TimelineView() override;

    // Shows it from its first event to its last. Of a large one the rows are made on another thread until
    // trace_shown(). `shares` is empty or has one for each rank.
    void set_trace(std::shared_ptr<const Trace> trace, const std::vector<RankShares>& shares = {});
    void clear();
    void set_title(const QString& title);  // of picture()
    // Whether the wheel zooms and Ctrl+wheel scrolls, as from the start, or the other way round.
    void set_wheel_zooms(bool zooms) { wheel_zooms_ = zooms; }

    [[nodiscard]] const TimelineScale& scale() const { return scale_; }
    void show_window(TimeWindow window);

    [[nodiscard]] std::optional<TimeWindow> selection() const { return range_; }
    void select(std::optional<TimeWindow> window);  // clipped to the trace
    // One event, or none; it is brought into sight.
    [[nodiscard]] const TraceEvent* current_event() const;
    void set_current(std::optional<EventPlace> place);
    // The rank whose time is summed, or all.
    [[nodiscard]] std::optional<std::int32_t> rank() const { return rank_; }
    void set_rank(std::optional<std::int32_t> rank);
    // Of the selected time; empty until summary_changed().
    [[nodiscard]] const QStringList& summary() const { return summary_; }

    // These make, on any thread, what is to be saved of the view as it is now.
    // What is seen, as a picture; its width in points.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;
    // The events of the selected time, or without one those that are seen.
    [[nodiscard]] std::function<std::string()> csv_maker() const;
    [[nodiscard]] std::vector<TimelineCommand> commands();

    [[nodiscard]] QSize sizeHint() const override { return {960, 480}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 200}; }

  Q_SIGNALS:
    void trace_shown();
    void window_changed(longscope::TimeWindow window);
    void selection_changed(std::optional<longscope::TimeWindow> selection);
    void current_changed(const QString& text);  // of the current event; empty: none
    void hovered(const QString& text);          // of the event under the cursor; empty: none
    void summary_changed(const QStringList& lines);

  protected:
    bool event(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    enum class Drag { none, click, range, pan };
    struct Key;  // timeline_keys.cpp
    static const std::vector<Key>& keys();
    [[nodiscard]] const Key* key_of(const QKeyEvent& event) const;

    void show_rows(std::shared_ptr<const TimelineRows> rows);
    void show_message(const QString& text);
    void forget();
    void arrange();
    void arrange_details();
    void see(const TimelineScale& scale);
    void sum_up();
    void show_summary(const WindowSummary& summary);
    void show_details();
    void hover(std::optional<EventPlace> place);
    void click(QPointF position);
    void scroll_to(std::size_t row);
    [[nodiscard]] bool is_shown() const { return rows_ != nullptr && !rows_->rows().empty(); }
    [[nodiscard]] QRectF plot() const;
    [[nodiscard]] double plot_x(QPointF position) const { return position.x() - plot().left(); }
    [[nodiscard]] std::optional<std::size_t> row_at(QPointF position) const;
    [[nodiscard]] std::optional<EventPlace> event_at(QPointF position) const;
    [[nodiscard]] QString text_of(std::optional<EventPlace> place, const QString& separator) const;

    // What the keys do.
    void zoom_in();
    void zoom_out();
    void pan_left();
    void pan_right();
    void go_to_begin();
    void go_to_end();
    void focus_selection();
    void clear_selection();
    void next_event();
    void previous_event();
    void event_above();
    void event_below();
    void select_event_time();
    void begin_selection();
    void end_selection();
    void toggle_rank();
    void page_up();
    void page_down();
    void zoom_in_the_middle(double factor);
    void move_event(int rows);
    [[nodiscard]] EventPlace first_in_sight() const;

    const Appearance& appearance_;
    std::shared_ptr<const TimelineRows> rows_;
    std::vector<RankShares> shares_;
    QString title_;
    QString message_;  // in place of a timeline
    TimelineScale scale_;
    TimelineLayout layout_;
    QLabel* details_;
    int detail_lines_ = 5;
    bool wheel_zooms_ = true;

    std::optional<EventPlace> hovered_;
    std::optional<EventPlace> current_;
    std::optional<TimeWindow> range_;
    std::optional<std::int32_t> rank_;
    QStringList summary_;

    Drag drag_ = Drag::none;
    QPointF pressed_;
    QPointF dragged_;

    LatestJob<std::shared_ptr<const TimelineRows>> building_;
    LatestJob<WindowSummary> summing_;
};

}  // namespace longscope
