// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_viewport.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

constexpr double finest_tokens_per_pixel = 1.0 / 32;
constexpr double focus_margin = 0.06;  // of the view, on either side

// Where the view begins on one axis: the ends of the matrix come no further into the view than where the whole of it
// is shown. What is under the pointer can so stay there in any zoom.
double clamped(double begin, double tokens_per_pixel, double pixels, double coarsest, std::int64_t tokens) {
    const auto all = static_cast<double>(tokens);
    const double margin = (pixels - all / coarsest) / 2 * tokens_per_pixel;
    return std::clamp(begin, -margin, std::max(-margin, all - pixels * tokens_per_pixel + margin));
}

std::int64_t token(double position, std::int64_t tokens) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(position)), 0, tokens);
}

}  // namespace

void MaskViewport::set_matrix(std::int64_t query_tokens, std::int64_t key_tokens) {
    if (query_tokens != query_tokens_ || key_tokens != key_tokens_) {
        query_tokens_ = std::max<std::int64_t>(1, query_tokens);
        key_tokens_ = std::max<std::int64_t>(1, key_tokens);
        fit();
    }
}

void MaskViewport::set_size(double width, double height) {
    const bool all = shows_all();
    width_ = std::max(1.0, width);
    height_ = std::max(1.0, height);
    if (all) {
        fit();
    } else {
        clamp();
    }
}

std::optional<std::pair<std::int64_t, std::int64_t>> MaskViewport::pair_at(double x, double y) const {
    const TokenPosition position = at(x, y);
    if (position.query < 0 || position.key < 0 || position.query >= static_cast<double>(query_tokens_) ||
        position.key >= static_cast<double>(key_tokens_)) {
        return std::nullopt;
    }
    return std::pair{static_cast<std::int64_t>(position.query), static_cast<std::int64_t>(position.key)};
}

Box MaskViewport::visible() const {
    const TokenPosition end = at(width_, height_);
    return {{token(query_, query_tokens_), token(std::ceil(end.query), query_tokens_)},
            {token(key_, key_tokens_), token(std::ceil(end.key), key_tokens_)}};
}

void MaskViewport::zoom_at(double x, double y, double factor) {
    const TokenPosition fixed = at(x, y);
    tokens_per_pixel_ *= factor;
    tokens_per_pixel_ = std::clamp(tokens_per_pixel_, std::min(finest_tokens_per_pixel, coarsest()), coarsest());
    query_ = fixed.query - y * tokens_per_pixel_;
    key_ = fixed.key - x * tokens_per_pixel_;
    clamp();
}

void MaskViewport::pan(double dx, double dy) {
    query_ -= dy * tokens_per_pixel_;
    key_ -= dx * tokens_per_pixel_;
    clamp();
}

void MaskViewport::fit() {
    tokens_per_pixel_ = coarsest();
    clamp();
}

void MaskViewport::focus(const Box& box) {
    const double share = 1 - 2 * focus_margin;
    tokens_per_pixel_ = std::max(static_cast<double>(box.q.size()) / (height_ * share),
                                 static_cast<double>(box.k.size()) / (width_ * share));
    tokens_per_pixel_ = std::clamp(tokens_per_pixel_, std::min(finest_tokens_per_pixel, coarsest()), coarsest());
    query_ = static_cast<double>(box.q.begin + box.q.end) / 2 - height_ * tokens_per_pixel_ / 2;
    key_ = static_cast<double>(box.k.begin + box.k.end) / 2 - width_ * tokens_per_pixel_ / 2;
    clamp();
}

double MaskViewport::coarsest() const {
    return std::max(static_cast<double>(query_tokens_) / height_, static_cast<double>(key_tokens_) / width_);
}

void MaskViewport::clamp() {
    tokens_per_pixel_ = std::min(tokens_per_pixel_, coarsest());
    query_ = clamped(query_, tokens_per_pixel_, height_, coarsest(), query_tokens_);
    key_ = clamped(key_, tokens_per_pixel_, width_, coarsest(), key_tokens_);
}

}  // namespace longscope
