package dev.perigee.edge.pgwire;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the edge says of itself to whoever asks in SQL: {@code SHOW perigee.status}, {@code SHOW perigee.last}. One row, all of
 * it text. Thread-safe.
 */
final class PerigeeStatements {

    private final Supplier<EdgeStats> stats;
    private final Supplier<LinkView> link;
    private final InstantSource clock;
    private final Ticker ticker;

    PerigeeStatements(Supplier<EdgeStats> stats, Supplier<LinkView> link, InstantSource clock, Ticker ticker) {
        this.ticker = ticker;
        this.stats = stats;
        this.link = link;
        this.clock = clock;
    }

    /**
     * What became of a session's previous statement.
     *
     * @param outcome {@code hit}, {@code miss}, {@code bypass}, or {@code none} if there was no statement yet
     * @param reason why it was no hit; null if it was
     * @param version of a hit: everything up to it is in the answer
     * @param stalenessNanos of a hit: how far behind it was at the most
     * @param answeredAt of a hit; monotonic, nanoseconds
     */
    record Last(
            String outcome,
            @Nullable String reason,
            @Nullable StreamPosition version,
            long stalenessNanos,
            long answeredAt) {

        static final Last NONE = new Last("none", null, null, 0, 0);
    }

    /** Whether there is such a topic. */
    static boolean knows(String topic) {
        return topic.equals("status") || topic.equals("last");
    }

    /** Whether a statement is one that the edge answers itself. */
    static boolean answers(StatementText text) {
        return text.kind() == StatementKind.PERIGEE && knows(text.perigeeTopic());
    }

    /** The answer, as messages of a Query without ReadyForQuery. */
    byte[] answer(String topic, Last last) {
        Map<String, @Nullable String> row = topic.equals("last") ? last(last) : status();
        ByteBuf out = Unpooled.buffer();
        BackendMessage.writeTextColumns(out, List.copyOf(row.keySet()));
        BackendMessage.writeRow(out, new ArrayList<>(row.values()));
        BackendMessage.writeCommandComplete(out, "SHOW");
        return ByteBufUtil.getBytes(out);
    }

    private Map<String, @Nullable String> status() {
        EdgeStats now = stats.get();
        LinkView view = link.get();
        long reads = now.hits() + now.misses() + now.bypasses();
        Long stalenessMs = now.stalenessMs();
        StreamPosition version = view.completeTo();
        Map<String, @Nullable String> row = new LinkedHashMap<>();
        row.put("hit_ratio", reads == 0 ? null : String.format(Locale.ROOT, "%.4f", now.hits() / (double) reads));
        row.put(
                "as_of",
                stalenessMs == null
                        ? null
                        : clock.instant().minusMillis(stalenessMs).toString());
        row.put("version", version == null ? null : version.toString());
        row.put("link", view.status().name().toLowerCase(Locale.ROOT));
        row.put("home", view.homeId());
        row.put("enabled", Boolean.toString(view.eligibility().enabled()));
        row.put("staleness_ms", stalenessMs == null ? null : stalenessMs.toString());
        row.put("hits", Long.toString(now.hits()));
        row.put("misses", Long.toString(now.misses()));
        row.put("bypasses", Long.toString(now.bypasses()));
        row.put("entries", Long.toString(now.entries()));
        row.put("bytes", Long.toString(now.bytes()));
        return row;
    }

    private Map<String, @Nullable String> last(Last last) {
        StreamPosition version = last.version();
        boolean hit = version != null;
        Map<String, @Nullable String> row = new LinkedHashMap<>();
        row.put("outcome", last.outcome());
        row.put("reason", last.reason());
        row.put("version", version == null ? null : version.toString());
        row.put(
                "staleness_ms",
                hit ? Long.toString(Duration.ofNanos(last.stalenessNanos()).toMillis()) : null);
        Instant answered = clock.instant().minusNanos(ticker.read() - last.answeredAt());
        row.put("as_of", hit ? answered.minusNanos(last.stalenessNanos()).toString() : null);
        return row;
    }
}
