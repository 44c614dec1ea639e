// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/dist_ca_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/thread_team.h"
#include "engine/kernel/partial.h"
#include "engine/mask/key_coverage.h"
#include "engine/mask/local_mask.h"

namespace longscope {

namespace {

constexpr std::int64_t default_tolerance_percent = 10;

// Neighbouring tokens of one rank; pieces are made of whole blocks.
struct Block {
    Range within;  // positions
    std::int64_t tokens = 0;
    std::int64_t head_pairs = 0;
    RangeSet keys;  // that its queries see
    // What stands for them where pieces are compared: their extent, where they lie in many pieces, which would take
    // long.
    RangeSet about;
};

constexpr std::size_t max_ranges_to_compare = 16;

// Of each rank, where it has so many tokens: fewer for many ranks, so that planning takes no longer.
std::int64_t block_count(std::int64_t ranks) {
    return std::clamp<std::int64_t>(4096 / ranks, 16, 256);
}

std::vector<Block> blocks_of(const StrategyInput& input, const TokenSet& tokens) {
    const std::int64_t count = std::min(tokens.size(), block_count(input.ranks()));
    const TokenSet all_keys({{0, input.masks.key_tokens()}});
    std::vector<Block> blocks;
    for (std::int64_t i = 0; i < count; ++i) {
        const Range part{i * tokens.size() / count, (i + 1) * tokens.size() / count};
        Block block;
        block.within = {tokens.position(part.begin), tokens.position(part.end - 1) + 1};
        block.tokens = part.size();
        const TokenSet queries = select_tokens({{0}, {block.within}}, {tokens});
        block.head_pairs = LocalMask(input.masks, queries, all_keys).head_pairs({0, input.shape.query_heads});
        block.keys = covered_keys(input.masks, queries);
        block.about = block.keys.size() <= max_ranges_to_compare
                          ? block.keys
                          : RangeSet{{block.keys.front().begin, block.keys.back().end}};
        blocks.push_back(std::move(block));
    }
    return blocks;
}

// A piece of what a rank has left: so many blocks from its beginning, so many from its end.
struct Piece {
    std::int64_t owner = 0;
    std::int64_t head = 0;
    std::int64_t tail = 0;
    std::int64_t head_pairs = 0;
    double bytes_of_pair = 0;
};

// The work while it is handed out.
class Planner {
  public:
    explicit Planner(const StrategyInput& input) : input_(input), sizes_(input.shape) {
        const auto ranks = static_cast<std::size_t>(input.ranks());
        blocks_.resize(ranks);
        ThreadTeam().for_each(input.ranks(), [&](std::int64_t rank) {
            const auto at = static_cast<std::size_t>(rank);
            blocks_[at] = blocks_of(input, input.tokens[at]);
        });
        for (const std::vector<Block>& blocks : blocks_) {
            left_.push_back({0, static_cast<std::int64_t>(blocks.size())});
            std::vector<std::int64_t>& before = before_.emplace_back(1, 0);
            for (const Block& block : blocks) {
                before.push_back(before.back() + block.head_pairs);
            }
            works_.push_back(before.back());
        }
        moved_.resize(ranks);
    }

    [[nodiscard]] const std::vector<std::int64_t>& works() const { return works_; }

    void balance(std::int64_t tolerance_percent) {
        double sum = 0;
        for (const std::int64_t work : works_) {
            sum += static_cast<double>(work);
        }
        mean_ = sum / static_cast<double>(works_.size());
        const double most = mean_ * (1 + static_cast<double>(tolerance_percent) / 100);
        std::vector<bool> served(works_.size(), false);
        while (static_cast<double>(*std::max_element(works_.begin(), works_.end())) > most) {
            const std::optional<std::int64_t> server = least_of(served);
            if (!server) {
                break;
            }
            if (const std::optional<Piece> piece = best_piece_for(*server)) {
                move(*piece, *server);
            } else {
                served[static_cast<std::size_t>(*server)] = true;
            }
        }
    }

