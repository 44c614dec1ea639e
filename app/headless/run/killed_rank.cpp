// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/killed_rank.h"

#include <algorithm>
#include <charconv>

namespace longscope {

namespace {

bool take(std::string_view& text, std::string_view expected) {
    const bool found = text.starts_with(expected);
    text.remove_prefix(found ? expected.size() : 0);
    return found;
}

// Digits from the front of `text`.
template <typename Integer>
bool take_number(std::string_view& text, Integer& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool found = error == std::errc() && value >= 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return found;
}

}  // namespace

// Not by std::regex, which recurses once for every character of a line.
std::optional<KilledRank> find_killed_rank(std::string_view line) {
    constexpr std::string_view beginning = "process rank ";
    constexpr std::size_t longest_host = 255;
    for (std::size_t at = line.find(beginning); at != std::string_view::npos; at = line.find(beginning, at + 1)) {
        std::string_view rest = line.substr(at + beginning.size());
        KilledRank killed;
        std::int64_t process = 0;
        if (!take_number(rest, killed.rank) || !take(rest, " with PID ") || !take_number(rest, process) ||
            !take(rest, " on node ")) {
            continue;
        }
        killed.host = rest.substr(0, rest.substr(0, longest_host + 1).find(' '));
        rest.remove_prefix(std::min(rest.size(), killed.host.size()));
        if (take(rest, " exited on signal ") && take_number(rest, killed.signal)) {
            return killed;
        }
    }
    return std::nullopt;
}

}  // namespace longscope
