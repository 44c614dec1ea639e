// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/mpi/mpi_communicator.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdlib>

#include "engine/base/error.h"

namespace longscope {

namespace {

// Counts are int in MPI 3: larger messages travel in pieces.
constexpr std::size_t piece_bytes = std::size_t{1} << 30;
constexpr int payload_tag = 1;
constexpr int word_tag = 2;

void check(int code, const char* what) {
    if (code == MPI_SUCCESS) {
        return;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw failed(fmt::format("MPI: {}: {}", what, std::string(text, static_cast<std::size_t>(length))));
}

class MpiTransfer final : public Transfer {
  public:
    explicit MpiTransfer(std::size_t pieces) : requests_(pieces, MPI_REQUEST_NULL) {}
    MPI_Request* request(std::size_t piece) { return &requests_[piece]; }

    // For receives: the sizes that must have arrived.
    void expect(std::vector<int> sizes) { sizes_ = std::move(sizes); }

    [[nodiscard]] bool done() override {
        if (done_) {
            return true;
        }
        int flag = 0;
        std::vector<MPI_Status> statuses(requests_.size());
        check(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &flag, statuses.data()), "transfer");
        done_ = flag != 0;
        for (std::size_t i = 0; done_ && i < sizes_.size(); ++i) {
            int arrived = 0;
            check(MPI_Get_count(&statuses[i], MPI_BYTE, &arrived), "transfer");
            if (arrived != sizes_[i]) {
                throw failed(fmt::format("a message of {} bytes was sent where {} were expected", arrived, sizes_[i]));
            }
        }
        return done_;
    }

  private:
    std::vector<MPI_Request> requests_;
    std::vector<int> sizes_;
    bool done_ = false;
};

class MpiCommunicator final : public Communicator {
  public:
    MpiCommunicator() {
        check(MPI_Comm_dup(MPI_COMM_WORLD, &communicator_), "communicator");
        check(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "communicator");
        check(MPI_Comm_rank(communicator_, &rank_), "rank");
        check(MPI_Comm_size(communicator_, &size_), "size");
    }
    MpiCommunicator(const MpiCommunicator&) = delete;
    MpiCommunicator& operator=(const MpiCommunicator&) = delete;
    MpiCommunicator(MpiCommunicator&&) = delete;
    MpiCommunicator& operator=(MpiCommunicator&&) = delete;
    ~MpiCommunicator() override {
        for (Group& group : groups_) {
            MPI_Comm_free(&group.communicator);
        }
        MPI_Comm_free(&communicator_);
    }

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return size_; }

    void barrier() override { check(MPI_Barrier(communicator_), "barrier"); }

    [[nodiscard]] std::vector<std::string> gather(const std::string& text, int root) override {
        if (text.size() > piece_bytes) {
            throw failed(fmt::format("a report of {} bytes is too long to gather", text.size()));
        }
        const std::vector<std::int64_t> sizes = all_gather(static_cast<std::int64_t>(text.size()));
        std::vector<std::string> texts;
        if (rank_ != root) {
            check(MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, root, word_tag, communicator_),
                  "gather");
            return texts;
        }
        for (int rank = 0; rank < size_; ++rank) {
            texts.emplace_back(static_cast<std::size_t>(sizes[static_cast<std::size_t>(rank)]), '\0');
            if (rank == root) {
                texts.back() = text;
            } else {
                check(MPI_Recv(texts.back().data(), static_cast<int>(texts.back().size()), MPI_CHAR, rank, word_tag,
                               communicator_, MPI_STATUS_IGNORE),
                      "gather");
            }
        }
        return texts;
    }

    [[nodiscard]] std::vector<std::int64_t> all_gather(std::int64_t number) override {
        std::vector<std::int64_t> numbers(static_cast<std::size_t>(size_));
        check(MPI_Allgather(&number, 1, MPI_INT64_T, numbers.data(), 1, MPI_INT64_T, communicator_), "all-gather");
        return numbers;
    }

    void send_number(int peer, std::int64_t number) override {
        check(MPI_Send(&number, 1, MPI_INT64_T, peer, word_tag, communicator_), "number");
    }
    [[nodiscard]] std::int64_t receive_number(int peer) override {
        std::int64_t number = 0;
        check(MPI_Recv(&number, 1, MPI_INT64_T, peer, word_tag, communicator_, MPI_STATUS_IGNORE), "number");
        return number;
    }

