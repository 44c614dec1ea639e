// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/lengths_text.h"

#include <QRegularExpression>
#include <QStringList>
#include <nlohmann/json.hpp>

#include "widgets/base/colours.h"

namespace longscope {

namespace {

// More documents than this are a file's business.
constexpr std::int64_t most_documents = 1'000'000;
constexpr std::size_t least_repeated = 3;

const QString separator = QStringLiteral(", ");

}  // namespace

QString list_text(const Json& list) {
    QStringList parts;
    for (std::size_t i = 0; i < list.size();) {
        std::size_t end = i + 1;
        while (end < list.size() && list[end] == list[i]) {
            ++end;
        }
        const QString length = to_qstring(shown(list[i]));
        if (end - i >= least_repeated) {
            parts << QStringLiteral("%1 x %2").arg(end - i).arg(length);
        } else {
            parts.append(QVector<QString>(static_cast<int>(end - i), length).toList());
        }
        i = end;
    }
    return parts.join(separator);
}

Json list_from_text(const QString& text) {
    static const QRegularExpression part(QStringLiteral(R"(^\s*(?:(\d{1,9})\s*[x*×]\s*)?(\d{1,18})\s*$)"));
    Json list = Json::array();
    for (const QString& piece : text.split(QLatin1Char(','))) {
        const QRegularExpressionMatch match = part.match(piece);
        const std::int64_t times = match.captured(1).isEmpty() ? 1 : match.captured(1).toLongLong();
        if (!match.hasMatch() || static_cast<std::int64_t>(list.size()) + times > most_documents) {
            return text.toStdString();
        }
        list.insert(list.end(), static_cast<std::size_t>(times), Json(match.captured(2).toLongLong()));
    }
    return list;
}

QString histogram_text(const Json& histogram) {
    QStringList parts;
    for (auto bin = histogram.begin(); bin != histogram.end(); ++bin) {
        parts << QStringLiteral("%1: %2").arg(to_qstring(bin.key()), to_qstring(shown(*bin)));
    }
    return parts.join(separator);
}

Json histogram_from_text(const QString& text) {
    static const QRegularExpression bin(
        QStringLiteral(R"(\G\s*(\[\s*\d+\s*,\s*\d+\s*\))\s*:\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(?:,|$))"));
    Json histogram = Json::object();
    int at = 0;
    while (at < text.size()) {
        const QRegularExpressionMatch match = bin.match(text, at);
        if (!match.hasMatch()) {
            return text.toStdString();
        }
        histogram[match.captured(1).remove(QLatin1Char(' ')).toStdString()] = match.captured(2).toDouble();
        at = match.capturedEnd();
    }
    return histogram;
}

}  // namespace longscope
