package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.testing.Interleavings;
import dev.perigee.web.ProblemException;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An edge that registers again, is claimed, evicted and cut off by two threads: as if one came after the other. */
@Param(name = "later", gen = IntGen.class, conf = "2:3")
@Param(name = "any", gen = IntGen.class, conf = "1:3")
@Tag("long")
public class EdgeRegistryLincheckTest {

    private static final String ID = "edge-1";

    private final EdgeRegistry registry = new EdgeRegistry(
            3,
            FakeSource.begun(100),
            new SessionSettings("home-1", Duration.ofSeconds(1), 64, Duration.ofSeconds(10)),
            new EdgeMetrics(new CompositeMeterRegistry()),
            () -> new Moment(0, Instant.EPOCH));

    private final Queue<EdgeSession> begun = new ConcurrentLinkedQueue<>();
    private final EdgeSession former = begin(1);

    private EdgeSession begin(long generation) {
        return registry.register(new EdgeRegistration(ID, "here", "http://edge-1:8081"), generation, null, () -> {});
    }

    /** What a registry is that does one thing after the other. */
    public static class OneAtATime {

        private long held = 1;

        public void register(int generation) {
            held = Math.max(held, generation);
        }

        public void formerEnds() {
            held = held == 1 ? 0 : held;
        }

        public void claimed(int generation) {
            held = held < generation ? 0 : held;
        }

        public void evict(int generation) {
            held = held <= generation ? 0 : held;
        }

        public String acknowledge(int generation) {
            return held == 0 ? "edge-unknown" : held == generation ? "taken" : "generation-fenced";
        }

        public long held() {
            return held;
        }
    }

    @Operation
    public void register(@Param(name = "later") int generation) {
        begun.add(begin(generation));
    }

    @Operation
    public void formerEnds() {
        registry.ended(former);
    }

    @Operation
    public void claimed(@Param(name = "any") int generation) {
        registry.claimed(ID, generation);
    }

    @Operation
    public void evict(@Param(name = "any") int generation) {
        registry.evict(ID, generation);
    }

    @Operation
    public String acknowledge(@Param(name = "any") int generation) {
        try {
            registry.acknowledge(ID, new Acknowledgement(generation, 0, null));
            return "taken";
        } catch (ProblemException refused) {
            return refused.code().code();
        }
    }

    @Operation
    public long held() {
        EdgeSession session = registry.find(ID);
        return session == null ? 0 : session.generation();
    }

    /** Whoever has lost its place was told so, and nobody else. */
    @Validate
    public void onlyTheOneThatIsHeldIsOpen() {
        EdgeSession held = registry.find(ID);
        for (EdgeSession each : begun) {
            if (each.closed() == (each == held)) {
                throw new AssertionError(
                        each.generation() + " is closed: " + each.closed() + ", is held: " + (each == held));
            }
        }
    }

    @Test
    void everyInterleaving() {
        Interleavings.check(EdgeRegistryLincheckTest.class, OneAtATime.class, 2);
    }
}
