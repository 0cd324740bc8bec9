package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.Capacity;
import dev.perigee.model.Eligibility;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.time.Instant;
import java.util.List;

/** A log written by hand, and a gate that is where it is put. */
final class FakeSource implements Source {

    static final String EPOCH = "7.1.1";

    final InvalidationLog log = new InvalidationLog(() -> 0);
    volatile StreamPosition visible;
    volatile Eligibility eligibility = new Eligibility(true, Capacity.UNSPECIFIED);

    static FakeSource begun(long start) {
        FakeSource source = new FakeSource();
        source.begin(EPOCH, start);
        return source;
    }

    void begin(String epoch, long start) {
        log.begin(epoch, start + 1, Instant.EPOCH);
    }

    void commit(long version, String... tables) {
        log.append(new InvalidationEvent(version, List.of(tables), Instant.EPOCH), version);
    }

    @Override
    public EpochLog log() {
        return log.current();
    }

    @Override
    public StreamPosition visible() {
        return visible;
    }

    @Override
    public Eligibility eligibility(String edgeId) {
        return eligibility;
    }

    @Override
    public Instant asOf() {
        return Instant.EPOCH;
    }
}
