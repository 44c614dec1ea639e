// SPDX-License-Identifier: GPL-3.0-or-later
// The tiles of one mask, or of two: computed on a thread of their own, the most wanted first, and kept up to a limit.
// Lives on the GUI thread.
#pragma once

#include <QObject>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/draw/density_tile.h"
#include "widgets/mask/tile_source.h"

namespace longscope {

class TileStore : public QObject {
    Q_OBJECT

  public:
    explicit TileStore(QObject* parent = nullptr);
    ~TileStore() override;

    // Drops all tiles. May be null: then there are none.
    void set_source(std::shared_ptr<const TileSource> source);
    [[nodiscard]] const std::shared_ptr<const TileSource>& source() const { return source_; }

    // Null while it is not there. Valid until the next call of another member.
    [[nodiscard]] const DensityTile* find(const DensityTileKey& key);
    // What is computed next, in this order, instead of what was wanted before. Tiles that are there or do not meet the
    // matrix are passed over.
    void want(std::vector<DensityTileKey> keys);
    // Is everything that was wanted there?
    [[nodiscard]] bool idle() const { return missing_ == 0; }

    // Beyond it the tiles that were longest unused go.
    static constexpr std::size_t most_bytes = 64U << 20U;

  Q_SIGNALS:
    // Some tiles have come; find() knows them.
    void tiles_came();

  private:
    struct Kept {
        DensityTile tile;
        std::list<DensityTileKey>::iterator use;
    };
    struct Job {
        std::uint64_t generation = 0;  // of the source
        std::uint64_t order = 0;       // of want()
        std::shared_ptr<const TileSource> source;
        std::vector<DensityTileKey> keys;
    };

    void work();
    void take();
    void keep(const DensityTileKey& key, DensityTile tile);

    std::shared_ptr<const TileSource> source_;
    std::uint64_t generation_ = 0;
    std::uint64_t order_ = 0;
    std::size_t missing_ = 0;
    std::map<DensityTileKey, Kept> tiles_;
    std::list<DensityTileKey> uses_;  // the newest first
    std::size_t bytes_ = 0;

    // Shared with the worker, under the lock.
    std::mutex lock_;
    std::condition_variable changed_;
    bool ending_ = false;
    Job job_;
    struct Done {
        std::uint64_t generation = 0;
        std::uint64_t order = 0;
        DensityTileKey key;
        DensityTile tile;
    };
    std::vector<Done> done_;
    std::thread worker_;
};

}  // namespace longscope
