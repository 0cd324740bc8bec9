package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.model.Eligibility;
import dev.perigee.model.StreamPosition;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a session reads from: the log, how far it can be believed, and what operators want. Thread-safe, never blocks. */
interface Source {

    /** The log of the present epoch, or null before the feed was first connected. */
    @Nullable
    EpochLog log();

    /** Up to where everything is visible, or null while that is not known. */
    @Nullable
    StreamPosition visible();

    /** When home sent the WAL heartbeat that it last read back. */
    Instant asOf();

    /** The operator's choice for an edge. */
    Eligibility eligibility(String edgeId);
}
