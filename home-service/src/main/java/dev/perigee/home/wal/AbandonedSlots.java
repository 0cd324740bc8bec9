package dev.perigee.home.wal;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Durable slots of homes that do not come back. They keep WAL until the disk is full, so somebody has to be told. One
 * look at a time; the result may be read by any thread.
 */
final class AbandonedSlots {

    private static final Logger log = LoggerFactory.getLogger(AbandonedSlots.class);

    private final SlotProperties properties;
    private final LongSupplier nanoTime;
    /** Slots found inactive, and when first, by the monotonic clock. */
    private final Map<String, Long> inactive = new HashMap<>();

    private final Set<String> told = new HashSet<>();
    private volatile List<String> names = List.of();

    AbandonedSlots(SlotProperties properties, LongSupplier nanoTime) {
        this.properties = properties;
        this.nanoTime = nanoTime;
    }

    /** Those found by the last look, in ascending order. */
    List<String> names() {
        return names;
    }

    /**
     * Looks at all of ours.
     *
     * @param own this home's, which is not abandoned
     * @param drop drops one, unless somebody reads from it
     */
    Mono<Void> look(List<SlotRow> slots, String own, Function<String, Mono<Void>> drop) {
        List<String> found = find(slots, own);
        names = found;
        told.retainAll(found);
        return Flux.fromIterable(found).concatMap(name -> handle(name, drop)).then();
    }

    private List<String> find(List<SlotRow> slots, String own) {
        long now = nanoTime.getAsLong();
        List<SlotRow> idle = slots.stream()
                .filter(row -> row.here() && !row.temporary() && !row.active())
                .filter(row -> !row.name().equals(own))
                .toList();
        inactive.keySet().retainAll(idle.stream().map(SlotRow::name).toList());
        return idle.stream()
                .filter(row -> inactiveFor(row, now).compareTo(properties.abandonedAfter()) > 0)
                .map(SlotRow::name)
                .sorted()
                .toList();
    }

    /** Before PostgreSQL 17 nobody knows for how long, but for how long we have known can be said. */
    private Duration inactiveFor(SlotRow row, long now) {
        Duration known = row.inactive();
        return known != null ? known : Duration.ofNanos(now - inactive.computeIfAbsent(row.name(), any -> now));
    }

    private Mono<Void> handle(String name, Function<String, Mono<Void>> drop) {
        if (!properties.dropAbandoned()) {
            if (told.add(name)) {
                log.warn(
                        "Nobody has read from replication slot {} for more than {}, and WAL is kept for it. If its home"
                                + " does not come back: SELECT pg_drop_replication_slot('{}');",
                        name,
                        properties.abandonedAfter(),
                        name);
            }
            return Mono.empty();
        }
        return drop.apply(name)
                .doOnSuccess(done -> log.warn(
                        "Nobody has read from replication slot {} for more than {}: dropped",
                        name,
                        properties.abandonedAfter()))
                .onErrorResume(error -> {
                    log.debug("Slot {} was not dropped: its home is back, or another was quicker", name, error);
                    return Mono.empty();
                });
    }
}
