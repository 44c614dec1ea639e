// SPDX-License-Identifier: GPL-3.0-or-later
// What the executor needs from whatever connects the ranks: in-process threads, or MPI. All calls of one communicator
// are made from one thread. Failure of a transfer or of another rank is an Error(failed).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace longscope {

// A transfer under way; its memory must stay until done() has returned true. Destroying one that is not done is allowed
// only when the whole run is given up.
class Transfer {
  public:
    Transfer() = default;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    Transfer(Transfer&&) = delete;
    Transfer& operator=(Transfer&&) = delete;
    virtual ~Transfer() = default;

    // Makes progress; true from the moment of completion on.
    [[nodiscard]] virtual bool done() = 0;
};

// Messages in different ones never wait for one another, nor take one another's place.
using Channel = int;
inline constexpr Channel channel_of_all = -1;

class Communicator {
  public:
    Communicator() = default;
    Communicator(const Communicator&) = delete;
    Communicator& operator=(const Communicator&) = delete;
    Communicator(Communicator&&) = delete;
    Communicator& operator=(Communicator&&) = delete;
    virtual ~Communicator() = default;

    [[nodiscard]] virtual int rank() const = 0;
    [[nodiscard]] virtual int size() const = 0;

    // Payload between different ranks; counted. Messages between two ranks arrive in the order of sending, in each
    // channel for itself; both sides must name the same size. The peer may not be this rank.
    [[nodiscard]] std::unique_ptr<Transfer> send(Channel channel, int peer, std::span<const std::byte> payload);
    [[nodiscard]] std::unique_ptr<Transfer> receive(Channel channel, int peer, std::span<std::byte> payload);
    // In that of all ranks.
    [[nodiscard]] std::unique_ptr<Transfer> send(int peer, std::span<const std::byte> payload) {
        return send(channel_of_all, peer, payload);
    }
    [[nodiscard]] std::unique_ptr<Transfer> receive(int peer, std::span<std::byte> payload) {
        return receive(channel_of_all, peer, payload);
    }
    // Replaces the channels but that of all ranks; nothing may be under way. Channel i joins the ranks groups[i],
    // ascending, this one among them. All ranks call it, with as many groups; the ith groups of two ranks are the same
    // or have no rank in common.
    void open_channels(const std::vector<std::vector<int>>& groups);
    [[nodiscard]] std::int64_t payload_bytes_sent() const { return bytes_sent_; }
    [[nodiscard]] std::int64_t payload_bytes_received() const { return bytes_received_; }

    // Control; not counted. The next three are called by all ranks in the same order; they wait.
    virtual void barrier() = 0;
    // On root: the texts of all ranks in their order; elsewhere empty.
    [[nodiscard]] virtual std::vector<std::string> gather(const std::string& text, int root) = 0;
    // On every rank: the numbers of all ranks in their order.
    [[nodiscard]] virtual std::vector<std::int64_t> all_gather(std::int64_t number) = 0;
    // Between two ranks, waiting, in the order of sending: for clocks.
    virtual void send_number(int peer, std::int64_t number) = 0;
    [[nodiscard]] virtual std::int64_t receive_number(int peer) = 0;

  protected:
    // Of a channel and a peer that there are.
    [[nodiscard]] virtual std::unique_ptr<Transfer> start_send(Channel channel, int peer,
                                                               std::span<const std::byte> payload) = 0;
    [[nodiscard]] virtual std::unique_ptr<Transfer> start_receive(Channel channel, int peer,
                                                                  std::span<std::byte> payload) = 0;
    virtual void replace_channels(const std::vector<std::vector<int>>& groups) = 0;

  private:
    void require_in(Channel channel, int peer) const;

    std::vector<std::vector<int>> channels_;
    std::int64_t bytes_sent_ = 0;
    std::int64_t bytes_received_ = 0;
};

// Throws Error(failed) that names the ranks that differ when the plans of the ranks are not the same. `hash` is that of
// this rank's plan text.
void require_same_plan(Communicator& communicator, std::uint64_t hash);

}  // namespace longscope
