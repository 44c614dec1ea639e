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

    // Payload between different ranks; counted. Messages between two ranks arrive in the order of sending; both sides
    // must name the same size. The peer may not be this rank.
    [[nodiscard]] std::unique_ptr<Transfer> send(int peer, std::span<const std::byte> payload);
    [[nodiscard]] std::unique_ptr<Transfer> receive(int peer, std::span<std::byte> payload);
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
    [[nodiscard]] virtual std::unique_ptr<Transfer> start_send(int peer, std::span<const std::byte> payload) = 0;
    [[nodiscard]] virtual std::unique_ptr<Transfer> start_receive(int peer, std::span<std::byte> payload) = 0;

  private:
    std::int64_t bytes_sent_ = 0;
    std::int64_t bytes_received_ = 0;
};

// Throws Error(failed) that names the ranks that differ when the plans of the ranks are not the same. `hash` is that of
// this rank's plan text.
void require_same_plan(Communicator& communicator, std::uint64_t hash);

}  // namespace longscope
