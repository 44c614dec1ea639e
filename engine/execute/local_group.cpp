// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/local_group.h"

#include <fmt/format.h>

#include <atomic>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/base/error.h"

namespace longscope {

namespace {

enum class MessageState : std::uint8_t {
    posted,  // by one side
    taken,   // by the other one, which copies it
    done,
    refused,  // the sides differ in their length
};
using Message = std::atomic<MessageState>;

// Both sides of a message; whichever comes second copies.
struct SendSide {
    std::span<const std::byte> payload;
    std::shared_ptr<Message> message;
};
struct ReceiveSide {
    std::span<std::byte> payload;
    std::shared_ptr<Message> message;
};

// Of messages, in which they keep their order.
struct Way {
    Channel channel = channel_of_all;
    int from = 0;
    int to = 0;

    [[nodiscard]] auto operator<=>(const Way&) const = default;
};

// What the ranks share. Thread-safe.
class Hub {
  public:
    explicit Hub(int ranks) : ranks_(ranks), numbers_(static_cast<std::size_t>(ranks)), texts_(numbers_.size()) {}

    [[nodiscard]] int ranks() const { return ranks_; }
    [[nodiscard]] bool given_up() const { return given_up_; }

    void give_up() {
        const std::lock_guard lock(mutex_);
        given_up_ = true;
        changed_.notify_all();
    }

    std::shared_ptr<Message> post_send(const Way& way, std::span<const std::byte> payload) {
        auto message = std::make_shared<Message>(MessageState::posted);
        std::unique_lock lock(mutex_);
        auto& waiting = receives_[way];
        if (waiting.empty()) {
            sends_[way].push_back({payload, message});
            return message;
        }
        const ReceiveSide other = take_first(waiting);
        *message = MessageState::taken;
        lock.unlock();
        complete({payload, message}, other);
        return message;
    }

    std::shared_ptr<Message> post_receive(const Way& way, std::span<std::byte> payload) {
        auto message = std::make_shared<Message>(MessageState::posted);
        std::unique_lock lock(mutex_);
        auto& waiting = sends_[way];
        if (waiting.empty()) {
            receives_[way].push_back({payload, message});
            return message;
        }
        const SendSide other = take_first(waiting);
        *message = MessageState::taken;
        lock.unlock();
        complete(other, {payload, message});
        return message;
    }

    // Nobody reads or writes the payload from then on: whose rank has failed takes it along.
    void withdraw(const Way& way, const std::shared_ptr<Message>& message) {
        {
            const std::lock_guard lock(mutex_);
            const auto is_it = [&](const auto& side) { return side.message == message; };
            std::erase_if(sends_[way], is_it);
            std::erase_if(receives_[way], is_it);
        }
        while (*message == MessageState::taken) {
            std::this_thread::yield();
        }
    }

    // All ranks put something in; when the last one has, `take` runs for each of them.
    template <typename Put, typename Take>
    void meet(Put put, Take take) {
        std::unique_lock lock(mutex_);
        wait(lock, [&] { return leaving_ == 0; });
        put();
        if (++arrived_ == ranks_) {
            arrived_ = 0;
            leaving_ = ranks_;
            changed_.notify_all();
        } else {
            const std::int64_t meeting = meetings_;
            wait(lock, [&] { return leaving_ > 0 && meetings_ == meeting; });
        }
        take();
        if (--leaving_ == 0) {
            ++meetings_;
            changed_.notify_all();
        }
    }

    std::vector<std::int64_t>& numbers() { return numbers_; }
    std::vector<std::string>& texts() { return texts_; }

    // A word box between two ranks.
    void put_word(int from, int to, std::int64_t number) {
        const std::lock_guard lock(mutex_);
        words_[{from, to}].push_back(number);
        changed_.notify_all();
    }
    std::int64_t take_word(int from, int to) {
        std::unique_lock lock(mutex_);
        auto& box = words_[{from, to}];
        wait(lock, [&] { return !box.empty(); });
        const std::int64_t number = box.front();
        box.pop_front();
        return number;
    }

  private:
    template <typename Condition>
    void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
        changed_.wait(lock, [&] { return given_up_ || condition(); });
        if (given_up_) {
            throw failed("another rank has failed");
        }
    }

    // Under the lock.
    template <typename Side>
    static Side take_first(std::deque<Side>& waiting) {
        Side side = waiting.front();
        waiting.pop_front();
        *side.message = MessageState::taken;
        return side;
    }