    // What a rank computes is cut in two where half of its work is done: its own queries first.
    [[nodiscard]] std::array<DistCaShare, DistCaPlan::batches> shares_of(std::int64_t rank) const {
        std::vector<std::pair<std::int64_t, std::int64_t>> blocks;  // owner and number
        const auto at = static_cast<std::size_t>(rank);
        for (std::int64_t number = left_[at].begin; number < left_[at].end; ++number) {
            blocks.emplace_back(rank, number);
        }
        for (const auto& [owner, numbers] : moved_[at]) {
            for (const std::int64_t number : std::set<std::int64_t>(numbers.begin(), numbers.end())) {
                blocks.emplace_back(owner, number);
            }
        }
        std::array<DistCaShare, DistCaPlan::batches> shares;
        std::array<RangeSet, DistCaPlan::batches> keys;
        std::int64_t done = 0;
        for (const auto& [owner, number] : blocks) {
            const Block& block = block_of(owner, number);
            const std::size_t batch = 2 * done < works_[at] ? 0 : 1;
            add(block, owner, shares.at(batch));
            keys.at(batch) = united_ranges(keys.at(batch), block.keys);
            done += block.head_pairs;
        }
        shares[0].keys = keys[0];
        shares[1].keys = rest_of_ranges(keys[1], keys[0]);
        for (DistCaShare& share : shares) {
            share.remote_keys = tokens_not_of(rank, share.keys);
            std::sort(share.tasks.begin(), share.tasks.end(),
                      [](const DistCaTask& a, const DistCaTask& b) { return a.owner < b.owner; });
            for (DistCaTask& task : share.tasks) {
                task.within = joined_ranges(std::move(task.within));
            }
        }
        return shares;
    }

  private:
    // Blocks of an owner come one after the other.
    static void add(const Block& block, std::int64_t owner, DistCaShare& share) {
        if (share.tasks.empty() || share.tasks.back().owner != owner) {
            share.tasks.push_back({owner, {}, 0});
        }
        share.tasks.back().within.push_back(block.within);
        share.tasks.back().tokens += block.tokens;
        share.head_pairs += block.head_pairs;
    }
    [[nodiscard]] const Block& block_of(std::int64_t rank, std::int64_t number) const {
        return blocks_[static_cast<std::size_t>(rank)][static_cast<std::size_t>(number)];
    }
    [[nodiscard]] std::int64_t tokens_not_of(std::int64_t rank, const RangeSet& positions) const {
        std::int64_t tokens = 0;
        for (const Range range : positions) {
            tokens += range.size() - input_.tokens[static_cast<std::size_t>(rank)].count_in(range);
        }
        return tokens;
    }
    // Of all ranks below the mean that can still get something.
    [[nodiscard]] std::optional<std::int64_t> least_of(const std::vector<bool>& served) const {
        std::optional<std::int64_t> least;
        for (std::size_t rank = 0; rank < works_.size(); ++rank) {
            if (!served[rank] && static_cast<double>(works_[rank]) < mean_ &&
                (!least || works_[rank] < works_[static_cast<std::size_t>(*least)])) {
                least = static_cast<std::int64_t>(rank);
            }
        }
        return least;
    }
    [[nodiscard]] std::int64_t work_of(std::int64_t rank, Range blocks) const {
        const std::vector<std::int64_t>& before = before_[static_cast<std::size_t>(rank)];
        return before[static_cast<std::size_t>(blocks.end)] - before[static_cast<std::size_t>(blocks.begin)];
    }

    [[nodiscard]] std::optional<Piece> best_piece_for(std::int64_t server) const {
        const double need = mean_ - static_cast<double>(works_[static_cast<std::size_t>(server)]);
        std::optional<Piece> best;
        for (std::int64_t donor = 0; donor < input_.ranks(); ++donor) {
            const double surplus = static_cast<double>(works_[static_cast<std::size_t>(donor)]) - mean_;
            if (surplus <= 0) {
                continue;
            }
            Piece piece = piece_of(donor, std::min(need, surplus));
            if (piece.head_pairs == 0) {
                continue;
            }
            piece.bytes_of_pair = bytes_of(piece, server) / static_cast<double>(piece.head_pairs);
            if (!best || piece.bytes_of_pair < best->bytes_of_pair) {
                best = piece;
            }
        }
        return best;
    }

    // The largest with at most so much work. Pairs of rows from both ends where one half has a few percent more work.
    [[nodiscard]] Piece piece_of(std::int64_t donor, double work) const {
        const Range left = left_[static_cast<std::size_t>(donor)];
        const std::int64_t middle = (left.begin + left.end) / 2;
        const std::int64_t first = work_of(donor, {left.begin, middle});
        const std::int64_t second = work_of(donor, {left.end - (middle - left.begin), left.end});
        const bool uneven = 32 * std::abs(first - second) > std::min(first, second);
        Piece piece{donor, 0, 0, 0, 0};
        for (std::int64_t blocks = 1; blocks <= (uneven ? left.size() / 2 : left.size()); ++blocks) {
            const std::int64_t pairs = work_of(donor, {left.end - blocks, left.end}) +
                                       (uneven ? work_of(donor, {left.begin, left.begin + blocks}) : 0);
            if (static_cast<double>(pairs) > work) {
                break;
            }
            piece = {donor, uneven ? blocks : 0, blocks, pairs, 0};
        }
        return piece;
    }

