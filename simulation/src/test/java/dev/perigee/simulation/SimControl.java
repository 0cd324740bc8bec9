package dev.perigee.simulation;

import dev.perigee.home.edges.HomeEdges;
import dev.perigee.home.wal.FeedCore.Emitted;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.simulation.SimDatabase.Commit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What homes keep of edges in the database: who holds which, who was sent away, and which may cache. */
final class SimControl {

    private final SimDatabase database;
    private final Map<String, EdgeEligibility> eligibility = new TreeMap<>();
    private final Map<String, Long> generations = new TreeMap<>();
    private final Map<String, Long> evicted = new TreeMap<>();
    private long generation = 1_000;
    private int revision;

    SimControl(SimDatabase database) {
        this.database = database;
    }

    List<EdgeEligibility> eligibilityRows() {
        return List.copyOf(eligibility.values());
    }

    Tx setEligible(String edge, boolean enabled) {
        int next = ++revision;
        Tx tx = database.begin(0);
        tx.concerns = edge;
        tx.revision = next;
        tx.messages.add(new Emitted(
                "perigee.eligibility",
                "{\"edge_id\":\"" + edge + "\",\"enabled\":" + enabled + ",\"disk_mib\":" + next + ",\"revision\":"
                        + next + ",\"changed_at\":\"2026-01-01T00:00:00+00:00\"}"));
        // The lock of the row has them become visible in the order of their revisions.
        tx.effect = () -> eligibility.merge(
                edge,
                HomeEdges.row(edge, enabled, next),
                (before, after) -> before.revision() > after.revision() ? before : after);
        return tx;
    }

    /** Under the lock of the edge's row: generations rise in the order of the commits. */
    void claim(String edge, String home, Consumer<Long> then, Runnable otherwise) {
        if (!database.up) {
            otherwise.run();
            return;
        }
        long claimed = ++generation;
        generations.put(edge, claimed);
        Tx tx = database.begin(0);
        tx.messages.add(new Emitted(
                "perigee.claim",
                "{\"edge_id\":\"" + edge + "\",\"generation\":" + claimed + ",\"home_id\":\"" + home + "\"}"));
        tx.done = committed -> {
            if (committed) {
                then.accept(claimed);
            } else {
                otherwise.run();
            }
        };
        database.commit(tx, Commit.LOCAL);
    }

    void evict(String edge) {
        Long held = generations.get(edge);
        if (held != null) {
            evicted.put(edge, held);
            Tx tx = database.begin(0);
            tx.messages.add(new Emitted(
                    "perigee.evict",
                    "{\"id\":\"e" + tx.xid + "\",\"edge_id\":\"" + edge + "\",\"generation\":" + held + "}"));
            database.commit(tx, Commit.LOCAL);
        }
    }

    /** Whether this generation of an edge was to be sent away. */
    boolean wasEvicted(String edge, long generation) {
        return evicted.getOrDefault(edge, 0L) >= generation;
    }

    /** Whether an edge has registered again since. */
    boolean wasSuperseded(String edge, long generation) {
        return generations.getOrDefault(edge, 0L) > generation;
    }
}
