package dev.perigee.home.edges;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.Eligibility;
import dev.perigee.model.StreamPosition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which edge may cache, as far as this home knows: a copy of {@code perigee.edge_eligibility}, read when the feed
 * connects and kept up to date by what the feed says. Of two rows of the same edge the one with the higher revision
 * holds.
 *
 * <p>The copy is also compared with the table now and then, since a commit may have been decoded before the feed
 * connected and become visible after the table was read. What the table says then holds against everything that was
 * visible before it was read, whatever the revision; what was decoded later is not in question.
 *
 * <p>Thread-safe, never blocks.
 */
final class EligibilityTable {

    /** The version is where the row was decoded; 0 if it was read, and so is visible. */
    private record Entry(Eligibility told, long revision, long version) {}

    private final Eligibility unsaid;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private @Nullable String epoch;
    /** Never changed, but replaced: whoever looks meanwhile must not find an edge missing that is there. */
    private volatile Map<String, Entry> entries = Map.of();

    /**
     * Empty.
     *
     * @param autoEnable whether an edge may cache of which nothing is said
     */
    EligibilityTable(boolean autoEnable) {
        this.unsaid = new Eligibility(autoEnable, Capacity.UNSPECIFIED);
    }

    /** The operator's choice, or what holds without one. */
    Eligibility of(String edgeId) {
        Entry entry = entries.get(edgeId);
        return entry == null ? unsaid : entry.told;
    }

    /** All rows were read, before the feed is followed. In another epoch nothing known before counts. */
    synchronized void backfill(String present, List<EdgeEligibility> rows) {
        boolean same = present.equals(epoch);
        epoch = present;
        update(known -> {
            if (!same) {
                known.clear();
            }
            rows.forEach(row -> put(known, row.edgeId(), read(row)));
        });
    }

    /**
     * All rows were read.
     *
     * @param visible up to where everything was visible before they were; null if that was not known, and then it says
     *     nothing of rows that are missing
     */
    synchronized void compare(@Nullable StreamPosition visible, List<EdgeEligibility> rows) {
        update(known -> {
            if (visible != null && visible.epoch().equals(epoch)) {
                known.values().removeIf(entry -> entry.version <= visible.version());
            }
            rows.forEach(row -> put(known, row.edgeId(), read(row)));
        });
    }

    /** This home itself has changed a row, and has been told that it is done. */
    void written(EdgeEligibility row) {
        update(known -> put(known, row.edgeId(), read(row)));
    }

    /** A row was decoded at this version. */
    void changed(EdgeEligibility row, long version) {
        update(known -> put(known, row.edgeId(), new Entry(told(row), row.revision(), version)));
    }

    /** The removal of a row was decoded at this version. */
    void gone(String edgeId, long revision, long version) {
        update(known -> put(known, edgeId, new Entry(unsaid, revision, version)));
    }

    private void update(Consumer<Map<String, Entry>> change) {
        synchronized (this) {
            Map<String, Entry> next = new HashMap<>(entries);
            change.accept(next);
            entries = next;
        }
        listeners.forEach(Runnable::run);
    }

    private Entry read(EdgeEligibility row) {
        return new Entry(told(row), row.revision(), 0);
    }

    private static Eligibility told(EdgeEligibility row) {
        return new Eligibility(row.enabled(), row.capacity());
    }

    private static void put(Map<String, Entry> known, String edgeId, Entry entry) {
        known.merge(edgeId, entry, (before, next) -> next.revision > before.revision ? next : before);
    }

    /** Calls back after every change. The callback must neither block nor throw. */
    void onChange(Runnable listener) {
        listeners.add(listener);
    }
}
