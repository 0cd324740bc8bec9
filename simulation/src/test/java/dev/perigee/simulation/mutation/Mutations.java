package dev.perigee.simulation.mutation;

import java.util.List;
import java.util.stream.Stream;

/** The deliberate bugs, each of them a mistake that somebody could make with a straight face. */
final class Mutations {

    private static final String GATE = "dev.perigee.home.wal.VisibilityGate";
    private static final String APPLIER = "dev.perigee.home.wal.ChangeApplier";
    private static final String LEDGER = "dev.perigee.home.wal.HeartbeatLedger";
    private static final String LOG = "dev.perigee.home.log.InvalidationLog";
    private static final String EPOCH_LOG = "dev.perigee.home.log.EpochLog";
    private static final String SESSION = "dev.perigee.home.edges.EdgeSession";
    private static final String REGISTRY = "dev.perigee.home.edges.EdgeRegistry";
    private static final String ACK_WINDOW = "dev.perigee.home.edges.AckWindow";
    private static final String ELIGIBILITY = "dev.perigee.home.edges.EligibilityTable";
    private static final String MACHINE = "dev.perigee.edge.link.LinkMachine";
    private static final String FRESHNESS = "dev.perigee.edge.link.Freshness";
    private static final String WATERMARKS = "dev.perigee.edge.cache.Watermarks";
    private static final String QUERY = "dev.perigee.edge.query.QueryService";
    private static final String FLIGHT = "dev.perigee.edge.query.SingleFlight";

    /** Which version a result may claim, and what home knows of commits. */
    private static final List<Mutation> OF_THE_GATE_AND_THE_LOG = List.of(
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
                    "proven = new Sent(nanoTime.getAsLong(), clock.instant());"));

    /** What an edge is sent, and what home believes of it. */
    private static final List<Mutation> OF_THE_SESSION = List.of(
            new Mutation(
                    "a bookmark while records pend",
                    SESSION,
                    "return record == null ? bookmark(head, now) : invalidate(record);",
                    "return record == null || window.halfFull() ? bookmark(head, now) : invalidate(record);"),
            new Mutation(
                    "resume from before the log began",
                    SESSION,
                    "return resumeFrom.version() < log.start() ? Reset.Reason.COMPACTED : null;",
                    "return null;"),
            new Mutation(
                    "an interest hides records that concern all tables",
                    SESSION,
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
                    "if (session.generation() != ack.generation()) {",
                    "if (session.generation() < 0) {"));

    /** How the edge follows. */
    private static final List<Mutation> OF_THE_LINK = List.of(
            new Mutation(
                    "an invalidation is taken for a bookmark",
                    MACHINE,
                    "actions.add(new LinkAction.Raise(invalidation));",
                    "actions.add(new LinkAction.Raise(invalidation)); complete(id);"),
            new Mutation(
                    "current as of when the answer came, not of when it was asked for",
                    MACHINE,
                    "freshness.claim(acks.lastSent(), answer);",
                    "freshness.claim(now, answer);"),
            new Mutation(
                    "the age of the feed is left out",
                    FRESHNESS,
                    "sentAt - Duration.ofMillis(age).toNanos()",
                    "sentAt"),
            new Mutation(
                    "current before what was promised has arrived",
                    FRESHNESS,
                    "claim != null && claim.target <= version;",
                    "claim != null;"));

    /** What the edge serves. */
    private static final List<Mutation> OF_THE_CACHE = List.of(
            new Mutation(
                    "watermarks only for tables that have one",
                    WATERMARKS,
                    "now.tables.merge(table, event.upToVersion(), Math::max);",
                    "now.tables.computeIfPresent(table, (name, mark) -> Math.max(mark, event.upToVersion()));"),
            new Mutation(
                    "a reset within the epoch keeps everything", WATERMARKS, "raiseAll(now, position.version());", ""),
            new Mutation(
                    "the fence lets pass one too many",
                    WATERMARKS,
                    "readAt.version() >= highest(now, tables)",
                    "readAt.version() >= highest(now, tables) - 100"),
            new Mutation(
                    "no check at admission, and a hit trusts it",
                    WATERMARKS,
                    "return passes(result.readAt(), result.tables());",
                    "return true;"),
            new Mutation(
                    "a hit does not ask how stale the request allows it to be",
                    QUERY,
                    "return staleness > bound(read) ? Reason.MAX_AGE : null;",
                    "return null;"),
            new Mutation(
                    "a hit does not ask what the request must not miss",
                    QUERY,
                    "if (!read.isSatisfiedBy(found, completeTo)) {",
                    "if (completeTo.version() < 0) {"),
            new Mutation(
                    "a flight is joined across an invalidation",
                    FLIGHT,
                    "read.mark == terms.mark\n                    && ",
                    ""),
            new Mutation(
                    "a flight is joined that may miss the reader's own write",
                    FLIGHT,
                    "&& (read.minVersion == null || read.minVersion.coveredBy(terms.completeTo));",
                    ";"));

    /** What the simulator does not see yet: it must, and then they move up. */
    static final List<Mutation> STILL_ALIVE = List.of(
            new Mutation(
                    "resume at the head, without what was missed",
                    SESSION,
                    "cursor = resumeFrom.version();",
                    "cursor = Math.max(resumeFrom.version(), log.head());"),
            new Mutation("no reset on a new epoch", SESSION, "resetDue = Reset.Reason.EPOCH;", ""),
            new Mutation(
                    "acknowledgements of the old epoch count after a reset",
                    ACK_WINDOW,
                    "aligned = false;",
                    "aligned = true;"),
            new Mutation(
                    "eviction by id without generation",
                    REGISTRY,
                    "if (session != null && session.generation() <= generation) {",
                    "if (session != null) {"),
            new Mutation(
                    "a late end removes the successor",
                    REGISTRY,
                    "if (sessions.remove(session.edgeId(), session)) {",
                    "if (sessions.remove(session.edgeId()) != null) {"),
            new Mutation(
                    "the last word on eligibility wins, not the latest revision",
                    ELIGIBILITY,
                    "next.revision > before.revision ? next : before",
                    "next"),
            new Mutation(
                    "resume from the last frame instead of the last bookmark", MACHINE, "cursor = completeTo;", ""),
            new Mutation(
                    "a frame that makes no sense is passed over",
                    MACHINE,
                    "distrust(String.valueOf(bad.getMessage()), now);",
                    ""),
            new Mutation(
                    "a watermark may fall",
                    WATERMARKS,
                    "now.tables.merge(table, event.upToVersion(), Math::max);",
                    "now.tables.put(table, event.upToVersion());"),
            new Mutation(
                    "versions of different epochs are compared",
                    WATERMARKS,
                    "now != null && now.epoch.equals(readAt.epoch()) &&",
                    "now != null &&"),
            new Mutation(
                    "a hit does not ask how stale the edge is",
                    QUERY,
                    "if (staleness > policy.maxStaleness().toNanos()) {",
                    "if (staleness < 0) {"),
            new Mutation(
                    "a flight is joined however long it has been under way",
                    FLIGHT,
                    "&& read.now - terms.now <= read.maxStaleness\n",
                    "\n"),
            new Mutation(
                    "heartbeats of the process before pass for our own",
                    LEDGER,
                    "this.last = last;",
                    "this.last = 0;"));

    /** All that it sees. */
    static final List<Mutation> ALL = Stream.of(OF_THE_GATE_AND_THE_LOG, OF_THE_SESSION, OF_THE_LINK, OF_THE_CACHE)
            .flatMap(List::stream)
            .toList();

    private Mutations() {}
}
