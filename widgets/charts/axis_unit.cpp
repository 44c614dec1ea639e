// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/axis_unit.h"

#include <QCoreApplication>
#include <array>
#include <cmath>

namespace longscope {

namespace {

template <std::size_t N>
AxisUnit choose(double largest, const std::array<std::pair<double, const char*>, N>& units) {
    std::size_t chosen = 0;
    for (std::size_t i = 1; i < N; ++i) {
        if (largest >= units.at(i).first) {
            chosen = i;
        }
    }
    const char* name = units.at(chosen).second;
    return {units.at(chosen).first, *name == '\0' ? QString() : QCoreApplication::translate("longscope::Axis", name)};
}

// 1, 2 or 5 times a power of ten, not below `least`.
double round_step(double least) {
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least * (1 - 1e-9)) {
            return factor * power;
        }
    }
    return 10 * power;
}

constexpr double most_ticks = 5;

}  // namespace

AxisUnit duration_unit(double largest_ns) {
    return choose<4>(largest_ns, {{{1, QT_TRANSLATE_NOOP("longscope::Axis", "ns")},
                                   {1e3, QT_TRANSLATE_NOOP("longscope::Axis", "us")},
                                   {1e6, QT_TRANSLATE_NOOP("longscope::Axis", "ms")},
                                   {1e9, QT_TRANSLATE_NOOP("longscope::Axis", "s")}}});
}

AxisUnit rate_unit(double largest_flops_per_s) {
    return choose<5>(largest_flops_per_s, {{{1, QT_TRANSLATE_NOOP("longscope::Axis", "FLOP/s")},
                                            {1e6, QT_TRANSLATE_NOOP("longscope::Axis", "MFLOP/s")},
                                            {1e9, QT_TRANSLATE_NOOP("longscope::Axis", "GFLOP/s")},
                                            {1e12, QT_TRANSLATE_NOOP("longscope::Axis", "TFLOP/s")},
                                            {1e15, QT_TRANSLATE_NOOP("longscope::Axis", "PFLOP/s")}}});
}

AxisUnit bytes_unit(double largest_bytes) {
    return choose<4>(largest_bytes, {{{1, QT_TRANSLATE_NOOP("longscope::Axis", "B")},
                                      {0x1p10, QT_TRANSLATE_NOOP("longscope::Axis", "KiB")},
                                      {0x1p20, QT_TRANSLATE_NOOP("longscope::Axis", "MiB")},
                                      {0x1p30, QT_TRANSLATE_NOOP("longscope::Axis", "GiB")}}});
}

AxisUnit count_unit(double largest) {
    return choose<4>(largest, {{{1, ""},
                                {1e4, QT_TRANSLATE_NOOP("longscope::Axis", "×10⁴")},
                                {1e6, QT_TRANSLATE_NOOP("longscope::Axis", "×10⁶")},
                                {1e9, QT_TRANSLATE_NOOP("longscope::Axis", "×10⁹")}}});
}

AxisEnd axis_end(double largest) {
    if (!(largest > 0) || !std::isfinite(largest)) {
        return {};
    }
    const double step = round_step(largest / most_ticks);
    return {std::ceil(largest / step - 1e-9) * step, step};
}

double whole_step(std::int64_t span) {
    constexpr double most = 10;
    return std::max(1.0, round_step(std::max(1.0, static_cast<double>(span)) / most));
}

}  // namespace longscope
