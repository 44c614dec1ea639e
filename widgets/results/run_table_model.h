// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a result database as an item model. The numbers of all runs that match are known at once; what a row says
// is read when a view asks for it, on another thread. Filter and order are SQL's work.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/run_page.h"
#include "widgets/base/appearance.h"
#include "widgets/results/run_reader.h"

namespace longscope {

class RunTableModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    static constexpr int raw_role = Qt::UserRole;         // as exported: "1500000" for 1.50 ms
    static constexpr int number_role = Qt::UserRole + 1;  // of the run

    explicit RunTableModel(const Appearance& appearance, QObject* parent = nullptr);
    ~RunTableModel() override;

    void open(const QString& database);
    // Reads what is new in the file; rows that stay keep their place in views.
    void refresh();
    void set_filter(const QString& filter);
    void sort(int column, Qt::SortOrder order) override;

    [[nodiscard]] const RunQuery& query() const { return query_; }
    [[nodiscard]] const QString& database() const { return database_; }
    // Is what is shown the answer to the query as it is now?
    [[nodiscard]] bool settled() const { return listing_ == nullptr && !database_.isEmpty(); }
    [[nodiscard]] std::int64_t total() const { return total_; }  // of all runs, whatever the filter
    // One line, empty when all is well: the file is missing, is not ours, cannot be read.
    [[nodiscard]] const QString& problem() const { return problem_; }

    [[nodiscard]] std::int64_t run_at(int row) const { return runs_.at(static_cast<std::size_t>(row)); }
    [[nodiscard]] int row_of(std::int64_t run) const;  // -1: not among them

    // Whole rows, read afresh; `deliver` is called on this thread, never when the database was changed in between.
    void read_rows(const std::vector<std::int64_t>& runs,
                   const std::function<void(const std::vector<RunRow>&)>& deliver);
    // All rows that match, in order, as CSV with raw values; says exported() or failed_to_export().
    void export_csv(const QString& path);
    // The same runs as a page for a browser: tables and curves of every mask.
    void export_html(const QString& path);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    // Tags, with commas between them, and notes are edited in place: the model asks for it by the signals below.
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

  Q_SIGNALS:
    void tags_edited(qint64 run, const QString& tags);
    void note_edited(qint64 run, const QString& note);
    // Around any change of which runs are listed, or of their order.
    void list_about_to_change();
    void list_changed();
    void settled_changed();
    void problem_changed(const QString& line);
    void noticed(const QString& line);
    void exported(const QString& path);
    void failed_to_export(const QString& line);

  private:
    struct Listing {
        std::vector<std::int64_t> runs;
        std::int64_t total = 0;
        std::vector<std::int64_t> changed;
    };

    void start_listing();
    void take(Listing listing, const RunQuery& query);
    void replace_list(std::vector<std::int64_t> runs, bool same_query);
    void mark_stale(const std::vector<std::int64_t>& changed);
    void set_problem(const QString& line);
    void want(int row) const;
    void request_wanted();
    void take_rows(const std::vector<RunRow>& rows);
    void forget_far_rows();
    [[nodiscard]] QVariant text_of(const RunRow& row, RunColumn column, int role) const;

    const Appearance& appearance_;
    RunReader reader_;
    QString database_;
    RunQuery query_;
    RunQuery shown_query_;
    std::vector<std::int64_t> runs_;
    std::int64_t total_ = 0;
    QString problem_;
    mutable std::unordered_map<std::int64_t, int> row_by_run_;  // made when asked for
    struct Cached {
        RunRow row;
        bool stale = false;
    };
    std::unordered_map<std::int64_t, Cached> cache_;
    mutable std::unordered_set<int> wanted_blocks_;  // asked for by views since the last request
    mutable bool request_scheduled_ = false;
    std::unordered_set<int> requested_blocks_;
    RunReader::Cancelled opened_;   // true once another database is opened
    RunReader::Cancelled listing_;  // of the newest list that is under way
    RunReader::Cancelled blocks_;   // of the rows of the list that is shown
    bool refresh_again_ = false;
};

}  // namespace longscope
