package dev.perigee.home.wal;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Waits until a message that this home wrote into the WAL has come back through its feed. Thread-safe. */
public final class Readback {

    private final ConcurrentMap<String, Sinks.One<Long>> waiting = new ConcurrentHashMap<>();

    /** Unique is enough; {@code UUID.randomUUID} would wait for the operating system's entropy on an event loop. */
    public static String uniqueId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    /**
     * Writes a message, then waits for it.
     *
     * @param id by which the message is known again
     * @param timeout for both together
     * @return the version at which it stands
     */
    public Mono<Long> of(String id, Mono<Void> writing, Duration timeout) {
        return Mono.defer(() -> {
            Sinks.One<Long> version = Sinks.one();
            waiting.put(id, version);
            return writing.then(version.asMono()).timeout(timeout).doFinally(signal -> waiting.remove(id));
        });
    }

    /** This one has been decoded, at this version. */
    public void decoded(String id, long version) {
        Sinks.One<Long> waiter = waiting.get(id);
        if (waiter != null) {
            // Fails only when told twice, or when nobody waits any more.
            waiter.tryEmitValue(version);
        }
    }
}
