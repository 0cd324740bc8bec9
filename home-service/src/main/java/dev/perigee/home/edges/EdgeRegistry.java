package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The edges with a session at this home, one session each. The same edge again takes over: the newest generation wins,
 * the one before is told so, and neither its acknowledgements nor its late end touch the successor.
 *
 * <p>An edge lives as long as it acknowledges; registering counts as the first sign. Thread-safe, never blocks.
 */
final class EdgeRegistry {

    /** Sessions that have ended and whose rows are still to be removed; past that, rows are left to expire. */
    private static final int MOST_DEPARTED = 10_000;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(5);
    private static final Duration RETRY_WHEN_UNAVAILABLE = Duration.ofSeconds(1);

    private final int capacity;
    private final Source source;
    private final SessionSettings settings;
    private final EdgeMetrics metrics;
    private final Supplier<Moment> clock;
    private final EdgeTallies tallies;
    private final Map<String, EdgeSession> sessions = new TreeMap<>();
    private final Map<String, Long> departed = new HashMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private boolean draining;

    EdgeRegistry(int capacity, Source source, SessionSettings settings, EdgeMetrics metrics, Supplier<Moment> clock) {
        this.capacity = capacity;
        this.source = source;
        this.settings = settings;
        this.metrics = metrics;
        this.clock = clock;
        this.tallies = new EdgeTallies(metrics);
        metrics.watch(this);
    }

    /**
     * Whether an edge may register now.
     *
     * @throws ProblemException {@code feed-unavailable} before the log has begun, {@code capacity-exceeded} if the edge
     *     is not known and there is no room, {@code shutting-down} after {@link #drain}
     */
    synchronized void admit(String edgeId) {
        if (draining) {
            throw new ProblemException(ProblemCode.SHUTTING_DOWN, "This home is shutting down.")
                    .retryAfter(RETRY_WHEN_UNAVAILABLE);
        }
        if (source.log() == null) {
            throw new ProblemException(ProblemCode.FEED_UNAVAILABLE, "The change feed has not been connected yet.")
                    .retryAfter(RETRY_WHEN_UNAVAILABLE);
        }
        if (!sessions.containsKey(edgeId)) {
            makeRoom();
        }
    }

    /**
     * Begins a session, taking over from the edge's present one if that has a lower generation. Otherwise a later
     * registration was faster, and this session has ended before it began.
     *
     * @param generation above all that the edge was given before, anywhere
     * @param resumeFrom the last frame the edge has applied, or null
     * @param waker asks the stream to look for the next frame; must not block
     * @throws ProblemException as {@link #admit}
     */
    synchronized EdgeSession register(
            EdgeRegistration registration, long generation, @Nullable StreamPosition resumeFrom, Runnable waker) {
        String id = registration.edgeId();
        admit(id);
        EdgeTally tally = tallies.of(id);
        EdgeSession session =
                new EdgeSession(registration, generation, resumeFrom, source, settings, tally, waker, clock.get());
        EdgeSession before = sessions.get(id);
        if (before != null && before.generation() > generation) {
            session.close(Goodbye.Reason.SUPERSEDED);
            return session;
        }
        sessions.put(id, session);
        if (before == null) {
            metrics.joined(id, this);
        } else {
            before.close(Goodbye.Reason.SUPERSEDED);
            tally.takenOver();
        }
        changed();
        return session;
    }

    /** An edge has registered elsewhere, or here: a session of it with a lower generation is over. */
    synchronized void claimed(String edgeId, long generation) {
        EdgeSession session = sessions.get(edgeId);
        if (session != null && session.generation() < generation) {
            ended(session);
            session.close(Goodbye.Reason.SUPERSEDED);
            tallies.of(edgeId).takenOver();
        }
    }

    private void makeRoom() {
        if (sessions.size() >= capacity) {
            prune();
        }
        if (sessions.size() >= capacity) {
            throw new ProblemException(
                            ProblemCode.CAPACITY_EXCEEDED, "This home serves " + capacity + " edges and has no room.")
                    .retryAfter(RETRY_WHEN_FULL);
        }
    }

