// SPDX-License-Identifier: GPL-3.0-or-later
// What all charts share: colours of the theme, a choice of what is shown, a line that tells what the mouse or the
// arrow keys point at, words where there is nothing to show, and ways out as picture and data.
#pragma once

#include <QChart>
#include <QChartView>
#include <QComboBox>
#include <QLabel>
#include <QString>
#include <QWidget>
#include <functional>
#include <string>

#include "widgets/base/appearance.h"
#include "widgets/charts/chart_file.h"

namespace longscope {

class ChartPage : public QWidget {
    Q_OBJECT

  public:
    // Writes, on any thread, the chart as it is now: as PNG, SVG or PDF in the colours that are shown, or its data as
    // CSV, by the ending of the name. Throws Error(bad_input) for another ending; what it returns throws Error(failed)
    // when the file cannot be written.
    [[nodiscard]] std::function<void()> saver(const QString& path) const;
    void copy() const;  // the picture, to the clipboard
    [[nodiscard]] virtual std::string csv() const = 0;

    [[nodiscard]] QtCharts::QChart& chart() const { return *chart_; }
    [[nodiscard]] const QString& title() const { return title_; }
    [[nodiscard]] const QString& empty_text() const { return empty_text_; }
    [[nodiscard]] QString details() const { return details_->text(); }

  Q_SIGNALS:
    void save_requested();  // the window asks for a file name and calls saver()

  protected:
    // `name` is what it is called for people who do not see it.
    ChartPage(const Appearance& appearance, const QString& name, QWidget* parent);

    [[nodiscard]] const Appearance& appearance() const { return appearance_; }
    // At the top, left to right; choices stand in a row.
    QComboBox* add_choice(const QString& name, const QStringList& entries);
    void set_title(const QString& title);  // in lines, where it is wider than the chart
    void set_empty(const QString& text);   // nothing: there is something to show
    // Tells of the entry `index`, or of none: -1.
    void point_at(int index);
    [[nodiscard]] int pointed() const { return pointed_; }

    virtual void recolour();                        // also after axes were made; calls this one
    void flatten_legend();                          // after series got their colours: its marks have no frames
    [[nodiscard]] virtual int entries() const = 0;  // what arrow keys go through
    [[nodiscard]] virtual int entry_at(QPointF position) const = 0;  // in the chart; -1: none is near
    [[nodiscard]] virtual QString text_of(int entry) const = 0;
    virtual void mark(int entry) = 0;
    virtual void open(int /*entry*/) {}  // double click or Enter

    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void wrap_title();
    void key(int key);
    void show_details();
    [[nodiscard]] ChartDrawing drawing() const;

    const Appearance& appearance_;
    QtCharts::QChart* chart_;
    QtCharts::QChartView* view_;
    QWidget* choices_;
    QLabel* empty_;
    QLabel* details_;
    QString title_;
    QString empty_text_;
    int pointed_ = -1;
};

}  // namespace longscope
