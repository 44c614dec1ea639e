// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/length_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

std::string shown_bin(const LengthBin& bin) {
    return fmt::format("[{},{})", bin.begin, bin.end);
}

void check(const LengthBin& bin, const std::string& name) {
    if (bin.begin < 0 || bin.end > max_length || bin.begin >= bin.end) {
        throw bad_input(name, shown_bin(bin), "is not a bin",
                        fmt::format("\"[a,b)\" with 0 <= a < b <= {}", max_length));
    }
    if (bin.shortest() > bin.longest()) {
        throw bad_input(name, shown_bin(bin), "holds no length of at least 1", "bins that do");
    }
    if (!std::isfinite(bin.weight) || bin.weight < 0.0) {
        throw bad_input(fmt::format("{}: {}", name, shown_bin(bin)), fmt::format("{}", bin.weight), "is not a weight",
                        "a number of at least 0");
    }
}

}  // namespace

LengthSource LengthSource::of_lengths(Kind kind, std::vector<std::int64_t> lengths, std::string name) {
    if (lengths.empty()) {
        throw bad_input(name, "an empty list", "holds no lengths", "at least one length");
    }
    auto data = std::make_shared<Data>();
    double sum = 0.0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (lengths[i] < 1 || lengths[i] > max_length) {
            throw bad_input(fmt::format("{}[{}]", name, i), std::to_string(lengths[i]), "is not a length",
                            fmt::format("an integer from 1 to {}", max_length));
        }
        sum += static_cast<double>(lengths[i]);
    }
    data->kind = kind;
    data->name = std::move(name);
    data->mean = sum / static_cast<double>(lengths.size());
    data->longest = *std::max_element(lengths.begin(), lengths.end());
    data->lengths = std::move(lengths);
    return LengthSource(std::move(data));
}

LengthSource LengthSource::fixed(std::vector<std::int64_t> lengths, std::string name) {
    return of_lengths(Kind::fixed, std::move(lengths), std::move(name));
}

LengthSource LengthSource::list(std::vector<std::int64_t> lengths, std::string name) {
    return of_lengths(Kind::list, std::move(lengths), std::move(name));
}

LengthSource LengthSource::histogram(std::vector<LengthBin> bins, std::string name) {
    double sum = 0.0;
    for (const LengthBin& bin : bins) {
        check(bin, name);
        sum += bin.weight;
    }
    if (!(sum > 0.0) || !std::isfinite(sum)) {
        throw bad_input(name, fmt::format("a sum of weights of {}", sum), "gives no probabilities",
                        "weights with a finite sum above 0");
    }
    std::sort(bins.begin(), bins.end(), [](const LengthBin& a, const LengthBin& b) { return a.begin < b.begin; });
    for (std::size_t i = 0; i + 1 < bins.size(); ++i) {
        if (bins[i + 1].begin < bins[i].end) {
            throw bad_input(name, fmt::format("{} and {}", shown_bin(bins[i]), shown_bin(bins[i + 1])), "overlap",
                            "bins without overlap");
        }
    }
    auto data = std::make_shared<Data>();
    double before = 0.0;
    std::size_t last_drawn = 0;
    for (const LengthBin& bin : bins) {
        if (bin.weight > 0.0) {
            last_drawn = data->cumulative.size();
            data->longest = bin.longest();
        }
        before += bin.weight / sum;
        data->cumulative.push_back(before);
        data->mean += bin.weight / sum * (static_cast<double>(bin.shortest()) + static_cast<double>(bin.longest())) / 2;
    }
    // Rounding may leave the end just below 1: what is missing belongs to the last bin that can be drawn.
    std::fill(data->cumulative.begin() + static_cast<std::ptrdiff_t>(last_drawn), data->cumulative.end(), 1.0);
    data->kind = Kind::histogram;
    data->name = std::move(name);
    data->bins = std::move(bins);
    return LengthSource(std::move(data));
}

std::int64_t LengthSource::draw(RandomStream& random) const {
    if (data_->kind != Kind::histogram) {
        return data_->lengths[random.next_below(data_->lengths.size())];
    }
    // The first bin whose cumulative probability is above the number: never one of weight zero.
    const auto found = std::upper_bound(data_->cumulative.begin(), data_->cumulative.end(), random.next_unit());
    const LengthBin& bin = data_->bins[static_cast<std::size_t>(found - data_->cumulative.begin())];
    const auto choices = static_cast<std::uint64_t>(bin.end - bin.shortest());
    return bin.shortest() + static_cast<std::int64_t>(random.next_below(choices));
}

std::int64_t LengthSource::count() const {
    return static_cast<std::int64_t>(data_->kind == Kind::histogram ? data_->bins.size() : data_->lengths.size());
}

std::string LengthSource::summary() const {
    const auto what = [&] {
        switch (data_->kind) {
            case Kind::fixed:
                return fmt::format("{} fixed documents", format_count(count()));
            case Kind::list:
                return fmt::format("list of {} lengths", format_count(count()));
            case Kind::histogram:
                break;
        }
        return fmt::format("histogram of {} bins", format_count(count()));
    };
    return fmt::format("{}, mean {}, longest {}", what(), format_count(std::llround(data_->mean)),
                       format_count(data_->longest));
}

bool LengthSource::operator==(const LengthSource& other) const {
    return data_ == other.data_ || (data_->kind == other.data_->kind && data_->lengths == other.data_->lengths &&
                                    data_->bins == other.data_->bins);
}

}  // namespace longscope
