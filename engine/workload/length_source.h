// SPDX-License-Identifier: GPL-3.0-or-later
// Where the lengths of documents come from: fixed documents, a list to draw from, or a histogram to draw from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"

namespace longscope {

// Lengths are at most this; a document that is longer than its sequence is cut.
inline constexpr std::int64_t max_length = std::int64_t{1} << 62;

// Lengths in [begin, end), all equally likely. Documents have at least one token: begin 0 is read as 1.
struct LengthBin {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    double weight = 0.0;  // relative to the sum over all bins

    [[nodiscard]] std::int64_t shortest() const { return begin > 0 ? begin : 1; }
    [[nodiscard]] std::int64_t longest() const { return end - 1; }
    [[nodiscard]] bool operator==(const LengthBin&) const = default;
};

// Immutable; copies share their data.
class LengthSource {
  public:
    enum class Kind { fixed, list, histogram };

    // `name` tells where the lengths come from, in messages and reports. The factories throw Error(bad_input) that
    // begins with it: lengths must be from 1 to max_length, at least one.
    [[nodiscard]] static LengthSource fixed(std::vector<std::int64_t> lengths, std::string name = "fixed");
    [[nodiscard]] static LengthSource list(std::vector<std::int64_t> lengths, std::string name);
    // Bins in any order, without overlap, weights finite and not negative, not all zero.
    [[nodiscard]] static LengthSource histogram(std::vector<LengthBin> bins, std::string name);

    [[nodiscard]] Kind kind() const { return data_->kind; }
    [[nodiscard]] const std::string& name() const { return data_->name; }
    [[nodiscard]] const std::vector<std::int64_t>& lengths() const { return data_->lengths; }  // not of a histogram
    [[nodiscard]] const std::vector<LengthBin>& bins() const { return data_->bins; }  // ascending; of a histogram

    // One length, of a list or a histogram: each entry of a list is equally likely.
    [[nodiscard]] std::int64_t draw(RandomStream& random) const;

    [[nodiscard]] std::int64_t count() const;  // lengths or bins
    [[nodiscard]] double mean() const { return data_->mean; }
    [[nodiscard]] std::int64_t longest() const { return data_->longest; }
    [[nodiscard]] std::string summary() const;  // "histogram of 44 bins, mean 1,017, longest 61,919"

    // The same lengths, whatever their names.
    [[nodiscard]] bool operator==(const LengthSource& other) const;

  private:
    struct Data {
        Kind kind = Kind::fixed;
        std::string name;
        std::vector<std::int64_t> lengths;
        std::vector<LengthBin> bins;
        std::vector<double> cumulative;  // of bins: the probability of this bin or one before it
        double mean = 0.0;
        std::int64_t longest = 0;
    };
    explicit LengthSource(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    [[nodiscard]] static LengthSource of_lengths(Kind kind, std::vector<std::int64_t> lengths, std::string name);

    std::shared_ptr<const Data> data_;
};

}  // namespace longscope
