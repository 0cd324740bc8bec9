package dev.perigee.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Subscribers of a home, that acknowledge as edges do, or of a channel of nchan's; and whoever commits or publishes what
 * they hear of. Prints a line of JSON a round. How late something arrives is counted from when the commit has returned; of
 * nchan's from when it is published, which is when a commit has returned.
 */
public final class FanOut {

    private static final long GRACE = TimeUnit.SECONDS.toNanos(10);
    private static final int ALL = -1;
    private static final int MOST_TRIES = 30;

    private final Options options;
    private final Timeline timeline = new Timeline();
    private final Deliveries deliveries = new Deliveries(timeline);
    private final Audience audience = new Audience();
    private final AtomicBoolean publishing = new AtomicBoolean();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    private FanOut(Options options) {
        this.options = options;
    }

    /**
     * Runs rounds; with {@code hold=1} connects, says so, and stays.
     *
     * @param args {@code target=home|nchan,...} in the order of a round, {@code home=PORT token=TOKEN jdbc=URL}, {@code
     *     nchan=PORT}, {@code edges=N rate=PER_SECOND seconds=N warm=N rounds=N stalled=N tables=N durable=0|1 pids=N,...}, the
     *     last one set of process ids a target, separated by colons
     */
    public static void main(String[] args) throws Exception {
        new FanOut(Options.of(args)).run();
        System.exit(0);
    }

    private void run() throws Exception {
        String[] targets = options.text("target").split(",", -1);
        for (int round = 0; round < options.number("rounds", 1); round++) {
            for (int n = 0; n < targets.length; n++) {
                round(targets[n], n);
                settle();
            }
        }
        audience.close();
    }

    private void round(String target, int index) throws Exception {
        int edges = options.number("edges", 32);
        boolean home = target.equals("home");
        int port = options.number(target, 0);
        Acknowledgements acks = new Acknowledgements(home ? options.text("token") : "");
        EdgeSubscriber.Shared shared =
                new EdgeSubscriber.Shared(home ? options.text("token") : "", timeline, deliveries, acks);
        try (Publisher publisher = publisher(home, port)) {
            audience.connect(port, edges, n -> {
                if (home) {
                    audience.join(port, acks);
                    return new EdgeSubscriber("bench-" + n, shared);
                }
                return new ChannelSubscriber(deliveries);
            });
            if (options.has("hold")) {
                System.out.println("connected");
                LockSupport.park();
            }
            Thread writer = new Thread(() -> publish(publisher), "publisher");
            publishing.set(true);
            writer.start();
            pause(options.number("warm", 2));
            measure(target, index, shared, acks, writer);
        } finally {
            audience.disconnect();
        }
    }

    private Publisher publisher(boolean home, int port) throws IOException, SQLException {
        return home
                ? new Publisher.Commits(
                        options.text("jdbc"), options.number("tables", 1), options.number("durable", 1) == 1)
                : new Publisher.Messages(port);
    }

    private void measure(String target, int index, EdgeSubscriber.Shared shared, Acknowledgements acks, Thread writer)
            throws Exception {
        int stalled = options.number("stalled", 0);
        audience.stall(stalled, true);
        long cpu = cpu(index);
        long frames = audience.on(shared::frames);
        long began = System.nanoTime();
        audience.on(() -> {
            deliveries.start();
            return 0;
        });
        pause(options.number("seconds", 5));
        long[] after = audience.on(() -> {
            deliveries.stop();
            return new long[] {deliveries.last(), shared.frames()};
        });
        double seconds = (System.nanoTime() - began) / 1e9;
        long used = cpu(index) - cpu;
        publishing.set(false);
        writer.join();
        int last = (int) after[0];
        boolean all = Audience.awaited(GRACE, () -> audience.lacking(stalled, last) == 0);
        long lacking = all ? 0 : audience.lacking(stalled, last);
        // What the stalled hear of later is no delivery of this round.
        String figures = audience.on(() -> {
            String summary = deliveries.summary(seconds);
            deliveries.close();
            return summary;
        });
        audience.stall(stalled, false);
        boolean recovered = stalled == 0 || Audience.awaited(GRACE, () -> audience.lacking(0, last) == 0);
        System.out.printf(
                Locale.ROOT,
                "{\"target\":\"%s\",\"seconds\":%.2f,%s,\"frames\":%d,\"cpu_seconds\":%.2f,\"lacking\":%d,"
                        + "\"stalled_lacking\":%d,\"ended\":%d,%s}%n",
                target,
                seconds,
                figures,
                after[1] - frames,
                used / 100.0,
                lacking,
                recovered ? 0 : audience.lacking(0, last),
                audience.ended(),
                audience.on(acks::summary));
        Exception failed = failure.get();
        if (failed != null) {
            throw failed;
        }
    }

    private void publish(Publisher publisher) {
        int rate = options.number("rate", 0);
        long next = System.nanoTime();
        try {
            while (publishing.get()) {
                int number = timeline.begin();
                boolean commits = publisher instanceof Publisher.Commits;
                if (!commits) {
                    timeline.done(number);
                }
                publisher.publish(number);
                if (commits) {
                    timeline.done(number);
                }
                if (rate > 0) {
                    next += TimeUnit.SECONDS.toNanos(1) / rate;
                    for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                }
            }
        } catch (IOException | SQLException failed) {
            failure.set(failed);
        }
    }

    private static void pause(int seconds) {
        Audience.awaited(TimeUnit.SECONDS.toNanos(seconds), () -> false);
    }

    /** Whoever was measured may still clear up, on the core of who is next. */
    private void settle() throws IOException {
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            long before = cpu(ALL);
            Audience.awaited(TimeUnit.MILLISECONDS.toNanos(300), () -> false);
            if (cpu(ALL) - before <= 3) {
                return;
            }
        }
    }

    /** Of the processes of a target, hundredths of a second. */
    private long cpu(int index) throws IOException {
        if (!options.has("pids")) {
            return 0;
        }
        long sum = 0;
        String pids = options.text("pids");
        for (String pid : (index == ALL ? pids.replace(':', ',') : pids.split(":", -1)[index]).split(",", -1)) {
            String stat = Files.readString(Path.of("/proc", pid, "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            sum += Arrays.stream(fields, 11, 13).mapToLong(Long::parseLong).sum();
        }
        return sum;
    }
}
