// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/mask_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/headless/mask_input.h"
#include "engine/base/error.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

// Each is six numbers of the document, which is read again after every edit.
constexpr std::size_t most_zones = 16'384;

Json zones_leaf(const ZoneList& zones) {
    Json list = Json::array();
    for (const Zone& zone : zones) {
        list.push_back({zone.q.begin, zone.q.end, zone.k.begin, zone.k.end, zone.d.begin, zone.d.end});
    }
    return list.empty() ? Json{{"not", {{"full", Json::object()}}}} : Json{{"zones", {{"zones", std::move(list)}}}};
}

}  // namespace

bool may_be_mask_arrays(const std::filesystem::path& path) {
    return looks_like_mask_arrays(path);
}

bool may_be_mask(const Json& document) {
    return document.is_object() && (document.contains("format") || document.size() == 1);
}

MaskFile read_mask_file(const std::filesystem::path& path) {
    const MaskInput input = read_mask_input(path.string(), "mask", {});
    const auto domain = input.own_domain();
    if (!domain) {
        return {std::make_shared<const Json>(input.json()), 0};
    }
    if (domain->query_tokens != domain->key_tokens) {
        throw bad_input(path.string(), fmt::format("{} queries and {} keys", domain->query_tokens, domain->key_tokens),
                        "are not the mask of an experiment", "as many queries as keys");
    }
    const ZoneList zones = gathered_zones(*input.over(*domain, {}), path.string());
    if (zones.size() > most_zones) {
        throw bad_input(path.string(), fmt::format("{} zones", zones.size()), "are too many for an experiment",
                        fmt::format("at most {}; Compare mask takes more", most_zones));
    }
    return {std::make_shared<const Json>(zones_leaf(zones)), domain->query_tokens};
}

}  // namespace longscope