    template <typename Visit>
    void for_each_block(const Piece& piece, Visit visit) const {
        const Range left = left_[static_cast<std::size_t>(piece.owner)];
        for (std::int64_t i = 0; i < piece.head; ++i) {
            visit(left.begin + i);
        }
        for (std::int64_t i = 0; i < piece.tail; ++i) {
            visit(left.end - piece.tail + i);
        }
    }

    [[nodiscard]] double bytes_of(const Piece& piece, std::int64_t server) const {
        RangeSet keys;
        std::int64_t tokens = 0;
        for_each_block(piece, [&](std::int64_t number) {
            const Block& block = block_of(piece.owner, number);
            tokens += block.tokens;
            keys = united_ranges(keys, block.about);
        });
        return static_cast<double>(tokens * (sizes_.queries + sizes_.result) +
                                   tokens_not_of(server, keys) * sizes_.key_values);
    }

    void move(const Piece& piece, std::int64_t server) {
        std::vector<std::int64_t>& numbers = moved_[static_cast<std::size_t>(server)][piece.owner];
        for_each_block(piece, [&](std::int64_t number) { numbers.push_back(number); });
        Range& left = left_[static_cast<std::size_t>(piece.owner)];
        left = {left.begin + piece.head, left.end - piece.tail};
        works_[static_cast<std::size_t>(piece.owner)] -= piece.head_pairs;
        works_[static_cast<std::size_t>(server)] += piece.head_pairs;
    }

    const StrategyInput& input_;
    DistCaSizes sizes_;
    std::vector<std::vector<Block>> blocks_;         // by rank
    std::vector<std::vector<std::int64_t>> before_;  // work of the blocks before each, and of all
    std::vector<Range> left_;                        // blocks that a rank keeps
    std::vector<std::int64_t> works_;
    std::vector<std::map<std::int64_t, std::vector<std::int64_t>>> moved_;  // blocks that a rank got, by owner
    double mean_ = 0;
};

}  // namespace

std::int64_t DistCaShare::tokens() const {
    std::int64_t sum = 0;
    for (const DistCaTask& task : tasks) {
        sum += task.tokens;
    }
    return sum;
}

const DistCaTask* DistCaShare::task_of(std::int64_t owner) const {
    const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const DistCaTask& t) { return t.owner == owner; });
    return found == tasks.end() ? nullptr : &*found;
}

std::int64_t DistCaPlan::head_pairs(std::int64_t rank) const {
    std::int64_t sum = 0;
    for (std::size_t batch = 0; batch < batches; ++batch) {
        sum += share(batch, rank).head_pairs;
    }
    return sum;
}

std::int64_t DistCaPlan::moved_tokens() const {
    std::int64_t tokens = 0;
    for (const std::vector<DistCaShare>& of_batch : shares) {
        for (std::size_t rank = 0; rank < of_batch.size(); ++rank) {
            for (const DistCaTask& task : of_batch[rank].tasks) {
                tokens += task.owner == static_cast<std::int64_t>(rank) ? 0 : task.tokens;
            }
        }
    }
    return tokens;
}

DistCaPlan make_dist_ca_plan(const StrategyInput& input, std::int64_t tolerance_percent) {
    Planner planner(input);
    DistCaPlan plan;
    plan.head_pairs_before = planner.works();
    planner.balance(tolerance_percent);
    for (std::int64_t rank = 0; rank < input.ranks(); ++rank) {
        std::array<DistCaShare, DistCaPlan::batches> shares = planner.shares_of(rank);
        for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
            plan.shares.at(batch).push_back(std::move(shares.at(batch)));
        }
    }
    return plan;
}

std::shared_ptr<const StrategyPlan> plan_dist_ca(const StrategyInput& input) {
    const std::int64_t tolerance = input.options.tolerance_percent;
    return std::make_shared<const DistCaPlan>(
        make_dist_ca_plan(input, tolerance > 0 ? tolerance : default_tolerance_percent));
}

std::shared_ptr<const DistCaPlan> dist_ca_plan_of(const StrategyInput& input) {
    auto known = std::dynamic_pointer_cast<const DistCaPlan>(input.plan);
    return known != nullptr ? known : std::dynamic_pointer_cast<const DistCaPlan>(plan_dist_ca(input));
}

DistCaSizes::DistCaSizes(const AttentionShape& shape)
    : queries(shape.query_heads * shape.head_dim_qk * size_bytes(shape.dtype)),
      key_values(shape.key_value_bytes_per_token()),
      result(Partial::size_bytes(shape.query_heads, 1, shape.head_dim_v)),
      output_gradients(shape.query_heads * shape.head_dim_v * size_bytes(shape.dtype)),
      delta(shape.query_heads * std::int64_t{sizeof(float)}),
      query_gradients(shape.query_heads * shape.head_dim_qk * std::int64_t{sizeof(float)}),
      key_value_gradients(shape.key_value_gradient_bytes_per_token()) {}

}  // namespace longscope
