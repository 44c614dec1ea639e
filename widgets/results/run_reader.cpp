// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_reader.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "storage/database.h"
#include "widgets/base/colours.h"

namespace longscope {

// The file and what was prepared of it.
class RunReader::Connection {
  public:
    void choose(std::filesystem::path path) {
        close();
        path_ = std::move(path);
    }

    // Returns what is to be said when the file was opened.
    std::optional<std::string> ready() {
        struct stat now = {};
        if (::stat(path_.c_str(), &now) != 0 || now.st_ino != node_ || now.st_dev != device_) {
            close();
        }
        if (pages_) {
            return std::nullopt;
        }
        OpenOptions options;
        options.mode = OpenMode::read_only;
        database_.emplace(path_, options);
        pages_.emplace(*database_);
        if (::stat(path_.c_str(), &now) == 0) {
            node_ = now.st_ino;
            device_ = now.st_dev;
        }
        return database_->notices().empty() ? "" : database_->notices().front();
    }

    [[nodiscard]] RunPages& pages() { return *pages_; }

    void close() {
        pages_.reset();
        database_.reset();
    }

  private:
    std::filesystem::path path_;
    std::optional<Database> database_;
    std::optional<RunPages> pages_;
    ino_t node_ = 0;
    dev_t device_ = 0;
};

RunReader::RunReader(QObject* parent)
    : QObject(parent), there_(new QObject), connection_(std::make_unique<Connection>()) {
    thread_.setObjectName(QStringLiteral("run-reader"));
    there_->moveToThread(&thread_);
    thread_.start();
}

RunReader::~RunReader() {
    thread_.quit();
    thread_.wait();
    delete there_;
}

void RunReader::open(const QString& database) {
    QMetaObject::invokeMethod(
        there_, [this, path = std::filesystem::path(database.toStdString())] { connection_->choose(path); });
}

void RunReader::ask(Cancelled cancelled, Question question, Failed failed) {
    QMetaObject::invokeMethod(
        there_, [this, cancelled = std::move(cancelled), question = std::move(question), failed = std::move(failed)] {
            if (!*cancelled) {
                answer(cancelled, question, failed);
            }
        });
}

void RunReader::answer(const Cancelled& cancelled, const Question& question, const Failed& failed) {
    std::string why;
    try {
        if (const auto notice = connection_->ready()) {
            back([this, cancelled, notice] {
                if (!*cancelled) {
                    Q_EMIT noticed(to_qstring(*notice));
                }
            });
        }
        back([cancelled, deliver = question(connection_->pages())] {
            if (!*cancelled) {
                deliver();
            }
        });
        return;
    } catch (const Error& error) {
        why = error.what();
    } catch (const std::exception& error) {
        why = error.what();
    }
    back([cancelled, failed, why] {
        if (!*cancelled) {
            failed(to_qstring(why));
        }
    });
}

// What is posted to an object that is gone is dropped; the destructor has waited for the other thread.
void RunReader::back(std::function<void()> call) {
    QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection);
}

}  // namespace longscope
