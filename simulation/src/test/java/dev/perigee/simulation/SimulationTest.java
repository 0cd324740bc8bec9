package dev.perigee.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.simulation.Coverage.Happened;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Ten thousand seeds; a hundred times as many with {@code -Pdeep}. */
class SimulationTest {

    private static final long SEEDS = 10_000L * Integer.getInteger("tests.depth", 1);

    @Test
    void nothingIsStaleNothingIsLostAndEverybodyComesBack() throws InterruptedException {
        long began = System.nanoTime();
        AtomicLong next = new AtomicLong();
        AtomicReference<String> wrong = new AtomicReference<>();
        Coverage total = new Coverage();
        List<Thread> threads = new ArrayList<>();
        int cores = Runtime.getRuntime().availableProcessors();
        for (int i = 0; i < cores; i++) {
            Thread thread = new Thread(() -> {
                Coverage mine = new Coverage();
                for (long seed = next.getAndIncrement();
                        seed < SEEDS && wrong.get() == null;
                        seed = next.getAndIncrement()) {
                    String failure = Simulation.run(seed, mine);
                    if (failure != null) {
                        wrong.compareAndSet(null, failure);
                    }
                }
                synchronized (total) {
                    total.add(mine);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        long steps = total.of(Happened.STEPS);
        System.out.printf(
                "%d seeds, %d steps in %.1f s on %d cores: %.0f steps a second on one%n%s%n",
                SEEDS, steps, seconds, cores, steps / seconds / cores, total);
        assertThat(wrong.get()).isNull();
        for (Happened each : Happened.values()) {
            assertThat(total.of(each)).as("how often: %s", each).isPositive();
        }
    }
}