    static void complete(const SendSide& send, const ReceiveSide& receive) {
        const bool fits = send.payload.size() == receive.payload.size();
        if (fits && !send.payload.empty()) {
            std::memcpy(receive.payload.data(), send.payload.data(), send.payload.size());
        }
        *send.message = fits ? MessageState::done : MessageState::refused;
        *receive.message = fits ? MessageState::done : MessageState::refused;
        if (!fits) {
            throw failed(fmt::format("a message of {} bytes was sent where {} were expected", send.payload.size(),
                                     receive.payload.size()));
        }
    }

    int ranks_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Way, std::deque<SendSide>> sends_;
    std::map<Way, std::deque<ReceiveSide>> receives_;
    std::map<std::pair<int, int>, std::deque<std::int64_t>> words_;
    std::vector<std::int64_t> numbers_;
    std::vector<std::string> texts_;
    int arrived_ = 0;
    int leaving_ = 0;
    std::int64_t meetings_ = 0;
    std::atomic<bool> given_up_{false};
};

class LocalTransfer final : public Transfer {
  public:
    LocalTransfer(Hub& hub, const Way& way, std::shared_ptr<Message> message)
        : hub_(&hub), way_(way), message_(std::move(message)) {}
    LocalTransfer(const LocalTransfer&) = delete;
    LocalTransfer& operator=(const LocalTransfer&) = delete;
    LocalTransfer(LocalTransfer&&) = delete;
    LocalTransfer& operator=(LocalTransfer&&) = delete;
    ~LocalTransfer() override {
        if (*message_ != MessageState::done) {
            hub_->withdraw(way_, message_);
        }
    }

    [[nodiscard]] bool done() override {
        if (*message_ == MessageState::done) {
            return true;
        }
        if (hub_->given_up()) {
            throw failed("another rank has failed");
        }
        return false;
    }

  private:
    Hub* hub_;
    Way way_;
    std::shared_ptr<Message> message_;
};

class LocalCommunicator final : public Communicator {
  public:
    LocalCommunicator(Hub& hub, int rank) : hub_(&hub), rank_(rank) {}

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return hub_->ranks(); }

    void barrier() override {
        hub_->meet([] {}, [] {});
    }

    [[nodiscard]] std::vector<std::string> gather(const std::string& text, int root) override {
        std::vector<std::string> result;
        hub_->meet([&] { hub_->texts()[static_cast<std::size_t>(rank_)] = text; },
                   [&] {
                       if (rank_ == root) {
                           result = hub_->texts();
                       }
                   });
        return result;
    }

    [[nodiscard]] std::vector<std::int64_t> all_gather(std::int64_t number) override {
        std::vector<std::int64_t> result;
        hub_->meet([&] { hub_->numbers()[static_cast<std::size_t>(rank_)] = number; },
                   [&] { result = hub_->numbers(); });
        return result;
    }

    void send_number(int peer, std::int64_t number) override { hub_->put_word(rank_, peer, number); }
    [[nodiscard]] std::int64_t receive_number(int peer) override { return hub_->take_word(peer, rank_); }

  protected:
    [[nodiscard]] std::unique_ptr<Transfer> start_send(Channel channel, int peer,
                                                       std::span<const std::byte> payload) override {
        const Way way{channel, rank_, peer};
        return std::make_unique<LocalTransfer>(*hub_, way, hub_->post_send(way, payload));
    }
    [[nodiscard]] std::unique_ptr<Transfer> start_receive(Channel channel, int peer,
                                                          std::span<std::byte> payload) override {
        const Way way{channel, peer, rank_};
        return std::make_unique<LocalTransfer>(*hub_, way, hub_->post_receive(way, payload));
    }
    // A channel is a number: messages of the old ones have all arrived.
    void replace_channels(const std::vector<std::vector<int>>& /*groups*/) override { barrier(); }

  private:
    Hub* hub_;
    int rank_;
};

}  // namespace

void run_local_ranks(int ranks, const std::function<void(Communicator&)>& run) {
    Hub hub(ranks);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(ranks));
    std::atomic<int> first_failed{-1};
    {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < ranks; ++rank) {
            threads.emplace_back([&, rank] {
                try {
                    LocalCommunicator communicator(hub, rank);
                    run(communicator);
                } catch (...) {
                    errors[static_cast<std::size_t>(rank)] = std::current_exception();
                    int none = -1;
                    first_failed.compare_exchange_strong(none, rank);
                    hub.give_up();
                }
            });
        }
    }
    if (first_failed >= 0) {
        std::rethrow_exception(errors[static_cast<std::size_t>(first_failed.load())]);
    }
}

}  // namespace longscope
