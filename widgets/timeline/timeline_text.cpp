// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_text.h"

#include <QCoreApplication>
#include <algorithm>
#include <string>

#include "engine/base/units.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

class TimelineText {
    Q_DECLARE_TR_FUNCTIONS(longscope::TimelineText)
};

QString duration(Nanoseconds duration_ns) {
    return to_qstring(format_duration(duration_ns));
}

QString bytes(std::int64_t count) {
    return to_qstring(format_bytes(count));
}

// "1.23 GFLOP", "12 B/s"
QString quantity(double count, const char* unit) {
    std::string text = format_short_count(count);
    if (text.find(' ') == std::string::npos) {
        text += ' ';
    }
    return to_qstring(text + unit);
}

QString byte_rate(double bytes_per_s) {
    return quantity(bytes_per_s, "B/s");
}

QString percent(double share) {
    return to_qstring(format_percent(share));
}

QString ranks_text(std::int32_t ranks) {
    return ranks == 1 ? TimelineText::tr("1 rank") : TimelineText::tr("%1 ranks").arg(ranks);
}

QString events_text(std::int64_t events) {
    return events == 1 ? TimelineText::tr("1 event")
                       : TimelineText::tr("%1 events").arg(to_qstring(format_count(events)));
}

double per_second(double amount, Nanoseconds time_ns) {
    return amount * 1e9 / static_cast<double>(time_ns);
}

QString work_line(const TraceEvent& event) {
    QStringList parts;
    if (event.flops > 0) {
        parts << quantity(event.flops, "FLOP");
        if (event.duration_ns > 0) {
            parts << to_qstring(format_flops_per_s(per_second(event.flops, event.duration_ns)));
        }
    }
    if (event.bytes > 0) {
        parts << bytes(event.bytes);
        if (event.duration_ns > 0) {
            parts << byte_rate(per_second(static_cast<double>(event.bytes), event.duration_ns));
        }
    }
    return parts.join(QStringLiteral(", "));
}

QString message_line(const TimelineRows& rows, const TraceEvent& event) {
    if (event.flow < 0) {
        return {};
    }
    const TimelineFlow* flow = rows.flow(event.flow);
    if (flow == nullptr) {
        return TimelineText::tr("message %1").arg(event.flow);
    }
    return TimelineText::tr("message %1 from rank %2 to rank %3")
        .arg(event.flow)
        .arg(flow->send->rank)
        .arg(flow->receive->rank);
}

QString category_line(const WindowSummary& summary) {
    QStringList parts;
    for (std::size_t i = 0; i < category_count; ++i) {
        const auto category = static_cast<Category>(i);
        if (summary.time_ns(category) > 0) {
            parts << TimelineText::tr("%1 %2").arg(category_name(category), duration(summary.time_ns(category)));
        }
    }
    return parts.join(QStringLiteral(", "));
}

QString traffic_line(const WindowSummary& summary) {
    QStringList parts;
    if (summary.totals.flops > 0) {
        parts << TimelineText::tr("%1, %2 (%3 while attending)")
                     .arg(quantity(summary.totals.flops, "FLOP"), to_qstring(format_flops_per_s(summary.flops_per_s())),
                          to_qstring(format_flops_per_s(summary.attend_flops_per_s())));
    }
    if (summary.totals.bytes_sent > 0) {
        parts << TimelineText::tr("sent %1, %2")
                     .arg(bytes(summary.totals.bytes_sent), byte_rate(summary.sent_bytes_per_s()));
    }
    if (summary.totals.bytes_received > 0) {
        parts << TimelineText::tr("received %1, %2")
                     .arg(bytes(summary.totals.bytes_received), byte_rate(summary.received_bytes_per_s()));
    }
    return parts.join(QStringLiteral("; "));
}

}  // namespace

QString category_name(Category category) {
    switch (category) {
        case Category::attend:
            return TimelineText::tr("attend");
        case Category::merge:
            return TimelineText::tr("merge");
        case Category::finalize:
            return TimelineText::tr("finalize");
        case Category::send:
            return TimelineText::tr("send");
        case Category::receive:
            return TimelineText::tr("receive");
        case Category::wait:
            return TimelineText::tr("wait");
        case Category::copy:
            return TimelineText::tr("copy");
        case Category::collective:
            return TimelineText::tr("collective");
        case Category::attend_backward:
            return TimelineText::tr("attend backward");
        case Category::delta:
            return TimelineText::tr("delta");
        case Category::reduce:
            return TimelineText::tr("reduce");
        case Category::barrier:
            return TimelineText::tr("barrier");
        case Category::queue:
            return TimelineText::tr("queue");
        case Category::upload:
            return TimelineText::tr("upload");
        case Category::pack:
            return TimelineText::tr("pack");
        case Category::kernel:
            return TimelineText::tr("kernel");
        case Category::download:
            return TimelineText::tr("download");
    }
    return {};
}

