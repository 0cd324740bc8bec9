package dev.perigee.simulation.mutation;

import java.util.List;

/** Deliberate bugs of an edge. */
final class EdgeMutations {

    private static final String MACHINE = "dev.perigee.edge.link.LinkMachine";
    private static final String FRESHNESS = "dev.perigee.edge.link.Freshness";
    private static final String WATERMARKS = "dev.perigee.edge.cache.Watermarks";
    private static final String QUERY = "dev.perigee.edge.query.QueryService";
    private static final String FLIGHT = "dev.perigee.edge.query.SingleFlight";
    private static final String DRIVER = "dev.perigee.edge.link.LinkDriver";

    /** How the edge follows. */
    static final List<Mutation> OF_THE_LINK = List.of(
            new Mutation(
                    "an invalidation is taken for a bookmark",
                    MACHINE,
                    "actions.add(new LinkAction.Raise(invalidation));",
                    "actions.add(new LinkAction.Raise(invalidation)); complete(id);"),
            new Mutation(
                            "current as of when the answer came, not of when it was asked for",
                            MACHINE,
                            "freshness.claim(acks.lastSent(), answer);",
                            "freshness.claim(now, answer);")
                    .and(MACHINE, "acknowledged(answered.answer());", "acknowledged(answered.answer(), now);")
                    .and(
                            MACHINE,
                            "private void acknowledged(AcknowledgementAnswer answer) {",
                            "private void acknowledged(AcknowledgementAnswer answer, long now) {"),
            new Mutation(
                    "the age of the feed is left out",
                    FRESHNESS,
                    "sentAt - Duration.ofMillis(age).toNanos()",
                    "sentAt"),
            new Mutation(
                    "current before what was promised has arrived",
                    FRESHNESS,
                    "claim != null && claim.target <= version;",
                    "claim != null;"),
            new Mutation(
                    "resume from the last frame instead of the last bookmark", MACHINE, "cursor = completeTo;", ""),
            new Mutation(
                    "a frame that makes no sense is passed over",
                    MACHINE,
                    "distrust(String.valueOf(bad.getMessage()), now);",
                    ""),
            new Mutation(
                    "the answer to an acknowledgement is taken for a bookmark",
                    MACHINE,
                    "freshness.reached(known.version());",
                    "freshness.reached(known.version());"
                            + " complete(new StreamPosition(known.epoch(), answer.upToVersion()));"),
            new Mutation(
                    "answers to acknowledgements pass for life of the stream",
                    MACHINE,
                    "acknowledged(answered.answer());",
                    "lastBytes = now; acknowledged(answered.answer());"),
            new Mutation(
                    "id stored before applying: it stays when applying fails",
                    DRIVER,
                    "machine.handle(new LinkEvent.Broken(failure.toString()), ticker.read())\n"
                            + "                    .forEach(this::carryOut);",
                    ""));

    /** What the edge serves. */
    static final List<Mutation> OF_THE_CACHE = List.of(
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
                    ";"),
            new Mutation(
                    "a watermark may fall",
                    WATERMARKS,
                    "now.tables.merge(table, event.upToVersion(), Math::max);",
                    "now.tables.put(table, event.upToVersion());"),
            new Mutation(
                            "versions of different epochs are compared, at the fence and at a hit",
                            WATERMARKS,
                            "now != null && now.epoch.equals(readAt.epoch()) &&",
                            "now != null &&")
                    .and(
                            QUERY,
                            "if (!cache.isCurrent(found) || !found.epoch().equals(completeTo.epoch())) {",
                            "if (!cache.isCurrent(found)) {")
                    .and(
                            QUERY,
                            "                || !found.epoch().equals(completeTo.epoch())\n                || !read",
                            "                || !read"),
            new Mutation(
                    "an edge that is to refuse when it is too stale asks home",
                    QUERY,
                    "if (staleness > policy.maxStaleness().toNanos()) {",
                    "if (staleness < 0) {"),
            new Mutation(
                            "a hit does not ask how stale the edge is, and the edge's bound does not bind requests",
                            QUERY,
                            "if (staleness > policy.maxStaleness().toNanos()) {",
                            "if (staleness < 0) {")
                    .and(
                            QUERY,
                            "long configured = policy.maxStaleness().toNanos();",
                            "long configured = Long.MAX_VALUE;"),
            new Mutation(
                    "a flight is joined however long it has been under way",
                    FLIGHT,
                    "&& read.now - terms.now <= read.maxStaleness\n",
                    "\n"));

    private EdgeMutations() {}
}
