// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/mask_of_bits.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

constexpr char seen = '1';
constexpr char hidden = '0';

// One string a query, one character a key.
class DenseLeaf final : public MaskLeaf {
  public:
    explicit DenseLeaf(std::vector<std::string> rows) : rows_(std::move(rows)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        check_fits(domain, path);
        ZoneGatherer gatherer(path + ".rows");
        std::vector<Range> runs;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            find_runs(rows_[row], runs);
            gatherer.add(static_cast<std::int64_t>(row), runs);
        }
        return gatherer.finish();
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        check_fits(domain, path);
        if (runs() <= few_zones) {
            return MaskLeaf::tree(domain, path);
        }
        const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
            const auto stride = static_cast<std::size_t>(words_of(columns()));
            std::vector<Range> runs;
            for (std::int64_t row = rows.begin; row < rows.end; ++row) {
                find_runs(rows_[static_cast<std::size_t>(row)], runs);
                for (const Range run : runs) {
                    set_bits(words.subspan(static_cast<std::size_t>(row - rows.begin) * stride, stride), run);
                }
            }
        };
        std::shared_ptr<const Mask> mask =
            mask_of_bits(static_cast<std::int64_t>(rows_.size()), columns(), fill, path + ".rows");
        return cut_to(domain.box(), ZoneTree::of(std::move(mask)));
    }
    [[nodiscard]] Json parameters() const override { return {{"rows", rows_}}; }

  private:
    [[nodiscard]] std::int64_t columns() const { return static_cast<std::int64_t>(rows_.front().size()); }

    void check_fits(const MaskDomain& domain, const std::string& path) const {
        if (static_cast<std::int64_t>(rows_.size()) > domain.query_tokens || columns() > domain.key_tokens) {
            throw bad_input(path + ".rows", fmt::format("{} rows of {} keys", rows_.size(), columns()),
                            "are larger than the matrix",
                            fmt::format("at most {} rows of {} keys", domain.query_tokens, domain.key_tokens));
        }
    }

    static void find_runs(const std::string& row, std::vector<Range>& runs) {
        runs.clear();
        for (std::size_t begin = row.find(seen); begin != std::string::npos;) {
            const std::size_t end = std::min(row.find(hidden, begin), row.size());
            runs.push_back({static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)});
            begin = row.find(seen, end);
        }
    }

    [[nodiscard]] std::int64_t runs() const {
        std::int64_t count = 0;
        std::vector<Range> runs;
        for (const std::string& row : rows_) {
            find_runs(row, runs);
            count += static_cast<std::int64_t>(runs.size());
        }
        return count;
    }

    std::vector<std::string> rows_;  // of one length, not empty
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_dense_leaf(JsonObject parameters) {
    constexpr const char* accepted = "a list of strings of one length, a character a key: 1 (seen) or 0";
    const Json& value = parameters.required("rows", accepted);
    const std::string path = parameters.path_of("rows");
    if (!value.is_array() || value.empty()) {
        throw bad_input(path, value.is_array() ? "an empty list" : shown(value).substr(0, 60), "is no dense matrix",
                        accepted);
    }
    std::vector<std::string> rows;
    rows.reserve(value.size());
    for (std::size_t row = 0; row < value.size(); ++row) {
        const std::string field = fmt::format("{}[{}]", path, row);
        if (!value[row].is_string()) {
            throw bad_input(field, shown(value[row]).substr(0, 60), "is no row", accepted);
        }
        rows.push_back(value[row].get<std::string>());
        if (rows.back().size() != rows.front().size() || rows.back().empty()) {
            throw bad_input(field, fmt::format("a row of {} keys", rows.back().size()), "does not fit the others",
                            fmt::format("{}", std::max<std::size_t>(1, rows.front().size())));
        }
        if (const std::size_t other = rows.back().find_first_not_of("01"); other != std::string::npos) {
            throw bad_input(field, shown(Json(rows.back().substr(other, 1))),
                            fmt::format("stands for key {} and is neither 0 nor 1", other), accepted);
        }
    }
    parameters.finish();
    return std::make_shared<DenseLeaf>(std::move(rows));
}

}  // namespace longscope
