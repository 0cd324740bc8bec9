package dev.perigee.simulation.mutation;

import java.util.List;

/** Deliberate bugs of a home. */
final class HomeMutations {

    private static final String GATE = "dev.perigee.home.wal.VisibilityGate";
    private static final String APPLIER = "dev.perigee.home.wal.ChangeApplier";
    private static final String LEDGER = "dev.perigee.home.wal.HeartbeatLedger";
    private static final String LOG = "dev.perigee.home.log.InvalidationLog";
    private static final String EPOCH_LOG = "dev.perigee.home.log.EpochLog";
    private static final String SESSION = "dev.perigee.home.edges.EdgeSession";
    private static final String CURSOR = "dev.perigee.home.edges.LogCursor";
    private static final String REGISTRY = "dev.perigee.home.edges.EdgeRegistry";
    private static final String ACK_WINDOW = "dev.perigee.home.edges.AckWindow";
    private static final String ELIGIBILITY = "dev.perigee.home.edges.EligibilityTable";
    private static final String MACHINE = "dev.perigee.edge.link.LinkMachine";
    private static final String DECISIONS = "dev.perigee.home.query.Decisions";

    /** Which version a result may claim, and what home knows of commits. */
    static final List<Mutation> OF_THE_GATE_AND_THE_LOG = List.of(
            new Mutation(
                    "stamp from the current position, not from what is visible",
                    GATE,
                    "pending.isEmpty() ? decoded : pending.firstKey() - 1",
                    "decoded"),
            new Mutation(
                    "stamp at the first commit that is not yet visible instead of below it",
                    GATE,
                    "pending.firstKey() - 1",
                    "pending.firstKey()"),
            new Mutation(
                    "the gate forgets xid epochs",
                    GATE,
                    "snapshot.sees(snapshot.fullXid(xid))",
                    "snapshot.sees(Integer.toUnsignedLong(xid))"),
            new Mutation(
                    "the gate opens before transactions in progress have ended",
                    GATE,
                    "unknown.addAll(snapshot.inProgress());",
                    ""),
            new Mutation(
                    "a lost slot goes unnoticed: no record for all tables at a new era",
                    LOG,
                    "} else if (!log.append(new InvalidationEvent(known, List.of(), now), nanoTime.getAsLong())) {",
                    "} else if (!log.advance(known)) {"),
            new Mutation(
                    "compaction forgets the newer record",
                    EPOCH_LOG,
                    "thinOlder(event);",
                    "if (event.tables().stream().noneMatch(latest::containsKey)) { thinOlder(event); } else {"
                            + " records.remove(version); }"),
            new Mutation(
                    "a commit that begins where a message ends is taken for known",
                    APPLIER,
                    "long known = message.lsn() - 1;",
                    "long known = message.lsn();"),
            new Mutation(
                    "feed age counts from reading the heartbeat back, not from sending it",
                    LEDGER,
                    "proven = sent;",
                    "proven = new Sent(nanoTime.getAsLong(), clock.instant());"),
            new Mutation(
                    "heartbeats of the process before pass for our own", LEDGER, "this.last = last;", "this.last = 0;"),
            new Mutation(
                    "a new slot is read as if it went on where the log ends",
                    APPLIER,
                    "Math.max(position, known.head() + 1)",
                    "known.head() + 1"),
            new Mutation(
                    "a decision outlives a change of the catalog",
                    DECISIONS,
                    "&& current.allTablesVersion() <= visible.version();",
                    ";"));

    /** What an edge is sent, and what home believes of it. */
    static final List<Mutation> OF_THE_SESSION = List.of(
            new Mutation(
                    "a bookmark while records pend",
                    SESSION,
                    "return record == null ? bookmark(head, now) : invalidate(record);",
                    "return record == null || window.halfFull() ? bookmark(head, now) : invalidate(record);"),
            new Mutation(
                    "resume from before the log began",
                    CURSOR,
                    "return from.version() < log.start() ? Reset.Reason.COMPACTED : null;",
                    "return null;"),
            new Mutation(
                    "an interest hides records that concern all tables",
                    CURSOR,
                    "|| event.concernsAllTables()\n",
                    "\n"),
            new Mutation(
                    "frames are not counted against the window",
                    ACK_WINDOW,
                    "return inFlight.size() >= size;",
                    "return inFlight.size() < 0;"),
            new Mutation(
                    "acknowledgements of another generation are taken",
                    REGISTRY,
                    "if (session.generation() != generation) {",
                    "if (session.generation() < 0) {"),
            new Mutation(
                    "resume at the head, without what was missed, and say that it goes on from the cursor",
                    CURSOR,
                    "version = from;",
                    "version = Math.max(from, log.head());"),
            new Mutation("no reset on a new epoch", SESSION, "resetDue = Reset.Reason.EPOCH;", ""),
            new Mutation(
                            "no reset on a new epoch, and the edge takes frames of any epoch",
                            SESSION,
                            "resetDue = Reset.Reason.EPOCH;",
                            "")
                    .and(MACHINE, "before == null || !before.epoch().equals(id.epoch())", "before == null"),
            new Mutation(
                    "an acknowledgement of the same version in the old epoch counts after a reset",
                    SESSION,
                    "if (epoch == null || epoch.equals(cursor.log().epoch())) {",
                    "if (epoch == null || !epoch.isEmpty()) {"),
            new Mutation(
                            "every acknowledgement of the old epoch counts after a reset",
                            SESSION,
                            "if (epoch == null || epoch.equals(cursor.log().epoch())) {",
                            "if (epoch == null || !epoch.isEmpty()) {")
                    .and(ACK_WINDOW, "aligned = false;", "aligned = true;"),
            new Mutation(
                    "cursor advanced before the ack: a bookmark counts as applied when it is sent",
                    ACK_WINDOW,
                    "inFlight.add(version, complete, appendedAt);",
                    "inFlight.add(version, complete, appendedAt); if (complete) { confirmed = version; }"),
            new Mutation(
                    "an acknowledged record confirms as a bookmark does",
                    ACK_WINDOW,
                    "if (inFlight.isComplete()) {",
                    "if (inFlight.version() >= 0) {"),
            new Mutation(
                    "eviction by id without generation",
                    REGISTRY,
                    "if (session != null && session.generation() <= generation) {",
                    "if (session != null) {"),
            new Mutation(
                    "a claim elsewhere ends whichever session there is",
                    REGISTRY,
                    "if (session != null && session.generation() < generation) {",
                    "if (session != null) {"),
            new Mutation(
                    "of two registrations the last wins, not the one with the higher generation",
                    REGISTRY,
                    "before != null && before.generation() > generation",
                    "before != null && before.generation() < 0"),
            new Mutation(
                    "a late end removes the successor",
                    REGISTRY,
                    "if (sessions.remove(session.edgeId(), session)) {",
                    "if (sessions.remove(session.edgeId()) != null) {"),
            new Mutation(
                    "the last word on eligibility wins, not the latest revision",
                    ELIGIBILITY,
                    "next.revision > before.revision ? next : before",
                    "next"));

    private HomeMutations() {}
}