  protected:
    [[nodiscard]] std::unique_ptr<Transfer> start_send(Channel channel, int peer,
                                                       std::span<const std::byte> payload) override {
        const Place to = place_of(channel, peer);
        auto transfer = std::make_unique<MpiTransfer>(pieces(payload.size()));
        for (std::size_t i = 0, at = 0; i < pieces(payload.size()); ++i, at += piece_bytes) {
            const auto size = static_cast<int>(std::min(piece_bytes, payload.size() - at));
            check(MPI_Isend(payload.data() + at, size, MPI_BYTE, to.rank, payload_tag, to.communicator,
                            transfer->request(i)),
                  "send");
        }
        return transfer;
    }

    [[nodiscard]] std::unique_ptr<Transfer> start_receive(Channel channel, int peer,
                                                          std::span<std::byte> payload) override {
        const Place from = place_of(channel, peer);
        auto transfer = std::make_unique<MpiTransfer>(pieces(payload.size()));
        std::vector<int> sizes;
        for (std::size_t i = 0, at = 0; i < pieces(payload.size()); ++i, at += piece_bytes) {
            sizes.push_back(static_cast<int>(std::min(piece_bytes, payload.size() - at)));
            check(MPI_Irecv(payload.data() + at, sizes.back(), MPI_BYTE, from.rank, payload_tag, from.communicator,
                            transfer->request(i)),
                  "receive");
        }
        transfer->expect(std::move(sizes));
        return transfer;
    }

    void replace_channels(const std::vector<std::vector<int>>& groups) override {
        for (Group& group : groups_) {
            check(MPI_Comm_free(&group.communicator), "channel");
        }
        groups_.clear();
        for (const std::vector<int>& ranks : groups) {
            Group group{MPI_COMM_NULL, ranks};
            check(MPI_Comm_split(communicator_, ranks.front(), rank_, &group.communicator), "channel");
            groups_.push_back(std::move(group));
            check(MPI_Comm_set_errhandler(groups_.back().communicator, MPI_ERRORS_RETURN), "channel");
        }
    }

  private:
    // A channel: a communicator of its own, in which ranks have the numbers of their places in the list.
    struct Group {
        MPI_Comm communicator = MPI_COMM_NULL;
        std::vector<int> ranks;
    };
    struct Place {
        MPI_Comm communicator;
        int rank;
    };
    [[nodiscard]] Place place_of(Channel channel, int peer) const {
        if (channel == channel_of_all) {
            return {communicator_, peer};
        }
        const Group& group = groups_[static_cast<std::size_t>(channel)];
        const auto place = std::lower_bound(group.ranks.begin(), group.ranks.end(), peer);
        return {group.communicator, static_cast<int>(place - group.ranks.begin())};
    }

    // An empty message is one empty piece: both sides still meet.
    static std::size_t pieces(std::size_t bytes) {
        return std::max<std::size_t>(1, (bytes + piece_bytes - 1) / piece_bytes);
    }

    MPI_Comm communicator_ = MPI_COMM_NULL;
    std::vector<Group> groups_;
    int rank_ = 0;
    int size_ = 0;
};

}  // namespace

MpiEnvironment::MpiEnvironment() {
    int provided = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "start");
    if (provided < MPI_THREAD_FUNNELED) {
        throw failed("MPI: this library cannot be used by a program with threads (MPI_THREAD_FUNNELED)");
    }
}

MpiEnvironment::~MpiEnvironment() {
    MPI_Finalize();
}

std::unique_ptr<Communicator> MpiEnvironment::world() const {
    return std::make_unique<MpiCommunicator>();
}

int MpiEnvironment::processes_here() {
    MPI_Comm here = MPI_COMM_NULL;
    check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here), "processes here");
    int size = 0;
    check(MPI_Comm_size(here, &size), "processes here");
    check(MPI_Comm_free(&here), "processes here");
    return size;
}

std::string MpiEnvironment::library_text() {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    const std::string version(text, static_cast<std::size_t>(length));
    return version.substr(0, version.find_first_of(",\n"));
}

void MpiEnvironment::abort(int exit_code) {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::abort();
}

}  // namespace longscope
