// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/theme.h"

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr Colour rgb(std::uint32_t code) {
    return {static_cast<std::uint8_t>(code >> 16U), static_cast<std::uint8_t>(code >> 8U & 0xFFU),
            static_cast<std::uint8_t>(code & 0xFFU)};
}

Theme make_light_theme() {
    Theme theme;
    theme.name = "light";
    theme.background = rgb(0xFFFFFF);
    theme.foreground = rgb(0x1B1F24);
    theme.muted = rgb(0x5C6670);
    theme.error = rgb(0xB23A00);
    theme.grid = rgb(0xD5DAE0);
    theme.edge = {0x1B, 0x1F, 0x24, 0x58};
    theme.flow = {0x1B, 0x1F, 0x24, 0x60};
    theme.density = {rgb(0xF6F7F9), rgb(0xBDD7EA), rgb(0x8CBBDB), rgb(0x569BC7),
                     rgb(0x2C79B0), rgb(0x125792), rgb(0x08306B)};
    // attend, merge, finalize, send, receive, wait, copy, collective, attend_backward, delta, reduce, barrier
    theme.categories = {rgb(0x0072B2), rgb(0x56B4E9), rgb(0xCC79A7), rgb(0x009E73), rgb(0xE69F00), rgb(0xD55E00),
                        rgb(0x444A52), rgb(0x7A3FD0), rgb(0x0A1A60), rgb(0xBAFCA2), rgb(0x602A00), rgb(0x101214)};
    theme.few_ranks = {rgb(0x0072B2), rgb(0xE69F00), rgb(0x009E73), rgb(0xCC79A7),
                       rgb(0x56B4E9), rgb(0xD55E00), rgb(0xE2D200), rgb(0x5B5F66)};
    theme.many_ranks = {rgb(0x440154), rgb(0x3B528B), rgb(0x21908C), rgb(0x5DC863), rgb(0xD8C81A)};
    return theme;
}

Theme make_dark_theme() {
    Theme theme;
    theme.name = "dark";
    theme.background = rgb(0x14171B);
    theme.foreground = rgb(0xE9ECEF);
    theme.muted = rgb(0x9AA4AE);
    theme.error = rgb(0xFF8F5A);
    theme.grid = rgb(0x363D45);
    theme.edge = {0xE9, 0xEC, 0xEF, 0x58};
    theme.flow = {0xE9, 0xEC, 0xEF, 0x60};
    theme.density = {rgb(0x1C2026), rgb(0x27496B), rgb(0x2F6A96), rgb(0x3F8DBB),
                     rgb(0x5FABD2), rgb(0x8DC7E2), rgb(0xC9E8F5)};
    theme.categories = {rgb(0x3D9BE0), rgb(0x9CD3F5), rgb(0xD98CB8), rgb(0x1DB88A), rgb(0xF0B429), rgb(0xEB6A1E),
                        rgb(0x6E757D), rgb(0x8A5CF0), rgb(0x2020E0), rgb(0xFCFCA8), rgb(0x7A2E00), rgb(0x4E4236)};
    theme.few_ranks = {rgb(0x3D9BE0), rgb(0xF0B429), rgb(0x1DB88A), rgb(0xD98CB8),
                       rgb(0x9CD3F5), rgb(0xEB6A1E), rgb(0xF0E442), rgb(0x6E757D)};
    theme.many_ranks = {rgb(0x6A3D8F), rgb(0x4F6DB0), rgb(0x2BA39E), rgb(0x6AD070), rgb(0xFDE725)};
    return theme;
}

}  // namespace

Category coloured_as(Category category) {
    switch (category) {
        case Category::queue:
            return Category::wait;
        case Category::upload:
            return Category::send;
        case Category::pack:
            return Category::copy;
        case Category::kernel:
            return Category::attend;
        case Category::download:
            return Category::receive;
        default:
            return category;
    }
}

Colour Theme::category(Category category) const {
    return categories.at(static_cast<std::size_t>(coloured_as(category)));
}

Colour Theme::rank(std::int64_t rank, std::int64_t ranks) const {
    if (ranks <= static_cast<std::int64_t>(few_ranks.size())) {
        return few_ranks.at(static_cast<std::size_t>(rank));
    }
    const double place =
        static_cast<double>(rank) / static_cast<double>(ranks - 1) * static_cast<double>(many_ranks.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(place), many_ranks.size() - 2);
    return mix(many_ranks[below], many_ranks[below + 1], place - static_cast<double>(below));
}

Colour ink_on(Colour ground) {
    const double luma = 0.299 * ground.red + 0.587 * ground.green + 0.114 * ground.blue;
    return luma > 120 ? Colour{0x14, 0x17, 0x1B} : Colour{0xFF, 0xFF, 0xFF};
}

const Theme& light_theme() {
    static const Theme theme = make_light_theme();
    return theme;
}

const Theme& dark_theme() {
    static const Theme theme = make_dark_theme();
    return theme;
}

const Theme& theme_named(std::string_view name, std::string_view field) {
    if (name == light_theme().name) {
        return light_theme();
    }
    if (name == dark_theme().name) {
        return dark_theme();
    }
    throw bad_input(field, name, "is not a theme", "light, dark");
}

}  // namespace longscope
