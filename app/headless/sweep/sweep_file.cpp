// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/sweep/sweep_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

constexpr std::string_view artifact_kind = "sweep";

std::string id_of(const std::vector<SweepPoint>& points) {
    std::uint64_t hash = fnv1a("");
    for (const SweepPoint& point : points) {
        hash = fnv1a(to_text(point.names) + '\n' + to_json(point.experiment).dump() + '\n', hash);
    }
    return hash_text(hash);
}

}  // namespace

Json names_json(const Combination& names) {
    Json json = Json::object();
    for (const FieldOverride& change : names) {
        json[change.field] = change.value;
    }
    return json;
}

SweepFile::SweepFile(const std::filesystem::path& runs_folder, const std::vector<SweepPoint>& points)
    : id_(id_of(points)), path_(runs_folder / fmt::format("sweep-{}.json", id_)) {}

void SweepFile::write(const std::vector<SweepPoint>& points) const {
    Json json{{"longscope_sweep", 1}, {"sweep", id_}, {"points", Json::array()}};
    for (const SweepPoint& point : points) {
        json["points"].push_back({{"fields", names_json(point.names)},
                                  {"run", point.run ? Json(*point.run) : Json(nullptr)},
                                  {"state", point.run ? Json(to_string(point.state)) : Json(nullptr)}});
    }
    std::error_code error;
    std::filesystem::create_directories(path_.parent_path(), error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", path_.parent_path().string(), error.message()));
    }
    write_file_atomically(path_, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void SweepFile::join(const SweepPoint& point, Database& database, RunStore& store) const {
    const ArtifactRecord own{std::string(artifact_kind), path_.string()};
    const StoredRun run = read_run(database, point.run.value());
    if (std::find(run.artifacts.begin(), run.artifacts.end(), own) == run.artifacts.end()) {
        store.add_artifact(run.id, own);
    }
}

}  // namespace longscope
