package dev.perigee.home.edges;

import dev.perigee.home.wal.ControlMessage;
import dev.perigee.home.wal.Readback;
import dev.perigee.model.EdgeCounters;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * This home's edges among those of all homes. Whoever registers is claimed in the database first: that gives the
 * generation, and tells the home that holds the edge so far.
 */
final class Fleet {

    private final EdgeRegistry registry;
    private final FleetStore store;
    private final EligibilityTable eligibility;
    private final String homeId;
    private final boolean autoEnable;
    private final Duration timeout;
    private final Readback readback = new Readback();

    /**
     * A fleet.
     *
     * @param autoEnable whether an edge that registers may cache if nothing was ever said of it
     * @param timeout how long an eviction may take to come back through the WAL
     */
    Fleet(
            EdgeRegistry registry,
            FleetStore store,
            EligibilityTable eligibility,
            String homeId,
            boolean autoEnable,
            Duration timeout) {
        this.registry = registry;
        this.store = store;
        this.eligibility = eligibility;
        this.homeId = homeId;
        this.autoEnable = autoEnable;
        this.timeout = timeout;
    }

    /**
     * Begins a session: room, then the claim, then the session. Fails as {@link EdgeRegistry#admit}, and with
     * {@code database-unavailable}.
     */
    Mono<EdgeSession> register(EdgeRegistration registration, @Nullable StreamPosition resumeFrom, Runnable waker) {
        return Mono.defer(() -> {
            registry.admit(registration.edgeId());
            return store.claim(unheard(registration), autoEnable)
                    .map(generation -> register(registration, generation, resumeFrom, waker));
        });
    }

    private EdgeSession register(
            EdgeRegistration registration, long generation, @Nullable StreamPosition resumeFrom, Runnable waker) {
        try {
            return registry.register(registration, generation, resumeFrom, waker);
        } catch (ProblemException refused) {
            registry.departed(registration.edgeId(), generation);
            throw refused;
        }
    }

    private EdgeNode unheard(EdgeRegistration registration) {
        Instant now = Instant.now();
        return new EdgeNode(
                registration.edgeId(),
                registration.region(),
                registration.baseUrl(),
                now,
                now,
                0,
                0,
                null,
                null,
                EdgeStats.NONE,
                homeId,
                registration.tables(),
                eligibility.of(registration.edgeId()).enabled(),
                0,
                EdgeCounters.NONE);
    }

    /**
     * Sends an edge away, whichever home holds it; done when this home has decoded it. Fails with {@code edge-unknown}
     * if no home does, {@code feed-unavailable} if it does not come back through the WAL in time.
     */
    Mono<Void> evict(String edgeId) {
        return Mono.defer(() -> {
            EdgeSession session = registry.find(edgeId);
            String id = Readback.uniqueId();
            Mono<Void> writing = store.evict(id, edgeId, session == null ? 0 : session.generation())
                    .flatMap(told -> told ? Mono.empty() : Mono.error(unknown(edgeId)));
            return readback.of(id, writing, timeout)
                    .onErrorMap(
                            error -> !(error instanceof ProblemException),
                            error -> new ProblemException(
                                    ProblemCode.FEED_UNAVAILABLE,
                                    "The eviction was not read back from the database's WAL; it may yet take effect.",
                                    error))
                    .then();
        });
    }

    static ProblemException unknown(String edgeId) {
        return new ProblemException(ProblemCode.EDGE_UNKNOWN, "No home holds an edge " + edgeId + ".");
    }

    /** What the feed says. */
    void decoded(ControlMessage message, long version) {
        if (message instanceof ControlMessage.Claimed claimed) {
            // Our own sessions take over from each other when they begin.
            if (!claimed.homeId().equals(homeId)) {
                registry.claimed(claimed.edgeId(), claimed.generation());
            }
        } else if (message instanceof ControlMessage.Evicted evicted) {
            registry.evict(evicted.edgeId(), evicted.generation());
            readback.decoded(evicted.id(), version);
        } else if (message instanceof ControlMessage.EligibilityChanged changed) {
            eligibility.changed(changed.row(), version);
        } else if (message instanceof ControlMessage.EligibilityGone gone) {
            eligibility.gone(gone.edgeId(), gone.revision(), version);
        }
    }
}
