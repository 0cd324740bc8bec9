package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.fuzz.Fuzz;
import dev.perigee.home.fuzz.Together;
import dev.perigee.model.EdgeRegistration;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** An edge that registers, is claimed, evicted and cut off by several threads at once. */
class EdgeRegistryRaceTest {

    private static final String ID = "edge-1";

    private final AtomicLong now = new AtomicLong();
    private final AtomicLong generations = new AtomicLong();

    private final EdgeRegistry registry = new EdgeRegistry(
            3,
            FakeSource.begun(100),
            new SessionSettings("home-1", Duration.ofSeconds(1), 64, Duration.ofSeconds(10)),
            new EdgeMetrics(new SimpleMeterRegistry()),
            () -> new Moment(now.get(), Instant.EPOCH));

    private EdgeSession register(long generation) {
        return registry.register(new EdgeRegistration(ID, "here", "http://edge-1:8081"), generation, null, () -> {});
    }

    /** Late ends of former sessions, claims and evictions of them must not touch the one that comes after them. */
    @Test
    void theNewestWinsAndNothingLateRemovesIt() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(3_000, random -> {
                EdgeSession former = register(generations.incrementAndGet());
                long lower = generations.incrementAndGet();
                long newest = generations.incrementAndGet();
                Queue<EdgeSession> begun = new ConcurrentLinkedQueue<>();
                int late = random.nextInt(3);
                threads.run(
                        () -> {
                            EdgeSession session = register(lower);
                            begun.add(session);
                            registry.ended(session);
                        },
                        () -> begun.add(register(newest)),
                        () -> {
                            switch (late) {
                                case 0 -> registry.ended(former);
                                case 1 -> registry.claimed(ID, lower);
                                default -> registry.evict(ID, former.generation());
                            }
                        });
                EdgeSession left = registry.find(ID);
                assertThat(left).isNotNull();
                assertThat(left.generation()).isEqualTo(newest);
                assertThat(left.closed()).isFalse();
                // A stream that has ended by itself needs no goodbye.
                assertThat(former.closed() || late == 0).isTrue();
                assertThat(registry.size()).isEqualTo(1);
            });
        }
    }

    /** Whatever happens: of all sessions of an edge at most one is not closed, and that is the one the registry has. */
    @Test
    void neverTwoLiveSessionsOfOneEdge() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(150, random -> {
                Queue<EdgeSession> all = new ConcurrentLinkedQueue<>();
                List<Together.Part> parts = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    Random own = new Random(random.nextLong());
                    parts.add(() -> {
                        for (int step = 0; step < 40; step++) {
                            act(own, all);
                        }
                    });
                }
                threads.run(parts.toArray(Together.Part[]::new));
                // Who was let go without having been closed is told when its stream ends: that it has ended.
                List<EdgeSession> live =
                        all.stream().filter(session -> !session.closed()).toList();
                EdgeSession held = registry.find(ID);
                assertThat(live).hasSize(held == null ? 0 : 1);
                assertThat(held == null || live.contains(held)).isTrue();
                if (held != null) {
                    registry.evict(ID, held.generation());
                }
            });
        }
        assertThat(registry.size()).isZero();
    }

    private void act(Random random, Queue<EdgeSession> all) {
        long about = generations.get() - random.nextInt(3);
        switch (random.nextInt(6)) {
            case 0, 1 -> all.add(register(generations.incrementAndGet()));
            case 2 -> registry.claimed(ID, about);
            case 3 -> registry.evict(ID, about);
            case 4 -> {
                now.addAndGet(Duration.ofSeconds(4).toNanos());
                registry.prune();
            }
            default ->
                // A stream that was told to end does so, sooner or later.
                all.stream()
                        .filter(EdgeSession::closed)
                        .skip(random.nextInt(3))
                        .findFirst()
                        .ifPresent(registry::ended);
        }
    }
}
