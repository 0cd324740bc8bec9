package dev.perigee.home.edges;

import java.util.LinkedHashMap;
import java.util.Map;

/** The tallies of the edges that registered here last, by id. Not thread-safe. */
final class EdgeTallies {

    private static final int MOST = 10_000;

    private final EdgeMetrics totals;
    private final Map<String, EdgeTally> tallies = new LinkedHashMap<>(16, 0.75f, true);

    EdgeTallies(EdgeMetrics totals) {
        this.totals = totals;
    }

    /** The tally of an edge that registers: the one it had, unless too many have registered since. */
    EdgeTally of(String edgeId) {
        EdgeTally tally = tallies.computeIfAbsent(edgeId, id -> new EdgeTally(totals));
        if (tallies.size() > MOST) {
            tallies.remove(tallies.keySet().iterator().next());
        }
        return tally;
    }
}
