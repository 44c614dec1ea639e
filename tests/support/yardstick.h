// SPDX-License-Identifier: GPL-3.0-or-later
// How fast this machine is just now, for tests with a limit of time. The same work takes half as long or twice as long
// on another processor, beside another test, or beside another guest of the same host, which no time of a process
// tells; so a limit in milliseconds holds at the usual pace, and the pace is measured beside the work.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <system_error>
#include <vector>

namespace longscope {

// Of all threads: what other programs do meanwhile does not count, and no core more than one is asked for.
[[nodiscard]] inline double process_ran_ms() {
    timespec ran{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ran);
    return static_cast<double>(ran.tv_sec) * 1e3 + static_cast<double>(ran.tv_nsec) / 1e6;
}

[[nodiscard]] inline double thread_ran_ms() {
    timespec ran{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
    return static_cast<double>(ran.tv_sec) * 1e3 + static_cast<double>(ran.tv_nsec) / 1e6;
}

// The processor time of work of the kinds that the product's own planning is made of: pages that the system clears,
// comparisons that branch, and a walk through more than a second-level cache holds in an order that cannot be guessed.
[[nodiscard]] inline double yardstick_ms() {
    constexpr std::size_t count = std::size_t{1} << 16;
    constexpr std::size_t walk = std::size_t{1} << 19;
    constexpr std::size_t fresh_bytes = std::size_t{4} << 20;
    constexpr std::size_t page_bytes = 4096;
    const double before_ms = thread_ran_ms();
    std::uint64_t state = 1;
    const auto next = [&state] { return state = state * 6364136223846793005U + 1442695040888963407U; };
    std::vector<std::uint64_t> numbers(count);
    std::generate(numbers.begin(), numbers.end(), next);
    std::sort(numbers.begin(), numbers.end());
    std::vector<std::uint32_t> places(walk);
    for (std::size_t i = 0; i < walk; ++i) {
        places[i] = static_cast<std::uint32_t>((next() >> 40U) % walk);
    }
    std::uint64_t at = numbers[count / 2] % walk;
    for (std::size_t i = 0; i < walk; ++i) {
        at = (places[at] + i) % walk;
    }
    // Not from the heap, which keeps what was freed.
    void* const fresh = mmap(nullptr, fresh_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "yardstick: no memory");
    }
    (void)madvise(fresh, fresh_bytes, MADV_NOHUGEPAGE);
    auto* const bytes = static_cast<volatile unsigned char*>(fresh);
    for (std::size_t page = 0; page < fresh_bytes; page += page_bytes) {
        bytes[page] = static_cast<unsigned char>(at);  // also shows that the walk is needed
    }
    munmap(fresh, fresh_bytes);
    return thread_ran_ms() - before_ms;
}

// Of an idle virtual core of an AMD EPYC 9004, at -O2: 13.6 to 14.8.
inline constexpr double usual_yardstick_ms = 14;

// 1 at the usual pace, 2 where everything takes twice as long.
[[nodiscard]] inline double slowness() {
    return yardstick_ms() / usual_yardstick_ms;
}

// What one try took, in milliseconds, with the yardstick before and after it, as if at the usual pace.
template <typename TimedWork>
[[nodiscard]] double at_usual_pace_ms(const TimedWork& timed_ms) {
    const double before = slowness();
    const double ms = timed_ms();
    return ms / ((before + slowness()) / 2);
}

// The least of some tries, as if at the usual pace.
template <typename TimedWork>
[[nodiscard]] double least_at_usual_pace_ms(int tries, const TimedWork& timed_ms) {
    double least_ms = std::numeric_limits<double>::infinity();
    for (int i = 0; i < tries; ++i) {
        least_ms = std::min(least_ms, at_usual_pace_ms(timed_ms));
    }
    return least_ms;
}

}  // namespace longscope
