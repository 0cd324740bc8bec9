package dev.perigee.simulation;

import dev.perigee.edge.link.LinkView;
import dev.perigee.edge.query.EdgeReads.Answered;
import dev.perigee.home.edges.HomeEdges;
import dev.perigee.home.log.EpochLog;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Cluster.ReadTruth;
import dev.perigee.simulation.Cluster.Token;
import dev.perigee.simulation.Coverage.Happened;
import java.time.Instant;
import java.util.List;

/**
 * What must hold, by the history that the database keeps: (S1) an answer lacks no commit at or below the version it
 * claims; (S2) nor one that was visible before the time it claims; (S3) nor one of its token; (S4) an edge that claims to
 * be complete knows every change of its interest, and none that never was; (H) home believes and says nothing of an edge
 * that is not so, which is checked where it happens; (M) everything stays within its bounds.
 */
final class Checks {

    private static final int MOST_HEARTBEATS = 1024;
    private static final long SECOND = 1_000_000_000L;

    private final Cluster cluster;
    private final World world;
    private final SimDatabase database;

    Checks(Cluster cluster) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.database = cluster.database;
    }

    /** A client has its answer. */
    void answered(SimEdge edge, String sql, String control, Token token, long asked, Answered answer) {
        saysWhy(edge, sql, control, answer);
        if (answer.status() != 200) {
            return;
        }
        ReadTruth truth = cluster.reads.get(Integer.parseInt(answer.body()));
        boolean hit = answer.isHit();
        String what = edge + " answers " + sql + " with what was read at " + truth.time() / 1e9 + " (" + answer + ")";
        if (!truth.sql().equals(sql)) {
            throw new AssertionError("(S1) the answer to another statement: " + what);
        }
        StreamPosition version = answer.version() == null ? null : StreamPosition.parse(answer.version());
        if (version != null) {
            world.coverage.count(Happened.S1_CHECKS);
            upTo(truth, version, truth.tables(), "(S1) a commit at or below its version is missing: ", what);
        }
        if (answer.asOf() != null) {
            world.coverage.count(Happened.S2_CHECKS);
            long asOf = edge.trueTime(Instant.parse(answer.asOf()));
            visibleBefore(truth, asOf, what);
            if (hit) {
                withinBound(edge, control, answer, asOf, truth, what);
            } else if (asked - asOf > bound(edge, control)) {
                throw new AssertionError("(S2) read " + (asked - asOf) / 1e9 + " s before it was asked for: " + what);
            }
        }
        if (token != null) {
            world.coverage.count(Happened.S3_CHECKS);
            if (hit) {
                world.coverage.count(Happened.S3_HITS);
            }
            if (token.tables() != 0) {
                upTo(
                        truth,
                        token.version(),
                        truth.tables() & token.tables(),
                        "(S3) a commit of its token is missing: ",
                        what);
            } else {
                seenBy(truth, token, what);
            }
        }
    }

    /** The edge's own bound and the request's are told apart: beyond the one it may have to refuse. */
    private static void saysWhy(SimEdge edge, String sql, String control, Answered answer) {
        if (answer.cacheStatus().contains("detail=max-age") && !asksForAge(control)) {
            throw new AssertionError(
                    "(S2) " + edge + " answers " + sql + " by an age that nobody asked for: " + answer.cacheStatus());
        }
    }

    private static boolean asksForAge(String control) {
        return control != null && control.startsWith("max-age=");
    }

    private static long bound(SimEdge edge, String control) {
        long bound = edge.settings.maxStaleness();
        return asksForAge(control)
                ? Math.min(bound, Long.parseLong(control.substring("max-age=".length())) * SECOND)
                : bound;
    }

    /** Of tables that only a view's next definition reads, which was visible but not decoded, nothing is promised. */
    private void upTo(ReadTruth truth, StreamPosition version, int read, String why, String what) {
        int tables = read & cluster.tablesOf(truth.sql(), version);
        for (int table = 0; table < SimDatabase.TABLES; table++) {
            if ((tables & 1 << table) != 0) {
                for (Tx tx : database.commitsOf.get(table)) {
                    if (tx.commitLsn <= version.version()
                            && database.epochs.get(tx.epoch).equals(version.epoch())
                            && tx.visibleNumber > truth.visibleNumber()
                            && !(truth.epoch() > tx.epoch && tx.vanishedAt != Long.MAX_VALUE)
                            && !neverHappened(tx)) {
                        throw new AssertionError(why + tx + " by " + version + " and " + what);
                    }
                }
            }
        }
    }

    /** It went with a crash before anybody saw it. */
    private static boolean neverHappened(Tx tx) {
        return tx.ended && tx.visibleAt == Long.MAX_VALUE;
    }

    private void visibleBefore(ReadTruth truth, long asOf, String what) {
        for (int table = 0; table < SimDatabase.TABLES; table++) {
            if ((truth.tables() & 1 << table) != 0) {
                for (Tx tx : database.commitsOf.get(table)) {
                    if (tx.visibleAt < asOf && tx.vanishedAt > asOf && tx.visibleNumber > truth.visibleNumber()) {
                        throw new AssertionError("(S2) a commit visible at " + tx.visibleAt / 1e9 + " is missing: " + tx
                                + " as of " + asOf / 1e9 + " and " + what);
                    }
                    if (tx.vanishedAt < asOf
                            && tx.visibleNumber <= truth.visibleNumber()
                            && tx.vanishedAt > truth.time()) {
                        throw new AssertionError("(S2) a commit undone at " + tx.vanishedAt / 1e9 + " is there: " + tx
                                + " as of " + asOf / 1e9 + " and " + what);
                    }
                }
            }
        }
    }

    private void withinBound(SimEdge edge, String control, Answered answer, long asOf, ReadTruth truth, String what) {
        long bound = bound(edge, control);
        if (answer.cacheStatus().contains("stale-if-error")) {
            world.coverage.count(Happened.STALE_IF_ERROR_HITS);
            bound += Math.max(
                    edge.settings.staleIfError(),
                    control != null && control.startsWith("stale-if-error=")
                            ? Long.parseLong(control.substring("stale-if-error=".length())) * SECOND
                            : 0);
        }
        if (world.now - asOf > bound) {
            throw new AssertionError(
                    "(S2) " + (world.now - asOf) / 1e9 + " s behind, " + bound / 1e9 + " s were asked for: " + what);
        }
        Long ttl = cluster.ttlOf(truth.sql());
        long most = ttl == null ? edge.settings.ttl() : ttl * SECOND;
        if (world.now - truth.time() > most) {
            throw new AssertionError("(S2) past its time to live: " + what);
        }
    }

    private void seenBy(ReadTruth truth, Token token, String what) {
        for (int table = 0; table < SimDatabase.TABLES; table++) {
            if ((truth.tables() & 1 << table) != 0) {
                for (Tx tx : database.commitsOf.get(table)) {
                    if (tx.epoch <= token.epoch()
                            && tx.visibleNumber <= token.visibleNumber()
                            && tx.visibleNumber > truth.visibleNumber()
                            && tx.vanishedAt == Long.MAX_VALUE) {
                        throw new AssertionError("(S3) a commit of its token is missing: " + tx + " by "
                                + token.version() + " and " + what);
                    }
                }
            }
        }
    }

    /** After every step. */
    void everything() {
        for (SimEdge edge : cluster.edges) {
            if (edge.touched) {
                edge.touched = false;
                knowsEveryChange(edge);
            }
        }
    }

    /** Home has taken an acknowledgement: whoever waits until edges have confirmed an invalidation goes by that. */
    void believed(SimHome home, SimEdge edge, HomeEdges.Session session) {
        String epoch = session.alignedTo();
        if (epoch == null) {
            return;
        }
        if (!edge.epochs.contains(epoch)) {
            throw new AssertionError("(H) " + home + " takes " + edge + " to be in " + epoch + ", and it never was");
        }
        if (epoch.equals(edge.marks.epoch())) {
            int number = database.epochs.indexOf(epoch);
            for (int table = 0; table < SimDatabase.TABLES; table++) {
                String name = SimDatabase.table(table);
                if (edge.interest.covers(name)) {
                    long mark = edge.marks.highest(List.of(name));
                    List<Tx> changes = database.changesOf.get(table);
                    for (int i = changes.size() - 1; i >= 0 && changes.get(i).epoch == number; i--) {
                        Tx tx = changes.get(i);
                        if (tx.commitLsn > mark && !lost(tx) && session.confirmed(tx.commitLsn)) {
                            throw new AssertionError("(H) " + home + " takes " + edge + " to know of " + tx
                                    + ", and it knows changes of " + name + " only up to " + mark);
                        }
                    }
                }
            }
        }
    }

    private void knowsEveryChange(SimEdge edge) {
        LinkView view = edge.view();
        StreamPosition complete = view.completeTo();
        if (complete == null) {
            if (edge.marks.epoch() != null) {
                throw new AssertionError("(S4) " + edge + " is not in step, and its fence is open");
            }
            return;
        }
        int epoch = database.epochs.indexOf(complete.epoch());
        if (!complete.epoch().equals(edge.marks.epoch())) {
            throw new AssertionError(
                    "(S4) " + edge + " is complete to " + complete + ", its marks are of epoch " + edge.marks.epoch());
        }
        world.coverage.count(Happened.S4_CHECKS);
        long all = 0;
        for (long at : database.allTables.get(epoch)) {
            all = at <= complete.version() ? Math.max(all, at) : all;
        }
        for (int table = 0; table < SimDatabase.TABLES; table++) {
            String name = SimDatabase.table(table);
            if (!edge.interest.covers(name)) {
                continue;
            }
            long last = all;
            long mark = edge.marks.highest(List.of(name));
            boolean explained = cluster.eras.contains(mark) || cameWithAll(epoch, mark);
            List<Tx> changes = database.changesOf.get(table);
            for (int i = changes.size() - 1; i >= 0; i--) {
                Tx tx = changes.get(i);
                if (tx.epoch == epoch && tx.commitLsn <= complete.version() && !lost(tx)) {
                    last = Math.max(last, tx.commitLsn);
                }
                explained |= tx.commitLsn == mark;
            }
            if (mark < last) {
                throw new AssertionError("(S4) " + edge + " is complete to " + complete + ", but knows changes of "
                        + name + " only up to " + mark + ", and it changed at " + last);
            }
            if (!explained && edge.resets.stream().noneMatch(to -> to.version() == mark)) {
                throw new AssertionError(
                        "(S4) " + edge + " has a mark for " + name + " at " + mark + ", where nothing ever happened");
            }
        }
    }

    /** A durable slot brings commits of former epochs too. */
    private boolean cameWithAll(int epoch, long mark) {
        for (int i = 0; i <= epoch; i++) {
            if (database.allTables.get(i).contains(mark)) {
                return true;
            }
        }
        return false;
    }

    /** Nobody has decoded it, and nobody ever will. */
    private boolean lost(Tx tx) {
        return neverHappened(tx) || tx.vanishedAt != Long.MAX_VALUE;
    }

    /** Now and then: what would take time after every step. */
    void bounds() {
        for (SimHome home : cluster.homes) {
            if (home == null) {
                continue;
            }
            EpochLog log = home.feed.log().current();
            if (log != null && log.size() > SimDatabase.TABLES + 1) {
                throw new AssertionError("(M) " + log.size() + " records for " + SimDatabase.TABLES + " tables");
            }
            if (home.feed.outstanding() > MOST_HEARTBEATS) {
                throw new AssertionError("(M) " + home.feed.outstanding() + " heartbeats are remembered");
            }
        }
        for (SimEdge edge : cluster.edges) {
            if (edge.marks.size() > SimDatabase.TABLES || edge.cache.size() > cluster.statements.length) {
                throw new AssertionError(
                        "(M) " + edge + " keeps " + edge.marks.size() + " marks and " + edge.cache.size() + " results");
            }
        }
    }
}