std::vector<LegendEntry> legend_entries(const TimelineRows& rows, const std::vector<RankShares>& shares) {
    std::vector<LegendEntry> entries;
    bool waits = false;
    for (const Category category : rows.categories()) {
        waits = waits || category == Category::wait;
        const auto alike = std::find_if(entries.begin(), entries.end(), [&](const LegendEntry& entry) {
            return coloured_as(entry.category) == coloured_as(category);
        });
        if (alike != entries.end()) {
            alike->name += QStringLiteral(", ") + category_name(category);
            continue;
        }
        // The bars below the ranks have its colour where nothing hides it.
        entries.push_back({category, category == Category::send && !shares.empty() ? TimelineText::tr("send, exposed")
                                                                                   : category_name(category)});
    }
    const bool any = std::any_of(shares.begin(), shares.end(), [](const RankShares& of) { return of.waiting > 0; });
    if (any && !waits) {
        entries.push_back({Category::wait, TimelineText::tr("waiting")});
    }
    return entries;
}

QString stream_name(Stream stream) {
    switch (stream) {
        case Stream::compute:
            return TimelineText::tr("compute");
        case Stream::send:
            return TimelineText::tr("send");
        case Stream::receive:
            return TimelineText::tr("receive");
        case Stream::outer_send:
            return TimelineText::tr("outer send");
        case Stream::outer_receive:
            return TimelineText::tr("outer receive");
        case Stream::device_queue:
            return TimelineText::tr("device queue");
        case Stream::device_upload:
            return TimelineText::tr("upload");
        case Stream::device_compute:
            return TimelineText::tr("device");
        case Stream::device_download:
            return TimelineText::tr("download");
    }
    return {};
}

QString rank_name(std::int32_t rank) {
    return TimelineText::tr("rank %1").arg(rank);
}

QString step_name(std::int32_t step) {
    return TimelineText::tr("step %1").arg(step);
}

QString overview_text(const TimelineRows& rows) {
    return TimelineText::tr("%1, %2; %3 from the first event to the end of the last")
        .arg(ranks_text(rows.trace().ranks), events_text(static_cast<std::int64_t>(rows.trace().events.size())),
             duration(rows.extent().length_ns()));
}

QStringList event_lines(const TimelineRows& rows, const TraceEvent& event) {
    QStringList lines{
        TimelineText::tr("%1: rank %2, %3 stream, step %4")
            .arg(category_name(event.category))
            .arg(event.rank)
            .arg(stream_name(event.stream))
            .arg(event.step),
        TimelineText::tr("from %1, lasts %2")
            .arg(duration(event.start_ns - rows.extent().begin_ns), duration(event.duration_ns)),
        work_line(event),
        message_line(rows, event),
    };
    lines.removeAll(QString());
    return lines;
}

QStringList summary_lines(const WindowSummary& summary, Nanoseconds origin_ns, std::optional<std::int32_t> rank) {
    const QString who = rank ? rank_name(*rank) : ranks_text(summary.ranks);
    QStringList lines{
        TimelineText::tr("%1 from %2 on, %3, %4")
            .arg(duration(summary.window.length_ns()), duration(summary.window.begin_ns - origin_ns), who,
                 events_text(summary.events)),
    };
    if (summary.breakdown.wall_ns > 0) {
        const auto share = [&](Nanoseconds part_ns) {
            return percent(static_cast<double>(part_ns) / static_cast<double>(summary.breakdown.wall_ns));
        };
        QString where =
            TimelineText::tr("computing %1, exposed communication %2, waiting %3, other %4")
                .arg(share(summary.breakdown.computing_ns), share(summary.breakdown.exposed_communication_ns),
                     share(summary.breakdown.waiting_ns), share(summary.breakdown.other_ns));
        if (summary.transfer_ns > 0) {
            where += TimelineText::tr("; transfers %1, %2 of it hidden under computing")
                         .arg(duration(summary.transfer_ns), percent(summary.hidden_share()));
        }
        lines << where;
    }
    lines << category_line(summary) << traffic_line(summary);
    lines.removeAll(QString());
    return lines;
}

QString shares_text(std::int32_t rank, const RankShares& shares) {
    return TimelineText::tr("rank %1: computing %2, exposed communication %3, waiting %4")
        .arg(rank)
        .arg(percent(shares.computing), percent(shares.exposed_communication), percent(shares.waiting));
}

}  // namespace longscope
