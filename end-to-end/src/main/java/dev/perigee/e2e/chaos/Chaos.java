package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A cluster under load and under faults, on a seeded schedule. Ends with a table. What {@code ./chaos} runs. */
public final class Chaos {

    private static final PrintStream OUT = System.out;
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(90);
    private static final Duration REST = Duration.ofSeconds(1);

    /** Beyond the time asked for: starting, the last fault, its recovery, and the end. */
    private static final Duration GRACE = Duration.ofMinutes(5);

    private static final String KINDS = Stream.of(Fault.Kind.values())
            .map(kind -> kind.title().replace(' ', '-'))
            .collect(Collectors.joining("|", "((", ")(,|$))+"));

    /** The system property that says where the services are. For trying out services that are broken on purpose. */
    private static final String JARS = "perigee.chaos.jars";

    private final long seed;
    private final int seconds;
    private final List<Fault.Kind> kinds;
    private final Path root;
    private final Path directory;
    private final Report report = new Report();
    private final List<Register> registers = List.of(
            new Register("row_fast", Register.Shape.ROW, 120),
            new Register("row_slow", Register.Shape.ROW, 2500),
            new Register("rows", Register.Shape.ROWS, 400),
            new Register("tables_fast", Register.Shape.TABLES, 300),
            new Register("tables_slow", Register.Shape.TABLES, 1500),
            new Register("bump", Register.Shape.BUMP, 500),
            new Register("lossy", Register.Shape.LOSSY, 150));
    private final List<Thread> threads = new ArrayList<>();
    private final StringBuilder journal = new StringBuilder();
    private final long began = System.nanoTime();
    private volatile String doing = "starting";
    private volatile @Nullable Cluster cluster;
    private volatile boolean ended;

    private Chaos(long seed, int seconds, List<Fault.Kind> kinds, Path root) {
        this.seed = seed;
        this.seconds = seconds;
        this.kinds = kinds.isEmpty() ? Fault.kindsFor(seconds) : kinds;
        this.root = root;
        this.directory = root.resolve(
                "target/chaos/seed-" + seed + "-" + ProcessHandle.current().pid());
    }

    /**
     * Runs it.
     *
     * @param args {@code --minutes N} or {@code --seconds N}, {@code --seed S}, and {@code --only} some faults, by their
     *     names with dashes, separated by commas
     */
    public static void main(String[] args) {
        long seed = new Random().nextInt(1_000_000);
        int seconds = 60;
        List<Fault.Kind> kinds = List.of();
        for (int i = 0; i < args.length; i++) {
            boolean value = i + 1 < args.length && args[i + 1].matches("[0-9]{1,9}");
            if (args[i].equals("--minutes") && value) {
                seconds = 60 * Integer.parseInt(args[++i]);
            } else if (args[i].equals("--seconds") && value) {
                seconds = Integer.parseInt(args[++i]);
            } else if (args[i].equals("--seed") && value) {
                seed = Long.parseLong(args[++i]);
            } else if (args[i].equals("--only") && i + 1 < args.length && args[i + 1].matches(KINDS)) {
                kinds = Stream.of(args[++i].split(",", -1)).map(Fault.Kind::of).toList();
            } else {
                System.err.println("usage: ./chaos [--minutes N | --seconds N] [--seed S] [--only fault,…]");
                System.exit(2);
            }
        }
        System.exit(new Chaos(seed, seconds, kinds, Path.of("").toAbsolutePath()).run());
    }

