// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/tile_store.h"

#include <algorithm>
#include <exception>

namespace longscope {

namespace {

std::size_t bytes_of(const DensityTile& tile) {
    return sizeof(DensityTile) + tile.cells.size();
}

}  // namespace

TileStore::TileStore(QObject* parent) : QObject(parent), worker_([this] { work(); }) {}

TileStore::~TileStore() {
    {
        const std::lock_guard lock(lock_);
        ending_ = true;
    }
    changed_.notify_all();
    worker_.join();
}

void TileStore::set_source(std::shared_ptr<const TileSource> source) {
    source_ = std::move(source);
    ++generation_;
    tiles_.clear();
    uses_.clear();
    bytes_ = 0;
    want({});
}

const DensityTile* TileStore::find(const DensityTileKey& key) {
    const auto found = tiles_.find(key);
    if (found == tiles_.end()) {
        return nullptr;
    }
    uses_.splice(uses_.begin(), uses_, found->second.use);
    return &found->second.tile;
}

void TileStore::want(std::vector<DensityTileKey> keys) {
    const Box matrix = source_ == nullptr ? Box{} : source_->box();
    keys.erase(std::remove_if(keys.begin(), keys.end(),
                              [&](const DensityTileKey& key) {
                                  const Box tokens = key.tokens();
                                  return source_ == nullptr || tiles_.count(key) != 0 || key.row < 0 ||
                                         key.column < 0 || tokens.q.begin >= matrix.q.end ||
                                         tokens.k.begin >= matrix.k.end;
                              }),
               keys.end());
    missing_ = keys.size();
    {
        const std::lock_guard lock(lock_);
        job_ = {generation_, ++order_, source_, std::move(keys)};
    }
    changed_.notify_all();
}

void TileStore::work() {
    std::uint64_t order = 0;
    std::size_t next = 0;
    while (true) {
        std::uint64_t generation = 0;
        std::shared_ptr<const TileSource> source;
        DensityTileKey key;
        {
            std::unique_lock lock(lock_);
            changed_.wait(lock, [&] { return ending_ || job_.order != order || next < job_.keys.size(); });
            if (ending_) {
                return;
            }
            if (job_.order != order) {
                order = job_.order;
                next = 0;
            }
            if (next >= job_.keys.size()) {
                continue;
            }
            generation = job_.generation;
            source = job_.source;
            key = job_.keys[next++];
        }
        DensityTile tile;
        try {
            tile = source->tile(key);
        } catch (const std::exception&) {  // no memory for it: the view goes on with a coarser one
            continue;
        }
        const std::lock_guard lock(lock_);
        if (done_.empty()) {
            QMetaObject::invokeMethod(
                this, [this] { take(); }, Qt::QueuedConnection);
        }
        done_.push_back({generation, order, key, std::move(tile)});
    }
}

void TileStore::take() {
    std::vector<Done> done;
    {
        const std::lock_guard lock(lock_);
        done.swap(done_);
    }
    bool came = false;
    for (Done& one : done) {
        if (one.generation == generation_) {
            keep(one.key, std::move(one.tile));
            came = true;
        }
        if (one.order == order_ && missing_ > 0) {
            --missing_;
        }
    }
    if (came) {
        Q_EMIT tiles_came();
    }
}

void TileStore::keep(const DensityTileKey& key, DensityTile tile) {
    if (tiles_.count(key) != 0) {
        return;
    }
    bytes_ += bytes_of(tile);
    uses_.push_front(key);
    tiles_.emplace(key, Kept{std::move(tile), uses_.begin()});
    while (bytes_ > most_bytes) {
        const auto oldest = tiles_.find(uses_.back());
        bytes_ -= bytes_of(oldest->second.tile);
        tiles_.erase(oldest);
        uses_.pop_back();
    }
}

}  // namespace longscope
