// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/chart_file.h"

#include <QFileInfo>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <functional>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr int picture_scale = 2;  // of saved and copied pictures, for print

QString ending_of(const QString& path) {
    return QFileInfo(path).suffix().toLower();
}

void play(const ChartDrawing& drawing, QPaintDevice& device, double scale = 1) {
    QPainter painter(&device);
    painter.scale(scale, scale);
    painter.drawPicture(0, 0, drawing.strokes);
}

void write(const QString& path, const std::function<void(QSaveFile&)>& content) {
    QSaveFile file(path);
    const auto require = [&](bool fine) {
        if (!fine) {
            throw failed(path.toStdString() + ": cannot write the file: " + file.errorString().toStdString());
        }
    };
    require(file.open(QIODevice::WriteOnly));
    content(file);
    require(file.commit());
}

}  // namespace

void require_chart_ending(const QString& path) {
    const QString ending = ending_of(path);
    if (ending != QLatin1String("png") && ending != QLatin1String("svg") && ending != QLatin1String("pdf") &&
        ending != QLatin1String("csv")) {
        throw bad_input("file", path.toStdString(), "has an ending that says no known format",
                        ".png, .svg, .pdf, .csv");
    }
}

QImage chart_image(const ChartDrawing& drawing) {
    QImage image(drawing.size * picture_scale, QImage::Format_RGB32);
    image.fill(Qt::white);
    play(drawing, image, picture_scale);
    return image;
}

void write_chart(const QString& path, const ChartDrawing& drawing) {
    const QString ending = ending_of(path);
    write(path, [&](QSaveFile& file) {
        if (ending == QLatin1String("png")) {
            chart_image(drawing).save(&file, "PNG");
        } else if (ending == QLatin1String("svg")) {
            QSvgGenerator generator;
            generator.setOutputDevice(&file);
            generator.setSize(drawing.size);
            generator.setViewBox(QRect(QPoint(0, 0), drawing.size));
            generator.setTitle(drawing.title);
            generator.setDescription(drawing.description);
            play(drawing, generator);
        } else {
            QPdfWriter writer(&file);
            constexpr int dots_per_inch = 96;
            constexpr double millimetres_per_dot = 25.4 / dots_per_inch;
            writer.setResolution(dots_per_inch);
            writer.setPageMargins(QMarginsF());
            writer.setPageSize(QPageSize(QSizeF(drawing.size) * millimetres_per_dot, QPageSize::Millimeter));
            writer.setTitle(drawing.title);
            play(drawing, writer);
        }
    });
}

void write_chart_data(const QString& path, const std::string& csv) {
    write(path, [&](QSaveFile& file) { file.write(QByteArray::fromStdString(csv)); });
}

}  // namespace longscope
