// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/tile_choices.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "storage/bind.h"
#include "storage/read_view.h"

namespace longscope {

namespace {

constexpr std::int64_t most_benches = 100;     // the newest of them
constexpr std::int64_t largest_tile = 65'536;  // what is no candidate of a device is passed over when it is used
constexpr const char* field = "tile_choices";

template <typename Words>
std::size_t place_of(const Words& words, JsonObject& object, const char* name) {
    const std::string word = object.text(name, "one of the words that are written");
    const auto* const found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
        throw bad_input(object.path_of(name), word, "is none of the words", words.front());
    }
    return static_cast<std::size_t>(found - words.begin());
}

opencl::TileChoice choice_from(const Json& value) {
    JsonObject object(value, field);
    opencl::TileChoice choice;
    choice.device = object.text("device", "a device");
    choice.of.design = static_cast<opencl::Design>(place_of(opencl::design_words, object, "design"));
    choice.of.pass = static_cast<opencl::Pass>(place_of(opencl::pass_words, object, "pass"));
    choice.of.largest_dim = object.integer("largest_dim", 1, largest_tile);
    choice.shape.q_tile = object.integer("q_tile", 1, largest_tile);
    choice.shape.k_tile = object.integer("k_tile", 1, largest_tile);
    return choice;
}

std::vector<opencl::TileChoice> choices_from(const std::string& settings) {
    std::vector<opencl::TileChoice> choices;
    const Json document = parse_json(settings, "settings");
    JsonObject object(document, "");
    const Json& list = object.required(field, "a list of tile shapes");
    if (!list.is_array()) {
        throw bad_input(field, shown(list), "is no list", "a list of tile shapes");
    }
    for (const Json& one : list) {
        choices.push_back(choice_from(one));
    }
    return choices;
}

}  // namespace

Json tile_choices_json(const std::vector<opencl::TileChoice>& choices) {
    Json list = Json::array();
    for (const opencl::TileChoice& choice : choices) {
        list.push_back({{"device", choice.device},
                        {"design", opencl::design_words[static_cast<std::size_t>(choice.of.design)]},
                        {"pass", opencl::pass_words[static_cast<std::size_t>(choice.of.pass)]},
                        {"largest_dim", choice.of.largest_dim},
                        {"q_tile", choice.shape.q_tile},
                        {"k_tile", choice.shape.k_tile}});
    }
    return {{field, std::move(list)}};
}

std::vector<opencl::TileChoice> stored_tile_choices(Database& database) {
    std::vector<std::string> newest_first;
    guarded(database, "read tile shapes", [&] {
        SQLite::Statement row(database.handle(),
                              "SELECT settings FROM benches WHERE kind = ? ORDER BY bench DESC LIMIT ?");
        bind_all(row, std::string(tile_bench_kind), most_benches);
        while (row.executeStep()) {
            newest_first.push_back(row.getColumn(0).getString());
        }
    });
    std::vector<opencl::TileChoice> all;
    for (auto settings = newest_first.rbegin(); settings != newest_first.rend(); ++settings) {
        try {
            const std::vector<opencl::TileChoice> choices = choices_from(*settings);
            all.insert(all.end(), choices.begin(), choices.end());
        } catch (const Error&) {
            continue;
        }
    }
    return all;
}

}  // namespace longscope
