// SPDX-License-Identifier: GPL-3.0-or-later
// The timeline of a run, and above it which run that is.
#pragma once

#include <QWidget>

#include "widgets/base/appearance.h"
#include "widgets/timeline/timeline_view.h"

namespace longscope {

class ElidedLabel;

class TimelinePage : public QWidget {
    Q_OBJECT

  public:
    // `appearance` outlives it.
    explicit TimelinePage(const Appearance& appearance, QWidget* parent = nullptr);

    void show_trace(std::shared_ptr<const Trace> trace, const std::vector<RankShares>& shares, const QString& caption);
    [[nodiscard]] TimelineView& view() { return *view_; }
    [[nodiscard]] bool has_trace() const { return has_trace_; }
    [[nodiscard]] QString caption() const;

  private:
    TimelineView* view_;
    ElidedLabel* caption_;
    bool has_trace_ = false;
};

}  // namespace longscope
