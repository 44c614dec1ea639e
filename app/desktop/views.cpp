// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/views.h"

#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QStringList>

#include "app/desktop/layout_page.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/draw/cairo_painter.h"
#include "widgets/base/colours.h"
#include "widgets/charts/chart_page.h"
#include "widgets/charts/roofline_view.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

namespace {

constexpr double picture_width = 1100;

bool is_csv(const std::string& file) {
    return to_qstring(file).endsWith(QLatin1String(".csv"), Qt::CaseInsensitive);
}

// Throws Error(bad_input) for another name.
void require_ending(const std::string& file, const QStringList& endings) {
    const QString suffix = QLatin1Char('.') + QFileInfo(to_qstring(file)).suffix().toLower();
    if (!endings.contains(suffix)) {
        throw bad_input("export", file, "has an ending that is not known here",
                        "a name that ends in " + endings.join(QStringLiteral(", ")).toStdString());
    }
}

QStringList picture_or_table() {
    return {QStringLiteral(".png"), QStringLiteral(".svg"), QStringLiteral(".pdf"), QStringLiteral(".csv")};
}

QStringList table() {
    return {QStringLiteral(".csv")};
}

std::function<void()> save_text(const std::string& file, std::function<std::string()> text) {
    return [file, text = std::move(text)] { write_file_atomically(file, text()); };
}

std::function<void()> save_picture(const std::string& file, std::function<DisplayList()> picture) {
    return [file, picture = std::move(picture)] { paint(picture(), file); };
}

void copy_picture(QWidget& widget) {
    QGuiApplication::clipboard()->setPixmap(widget.grab());
}

}  // namespace

View view_of(const QString& title, MaskPage& page) {
    View view{title, &page, true, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) {
        require_ending(file, picture_or_table());
        if (is_csv(file)) {
            return save_text(file, page.csv_maker());
        }
        if (page.canvas().shown() == nullptr) {
            throw failed("there is no mask to save");
        }
        return save_picture(file, page.canvas().picture_maker(picture_width));
    };
    view.copy = [&page] { page.copy_picture(picture_width); };
    return view;
}

View view_of(const QString& title, LayoutPage& page) {
    View view{title, &page, true, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) {
        require_ending(file, picture_or_table());
        return is_csv(file) ? save_text(file, page.csv_maker()) : save_picture(file, page.picture_maker(picture_width));
    };
    view.copy = [&page] { page.copy(); };
    return view;
}

View view_of(const QString& title, TimelinePage& page) {
    View view{title, &page, true, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) {
        require_ending(file, picture_or_table());
        if (!page.has_trace()) {
            throw failed("there is no timeline to save");
        }
        return is_csv(file) ? save_text(file, page.view().csv_maker())
                            : save_picture(file, page.view().picture_maker(picture_width));
    };
    view.copy = [&page] { copy_picture(page.view()); };
    return view;
}

View view_of(const QString& title, RunTable& page) {
    View view{title, &page, false, true, nullptr, nullptr};
    view.saver = [&page](const std::string& file) -> std::function<void()> {
        require_ending(file, {QStringLiteral(".csv"), QStringLiteral(".html")});
        if (is_csv(file)) {
            page.export_csv(to_qstring(file));
        } else {
            page.export_html(to_qstring(file));
        }
        return nullptr;
    };
    view.copy = [&page] { page.copy_selection(); };
    return view;
}

View view_of(const QString& title, RunComparisonView& page) {
    View view{title, &page, false, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) {
        require_ending(file, table());
        if (page.csv().empty()) {
            throw failed("there is no comparison to save: two runs are to be selected in the results");
        }
        return save_text(file, [text = page.csv()] { return text; });
    };
    view.copy = [&page] { page.copy(); };
    return view;
}

View view_of(const QString& title, ChartPage& page) {
    View view{title, &page, true, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) { return page.saver(to_qstring(file)); };
    view.copy = [&page] { page.copy(); };
    return view;
}

View view_of(const QString& title, RooflineView& page) {
    View view{title, &page, true, false, nullptr, nullptr};
    view.saver = [&page](const std::string& file) {
        require_ending(file, picture_or_table());
        if (!page.has_picture()) {
            throw failed("there is no roofline to save: a run whose backend is opencl is to be opened");
        }
        return is_csv(file) ? save_text(file, [text = page.csv()] { return text; })
                            : save_picture(file, page.picture_maker(picture_width));
    };
    view.copy = [&page] { page.copy(); };
    return view;
}

}  // namespace longscope