    /**
     * Passes an acknowledgement to the session it speaks for.
     *
     * @throws ProblemException {@code edge-unknown}, {@code generation-fenced} if it speaks for another generation than
     *     the present, {@code invalid-request} if the session was not sent that far
     */
    EdgeSession acknowledge(String edgeId, Acknowledgement ack) {
        EdgeSession session = requireGeneration(edgeId, ack.generation());
        session.acknowledge(ack, clock.get());
        return session;
    }

    /** The session of an edge with this generation, or {@code edge-unknown} or {@code generation-fenced}. */
    EdgeSession requireGeneration(String edgeId, long generation) {
        EdgeSession session = require(edgeId);
        if (session.generation() != generation) {
            throw new ProblemException(
                    ProblemCode.GENERATION_FENCED,
                    "Generation " + generation + " is not the present one, " + session.generation() + ".");
        }
        return session;
    }

    /** The session of an edge, or {@code edge-unknown}. */
    EdgeSession require(String edgeId) {
        EdgeSession session = find(edgeId);
        if (session == null) {
            throw new ProblemException(ProblemCode.EDGE_UNKNOWN, "No edge " + edgeId + " is registered here.");
        }
        return session;
    }

    synchronized @Nullable EdgeSession find(String edgeId) {
        return sessions.get(edgeId);
    }

    /** All sessions, by edge id. */
    synchronized List<EdgeSession> sessions() {
        return List.copyOf(sessions.values());
    }

    /** All edges, by id. */
    List<EdgeNode> edges() {
        return sessions().stream().map(EdgeSession::view).toList();
    }

    synchronized int size() {
        return sessions.size();
    }

    /** The stream of a session has ended. Nothing happens if the edge has taken over from itself in the meantime. */
    synchronized void ended(EdgeSession session) {
        if (sessions.remove(session.edgeId(), session)) {
            metrics.left(session.edgeId());
            departed(session.edgeId(), session.generation());
        }
    }

    /** What was claimed with this generation is held no more. */
    synchronized void departed(String edgeId, long generation) {
        departedStill(edgeId, generation);
        changed();
    }

    /** As {@link #departed}, but it is no news. */
    synchronized void departedStill(String edgeId, long generation) {
        if (departed.size() < MOST_DEPARTED) {
            departed.merge(edgeId, generation, Math::max);
        }
    }

    /** The sessions that have ended since this was last asked: edge id to generation. */
    synchronized Map<String, Long> takeDeparted() {
        Map<String, Long> taken = Map.copyOf(departed);
        departed.clear();
        return taken;
    }

    /** Sends an edge away, if it has a session here with at most this generation. It may come back. */
    synchronized void evict(String edgeId, long generation) {
        EdgeSession session = sessions.get(edgeId);
        if (session != null && session.generation() <= generation) {
            ended(session);
            session.close(Goodbye.Reason.EVICTED);
        }
    }

    /** Closes the sessions of edges that have not acknowledged within the liveness window; gives their ids. */
    synchronized List<String> prune() {
        long now = clock.get().nanos();
        List<String> pruned = new ArrayList<>();
        for (EdgeSession session : sessions()) {
            if (session.silent(now)) {
                evict(session.edgeId(), session.generation());
                metrics.pruned();
                pruned.add(session.edgeId());
            }
        }
        return pruned;
    }

    /** Says goodbye to all and accepts no more. */
    synchronized void drain() {
        draining = true;
        sessions().forEach(session -> session.close(Goodbye.Reason.DRAIN));
    }

    /** Calls back whenever a session has begun or ended. The callback must neither block nor throw. */
    void onChange(Runnable listener) {
        listeners.add(listener);
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }

    /** Accepts edges, from the beginning or again. */
    synchronized void open() {
        draining = false;
    }
}
