package dev.perigee.e2e.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A fault that is planned.
 *
 * @param kind what
 * @param target whom it befalls: a home or an edge, or nobody in particular
 * @param holdMillis for how long
 */
record Fault(Kind kind, String target, int holdMillis) {

    /** The faults there are, and what each takes, in seconds, with recovery. */
    enum Kind {
        EDGE_KILLED(15),
        HOME_KILLED(15),
        POSTGRESQL_KILLED(12),
        EDGE_FROZEN(10),
        HOME_FROZEN(10),
        LINKS_CUT(10),
        LINKS_STALLED(10),
        LINKS_HALF_OPEN(10),
        LINKS_DEAF(10),
        LINKS_SLOW(10),
        DATABASE_CUT(10),
        DATABASE_STALLED(12),
        CLOCK_OFF_BY_AN_HOUR(6),
        STANDBY_MISSING(12),
        SLOT_LOST(20),
        HOMES_RESTARTED(35),
        TOKEN_REVOKED(90);

        private final int seconds;

        Kind(int seconds) {
            this.seconds = seconds;
        }

        int seconds() {
            return seconds;
        }

        /** By its title, with dashes. */
        static Kind of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
        }

        String title() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    private static final int SHORTEST_HOLD = 1000;
    private static final int LONGEST_HOLD = 8000;

    /** Those that leave time for others. */
    static List<Kind> kindsFor(int seconds) {
        return Stream.of(Kind.values())
                .filter(kind -> kind.seconds() * 4 <= seconds)
                .toList();
    }

    /** More faults than fit, by turns. */
    static List<Fault> plan(long seed, int seconds, List<Kind> of) {
        Random random = new Random(seed);
        List<Kind> kinds = new ArrayList<>(of);
        List<Fault> plan = new ArrayList<>();
        while (plan.size() < seconds && !kinds.isEmpty()) {
            Collections.shuffle(kinds, random);
            for (Kind kind : kinds) {
                plan.add(new Fault(
                        kind, target(kind, random), SHORTEST_HOLD + random.nextInt(LONGEST_HOLD - SHORTEST_HOLD)));
            }
        }
        return plan;
    }

    private static String target(Kind kind, Random random) {
        String edge = Cluster.EDGES.get(random.nextInt(Cluster.EDGES.size()));
        String home = Cluster.HOMES.get(random.nextInt(Cluster.HOMES.size()));
        return switch (kind) {
            case EDGE_KILLED, EDGE_FROZEN, TOKEN_REVOKED -> edge;
            case HOME_KILLED, HOME_FROZEN, DATABASE_CUT, DATABASE_STALLED -> home;
            case LINKS_CUT, LINKS_STALLED, LINKS_HALF_OPEN, LINKS_DEAF, LINKS_SLOW ->
                random.nextBoolean() ? edge : home;
            case CLOCK_OFF_BY_AN_HOUR -> Cluster.EDGE_WITH_CLOCK;
            case SLOT_LOST -> "home-1";
            case POSTGRESQL_KILLED, STANDBY_MISSING, HOMES_RESTARTED -> "";
        };
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s %s for %.1f s", kind.title(), target, holdMillis / 1e3)
                .replace("  ", " ");
    }
}
