package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads registers at one edge, in all the ways a read may be asked for, and has every answer checked. */
final class Reader implements Runnable {

    private static final int PACE_MILLIS = 12;

    private final String edge;
    private final Cluster cluster;
    private final List<Register> registers;
    private final Client client;
    private final Report report;
    private final WallClock wallClock;
    private final Falsifier falsifier;
    private final Random random;

    Reader(
            String edge,
            Cluster cluster,
            List<Register> registers,
            Client client,
            Report report,
            WallClock wallClock,
            Falsifier falsifier,
            long seed) {
        this.edge = edge;
        this.cluster = cluster;
        this.registers = registers;
        this.client = client;
        this.report = report;
        this.wallClock = wallClock;
        this.falsifier = falsifier;
        this.random = new Random(seed);
    }

    @Override
    public void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                read(registers.get(random.nextInt(registers.size())));
                TimeUnit.MILLISECONDS.sleep(random.nextInt(2 * PACE_MILLIS));
            } catch (InterruptedException stopped) {
                return;
            }
        }
    }

    private void read(Register register) throws InterruptedException {
        Map<String, String> headers = new LinkedHashMap<>();
        Register.Token wanted =
                switch (random.nextInt(4)) {
                    case 0 -> register.lastWritten();
                    case 1 -> register.lastSeen();
                    default -> null;
                };
        if (wanted != null) {
            headers.put("Perigee-Min-Version", wanted.position().toString());
        }
        long bound = Cluster.MAX_STALENESS.toNanos();
        switch (random.nextInt(10)) {
            case 0 -> {
                headers.put("Cache-Control", "max-age=1");
                bound = TimeUnit.SECONDS.toNanos(1);
            }
            case 1 -> headers.put("Cache-Control", "only-if-cached");
            default -> {}
        }
        long begun = System.nanoTime();
        try {
            Client.Answer answer = client.query(cluster.url(edge), register.read(), headers);
            long ended = System.nanoTime();
            if (answer.status() != 200) {
                report.unanswered(answer.status());
                return;
            }
            Observation seen = falsifier.falsify(new Observation(
                    edge,
                    register,
                    begun,
                    ended,
                    answer.isHit(),
                    answer.numbers(),
                    Register.Position.parse(answer.header("Perigee-Version")),
                    Claim.of(
                            answer.isHit(),
                            answer.header("Cache-Status").contains("collapsed"),
                            answer.header("Age"),
                            asOf(answer.header("Perigee-As-Of"), begun, ended),
                            begun,
                            bound),
                    wanted,
                    answer.header("Cache-Status") + " Age " + answer.header("Age") + " as of "
                            + answer.header("Perigee-As-Of") + " version " + answer.header("Perigee-Version")));
            report.checked(seen, Checker.check(seen), Checker.staleness(seen));
            if (seen.position() != null) {
                // It may show more than its version includes, which no other answer of that version need show.
                register.seen(new Register.Token(register.floor(seen.position()), seen.position()));
            }
        } catch (IOException failed) {
            report.unanswered(0);
        }
    }

    private @Nullable Long asOf(String header, long begun, long ended) {
        Long shift = wallClock.shiftMillis(edge, begun, ended);
        if (header.isEmpty() || shift == null) {
            return null;
        }
        try {
            Instant moment = Instant.parse(header).minusMillis(shift);
            return System.nanoTime() - ChronoUnit.NANOS.between(moment, Instant.now());
        } catch (DateTimeException malformed) {
            report.violation(edge + " gave Perigee-As-Of " + header);
            return null;
        }
    }
}
