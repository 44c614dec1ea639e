// SPDX-License-Identifier: GPL-3.0-or-later
// The pages in the middle of the window: what a page shows can be saved and copied. One function here for each page.
#pragma once

#include <QString>
#include <QWidget>
#include <functional>
#include <string>

namespace longscope {

class ChartPage;
class LayoutPage;
class MaskPage;
class RooflineView;
class RunComparisonView;
class RunTable;
class TimelinePage;

struct View {
    QString title;
    QWidget* page = nullptr;
    bool has_picture = true;  // else it is a table only, saved as CSV
    bool has_page = false;    // for a browser, as HTML
    // Work, for any thread, that writes what is shown now into the file; the format is that of its name. Null: the page
    // has begun by itself, and says when it is done. Throws Error when there is nothing to save.
    std::function<std::function<void()>(const std::string& file)> saver;
    std::function<void()> copy;  // to the clipboard
};

// The pages outlive the views.
[[nodiscard]] View view_of(const QString& title, MaskPage& page);
[[nodiscard]] View view_of(const QString& title, LayoutPage& page);
[[nodiscard]] View view_of(const QString& title, TimelinePage& page);
[[nodiscard]] View view_of(const QString& title, RunTable& page);
[[nodiscard]] View view_of(const QString& title, RunComparisonView& page);
[[nodiscard]] View view_of(const QString& title, ChartPage& page);
[[nodiscard]] View view_of(const QString& title, RooflineView& page);

}  // namespace longscope
