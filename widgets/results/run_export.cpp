// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_export.h"

#include <algorithm>

#include "engine/base/atomic_file.h"
#include "storage/csv_field.h"

namespace longscope {

namespace {

template <typename Field>
std::string table(const std::vector<RunRow>& rows, char separator, const char* line_end, const Field& field) {
    std::string text;
    const auto add_line = [&](const auto& value) {
        for (std::size_t i = 0; i < run_column_count; ++i) {
            text += i == 0 ? "" : std::string(1, separator);
            text += field(value(static_cast<RunColumn>(i)));
        }
        text += line_end;
    };
    add_line([](RunColumn column) { return std::string(to_string(column)); });
    for (const RunRow& row : rows) {
        add_line([&](RunColumn column) { return raw_text(row, column); });
    }
    return text;
}

}  // namespace

std::string runs_as_tsv(const std::vector<RunRow>& rows) {
    return table(rows, '\t', "\n", [](std::string value) {
        std::replace_if(
            value.begin(), value.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
        return value;
    });
}

void write_runs_csv(const std::filesystem::path& path, const std::vector<RunRow>& rows) {
    AtomicFile file(path);
    file.stream() << table(rows, ',', "\r\n", [](const std::string& value) { return csv_field(value); });
    file.commit();
}

}  // namespace longscope