    private int run() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::cleanUp, "stop"));
        daemon("watchdog", this::endWhatDoesNotEnd);
        daemon("progress", this::showProgress);
        OUT.printf("Chaos for %d s with seed %d: 2 homes, 3 edges, PostgreSQL and a standby ...%n", seconds, seed);
        try {
            runCluster();
        } catch (IOException | SQLException | RuntimeException failure) {
            if (!ended) {
                report.violation("the run itself failed, while " + doing + ": " + failure);
                failure.printStackTrace(OUT);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return 1;
        }
        return report.violations() == 0 ? 0 : 1;
    }

    private void runCluster() throws IOException, SQLException, InterruptedException {
        Files.createDirectories(directory);
        Cluster running = new Cluster(directory, root.resolve(System.getProperty(JARS, "target/quickstart")));
        cluster = running;
        running.start();
        createTables(running.primary);
        running.startServices();
        Client probing = new Client(Cluster.CLIENT, Duration.ofSeconds(2));
        Recovery recovery = new Recovery(running, probing);
        if (!recovery.await(RECOVERY_LIMIT)) {
            throw new IllegalStateException("the edges never served from memory");
        }
        note("up");
        WallClock wallClock = new WallClock(Cluster.EDGE_WITH_CLOCK);
        List<Writer> writers = startLoad(running, wallClock);
        Counters counters = new Counters(running, new Client(Cluster.METRICS, Duration.ofSeconds(1)));
        start("counters", counters);
        runFaults(running, new Faults(running, writers, wallClock, probing), recovery);
        doing = "stopping";
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(20));
        }
        compareWithDatabase(running.primary);
        counters.sample();
        ended = true;
        OUT.printf("%n%s", report.table(counters.sums()));
        OUT.printf(
                Locale.ROOT,
                "%nseed %d, %d s of load, %.0f s in all: %s%n",
                seed,
                seconds,
                (System.nanoTime() - began) / 1e9,
                report.violations() == 0 ? "no violation" : report.violations() + " VIOLATIONS");
    }

    private void createTables(Database primary) throws SQLException {
        for (Register register : registers) {
            for (String table : register.tables()) {
                primary.sql(
                        "CREATE TABLE " + table + " (id int PRIMARY KEY, n bigint NOT NULL)",
                        "INSERT INTO " + table + " SELECT id, 0 FROM generate_series(1, 100) id");
            }
        }
        primary.sql(
                "CREATE TABLE " + Recovery.TABLE + " (id int PRIMARY KEY, n bigint)",
                "INSERT INTO " + Recovery.TABLE + " VALUES (1, 0)");
    }

    private List<Writer> startLoad(Cluster running, WallClock wallClock) {
        Random random = new Random(seed);
        Client writing = new Client(Cluster.CLIENT, Duration.ofSeconds(5));
        List<Writer> writers = registers.stream()
                .map(register -> new Writer(register, running, writing, report, random.nextLong()))
                .toList();
        writers.forEach(writer -> start("writer " + writer.register().name, writer));
        Falsifier falsifier = Falsifier.fromSystemProperty();
        for (String edge : Cluster.EDGES) {
            for (int i = 0; i < 2; i++) {
                // A client each: a frozen edge holds up its own readers only.
                Client reading = new Client(Cluster.CLIENT, Duration.ofSeconds(4));
                start(
                        "reader " + edge,
                        new Reader(edge, running, registers, reading, report, wallClock, falsifier, random.nextLong()));
                start(
                        "wire reader " + edge,
                        new WireReader(edge, running, registers, report, falsifier, random.nextLong()));
            }
        }
        return writers;
    }

    private void runFaults(Cluster running, Faults faults, Recovery recovery)
            throws IOException, SQLException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        doing = "warming up";
        TimeUnit.SECONDS.sleep(Math.min(3, seconds));
        for (Fault fault : Fault.plan(seed, seconds, kinds)) {
            if (System.nanoTime() + TimeUnit.SECONDS.toNanos(fault.kind().seconds()) > end) {
                continue;
            }
            doing = fault.toString();
            note(doing);
            faults.inject(fault);
            TimeUnit.MILLISECONDS.sleep(fault.holdMillis());
            doing = "recovering from " + fault.kind().title();
            long healed = System.nanoTime();
            faults.heal(fault);
            if (!recovery.await(RECOVERY_LIMIT)) {
                report.violation("not every edge serves hits " + RECOVERY_LIMIT.toSeconds() + " s after " + fault);
                note("not recovered");
                return;
            }
            double took = (System.nanoTime() - healed) / 1e9;
            report.recovered(fault.kind().title(), took);
            note(String.format(Locale.ROOT, "recovered after %.2f s", took));
            // Whoever comes next finds all homes there.
            Cluster.HOMES.forEach(running::awaitListening);
            doing = "nothing";
            TimeUnit.MILLISECONDS.sleep(REST.toMillis());
        }
        while (System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Nothing that was acknowledged is lost, and nothing was done twice. */
    private void compareWithDatabase(Database primary) throws SQLException {
        for (Register register : registers) {
            long value = Long.parseLong(primary.query(register.read()));
            if (value < register.acknowledged() || value > register.ceiling()) {
                report.violation("the database has " + value + ":\n" + register.history(System.nanoTime()));
            }
        }
    }

    private void start(String name, Runnable work) {
        threads.add(daemon(name, work));
    }

    private static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private synchronized void note(String what) {
        journal.append(String.format(Locale.ROOT, "%8.2f s  %s%n", (System.nanoTime() - began) / 1e9, what));
    }

    private void showProgress() {
        boolean terminal = Boolean.getBoolean("perigee.chaos.terminal");
        try {
            for (int second = 1; !ended; second++) {
                TimeUnit.SECONDS.sleep(1);
                String line = String.format(
                        Locale.ROOT, "  %3.0f s: %s; %s", (System.nanoTime() - began) / 1e9, report.progress(), doing);
                if (terminal) {
                    OUT.printf("\r%-118s", line);
                } else if (second % 5 == 0 && !ended) {
                    OUT.println(line);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void endWhatDoesNotEnd() {
        try {
            TimeUnit.SECONDS.sleep(seconds + GRACE.toSeconds());
            report.violation("it does not end; it was " + doing);
            System.exit(1);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void cleanUp() {
        boolean interrupted = !ended && report.violations() == 0;
        ended = true;
        Cluster running = cluster;
        if (running != null) {
            running.close();
        }
        try {
            if (report.violations() == 0) {
                delete(directory);
                OUT.print(interrupted ? "\nStopped.\n" : "");
                return;
            }
            delete(directory.resolve("primary"));
            delete(directory.resolve("standby"));
            Files.writeString(directory.resolve("violations.txt"), String.join("\n", report.kept()));
            Files.writeString(
                    directory.resolve("schedule.txt"),
                    "./chaos --seconds " + seconds + " --seed " + seed + "\n" + journal);
            StringBuilder history = new StringBuilder();
            registers.forEach(register -> history.append(register.history(System.nanoTime())));
            Files.writeString(directory.resolve("history.txt"), history);
            report.kept().stream()
                    .limit(5)
                    .forEach(violation ->
                            OUT.println(violation.lines().findFirst().orElse("")));
            OUT.println("The evidence is in " + directory);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void delete(Path tree) throws IOException {
        // What is still starting may write there a little longer.
        for (int i = 0; i < 20 && Files.exists(tree); i++) {
            try (Stream<Path> files = Files.walk(tree)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (UncheckedIOException vanished) {
                // The next round finds what is left.
            }
            try {
                TimeUnit.MILLISECONDS.sleep(Files.exists(tree) ? 100 : 0);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
