// SPDX-License-Identifier: GPL-3.0-or-later
// Two runs side by side: what differs in how they were made, and how their figures relate.
#pragma once

#include <QLabel>
#include <QString>
#include <QTableWidget>
#include <QWidget>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/run_comparison.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"

class QPushButton;

namespace longscope {

struct ComparedMetric {
    const Metric* metric = nullptr;
    Figure a;
    Figure b;
    Figure ratio;

    // Is no change among what the spread covers?
    [[nodiscard]] bool covers_one() const { return ratio.low <= 1 && ratio.high >= 1; }
};

struct RunComparison {
    std::string a;  // "run 3: name (done)"
    std::string b;
    std::vector<Difference> differences;
    std::vector<ComparedMetric> metrics;
};

// Throws Error. Reads both runs: not for the thread of the window.
[[nodiscard]] RunComparison compare_runs(const std::filesystem::path& database, std::int64_t a, std::int64_t b);

class RunComparisonView : public QWidget {
    Q_OBJECT

  public:
    explicit RunComparisonView(const Appearance& appearance, QWidget* parent = nullptr);

    void compare(const QString& database, std::int64_t a, std::int64_t b);
    void clear();  // says what to select

    [[nodiscard]] bool busy() const { return job_.running(); }
    [[nodiscard]] QString text() const;  // all of it; empty while nothing is shown
    // The same with raw values: a line for each difference, then one for each figure. Empty while nothing is shown.
    [[nodiscard]] std::string csv() const;
    void copy() const;

  protected:
    void resizeEvent(QResizeEvent* event) override;

  private:
    void show_comparison(RunComparison comparison);
    void show_only(const QString& line);
    void recolour();
    void fit_heights();

    const Appearance& appearance_;
    RunComparison shown_;
    QLabel* line_;
    QWidget* page_;
    QLabel* title_a_;
    QLabel* title_b_;
    QLabel* alike_;
    QTableWidget* differences_;
    QTableWidget* metrics_;
    QLabel* legend_;
    QPushButton* copy_;
    LatestJob<RunComparison> job_;
};

}  // namespace longscope
