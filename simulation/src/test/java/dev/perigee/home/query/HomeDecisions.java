package dev.perigee.home.query;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.StreamPosition;
import java.util.Set;

/** What a home remembers of statements: the real {@link Decisions}. */
public final class HomeDecisions {

    private final Decisions decisions;

    public HomeDecisions(InvalidationLog log) {
        this.decisions = new Decisions(log, 1_000_000);
    }

    /** The tables a statement reads, or null if that is to be found out. */
    public Set<String> find(String sql, StreamPosition visible) {
        Decision decision = decisions.find(Decisions.Key.own(sql), visible);
        return decision == null ? null : decision.tables();
    }

    public void remember(String sql, Set<String> tables, StreamPosition visible) {
        decisions.remember(Decisions.Key.own(sql), Decision.cacheable(tables), visible);
    }
}
