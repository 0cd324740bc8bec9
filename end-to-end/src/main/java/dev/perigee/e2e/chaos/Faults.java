package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Does to a cluster what was planned, and undoes it. Not thread-safe. */
final class Faults {

    private static final long HOUR_MILLIS = 3_600_000;
    private static final int SLOW_MILLIS = 200;
    private static final String RELOAD = "SELECT pg_reload_conf()";
    private static final String SLOT = "SELECT wal_status FROM pg_replication_slots"
            + " WHERE slot_name LIKE 'perigee%' AND NOT temporary AND NOT active";

    private final Cluster cluster;
    private final List<Writer> writers;
    private final WallClock wallClock;
    private final Client client;
    private final List<Writer> held = new ArrayList<>();

    Faults(Cluster cluster, List<Writer> writers, WallClock wallClock, Client client) {
        this.cluster = cluster;
        this.writers = writers;
        this.wallClock = wallClock;
        this.client = client;
    }

    void inject(Fault fault) throws IOException, SQLException, InterruptedException {
        switch (fault.kind()) {
            case EDGE_KILLED, HOME_KILLED -> cluster.process(fault.target()).kill();
            case EDGE_FROZEN, HOME_FROZEN -> cluster.signal(fault.target(), "STOP");
            case POSTGRESQL_KILLED -> killPostgres();
            case LINKS_CUT -> become(links(fault), Link.Mode.CUT);
            case LINKS_STALLED -> become(links(fault), Link.Mode.STALLED);
            case LINKS_HALF_OPEN -> become(links(fault), Link.Mode.HALF_OPEN);
            case LINKS_DEAF -> become(links(fault), Link.Mode.DEAF);
            case LINKS_SLOW -> links(fault).forEach(link -> link.delay(SLOW_MILLIS));
            case DATABASE_CUT -> cluster.link(fault.target()).become(Link.Mode.CUT);
            case DATABASE_STALLED -> cluster.link(fault.target()).become(Link.Mode.STALLED);
            case CLOCK_OFF_BY_AN_HOUR -> shift(fault.holdMillis() % 2 == 0 ? HOUR_MILLIS : -HOUR_MILLIS);
            case STANDBY_MISSING -> {
                cluster.standby.kill();
                cluster.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'", RELOAD);
            }
            case SLOT_LOST -> loseSlot(fault.target());
            case HOMES_RESTARTED -> restartHomes(Set.of());
            case TOKEN_REVOKED -> restartHomes(Set.of(fault.target()));
        }
    }

    void heal(Fault fault) throws IOException, SQLException, InterruptedException {
        switch (fault.kind()) {
            case EDGE_KILLED -> cluster.launchEdge(fault.target());
            case HOME_KILLED -> cluster.launchHome(fault.target(), Set.of());
            case EDGE_FROZEN, HOME_FROZEN -> cluster.signal(fault.target(), "CONT");
            case POSTGRESQL_KILLED -> startPostgres();
            case LINKS_CUT, LINKS_STALLED, LINKS_HALF_OPEN, LINKS_DEAF -> become(links(fault), Link.Mode.OPEN);
            case LINKS_SLOW -> links(fault).forEach(link -> link.delay(0));
            case DATABASE_CUT, DATABASE_STALLED -> cluster.link(fault.target()).become(Link.Mode.OPEN);
            case CLOCK_OFF_BY_AN_HOUR -> shift(0);
            case STANDBY_MISSING -> bringStandbyBack();
            case SLOT_LOST -> {
                cluster.primary.sql("ALTER SYSTEM RESET max_slot_wal_keep_size", RELOAD);
                cluster.launchHome(fault.target(), Set.of());
            }
            case HOMES_RESTARTED -> {}
            case TOKEN_REVOKED -> restartHomes(Set.of());
        }
    }

    private List<Link> links(Fault fault) {
        return Cluster.EDGES.contains(fault.target())
                ? cluster.linksFrom(fault.target())
                : cluster.linksTo(fault.target());
    }

    private static void become(List<Link> links, Link.Mode mode) {
        links.forEach(link -> link.become(mode));
    }

    /** Until the edge's answers show it. */
    private void shift(long millis) throws IOException, InterruptedException {
        wallClock.shifted(millis);
        cluster.shiftClock(millis);
        for (int i = 0; i < 100; i++) {
            try {
                String asOf = client.query(cluster.url(Cluster.EDGE_WITH_CLOCK), Recovery.READ, Map.of())
                        .header("Perigee-As-Of");
                if (!asOf.isEmpty()
                        && Math.abs(ChronoUnit.MILLIS.between(Instant.now(), Instant.parse(asOf)) - millis)
                                < HOUR_MILLIS / 2) {
                    return;
                }
            } catch (IOException unanswered) {
                // The next may be.
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("the wall clock of " + Cluster.EDGE_WITH_CLOCK + " does not follow");
    }

    /** Those whose commits may be undone wait until the database has said which were. */
    private void killPostgres() throws InterruptedException {
        for (Writer writer : writers) {
            if (writer.register().shape == Register.Shape.LOSSY) {
                writer.writing().lock();
                held.add(writer);
            }
        }
        long now = System.nanoTime();
        writers.forEach(writer -> writer.register().crash(now));
        cluster.primary.kill();
    }

    private void startPostgres() throws IOException, SQLException, InterruptedException {
        try {
            cluster.primary.start();
            for (Writer writer : held) {
                Register register = writer.register();
                register.recovered(Long.parseLong(cluster.primary.query(register.read())), System.nanoTime());
            }
        } finally {
            held.forEach(writer -> writer.writing().unlock());
            held.clear();
        }
    }

    private void bringStandbyBack() throws IOException, SQLException, InterruptedException {
        try {
            cluster.standby.start();
            for (int i = 0; i < 200; i++) {
                if (cluster.primary
                        .query("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
                        .equals("1")) {
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } finally {
            cluster.primary.sql("ALTER SYSTEM RESET synchronous_standby_names", RELOAD);
        }
    }

    /** What happens if a home is away for longer than the WAL that is kept for it lasts. */
    private void loseSlot(String home) throws SQLException, InterruptedException {
        cluster.process(home).kill();
        cluster.primary.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", RELOAD);
        for (int i = 0; i < 50 && !cluster.primary.query(SLOT).equals("lost"); i++) {
            cluster.primary.sql(
                    "SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 500000))",
                    "SELECT pg_switch_wal()",
                    "CHECKPOINT");
            TimeUnit.MILLISECONDS.sleep(50);
        }
        if (!cluster.primary.query(SLOT).equals("lost")) {
            throw new IllegalStateException("the slot of " + home + " cannot be lost: "
                    + cluster.primary.query("SELECT string_agg(s::text, ' ') FROM pg_replication_slots s"));
        }
    }

    private void restartHomes(Set<String> revoked) {
        for (String home : Cluster.HOMES) {
            cluster.process(home).terminate();
            cluster.launchHome(home, revoked);
            cluster.awaitListening(home);
        }
    }
}
