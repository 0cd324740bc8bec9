package dev.perigee.simulation;

import dev.perigee.edge.link.LinkView;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Coverage.Happened;
import dev.perigee.simulation.Schedule.Action;
import java.util.List;

/** One seed, from the start of the cluster to the moment at which everybody is in step again. */
final class Run {

    private static final long SECOND = 1_000_000_000L;
    private static final long MOST_TO_SETTLE = 120 * SECOND;
    private static final long LOOK = SECOND / 4;

    private final World world;
    private final Cluster cluster;
    private final Checks checks;
    private final Deeds deeds;
    private final Schedule schedule;

    Run(long seed, Schedule schedule, Coverage coverage, int lines) {
        this.world = new World(seed, coverage, lines);
        this.cluster = new Cluster(world);
        this.checks = cluster.checks;
        this.deeds = new Deeds(cluster, checks);
        this.schedule = schedule;
        world.afterStep(checks::everything);
    }

    World world() {
        return world;
    }

    /** Throws an AssertionError if anything is wrong. */
    void run() {
        long last = 0;
        for (Action action : schedule.actions()) {
            last = action.time();
            world.schedule(
                    null, action.time(), action.kind() + " (" + action.number() + ")", () -> deeds.perform(action));
        }
        world.runUntil(last + SECOND / 2);
        checks.bounds();
        settle();
        checks.bounds();
        world.coverage.count(Happened.STEPS, world.steps);
    }

    /** The faults stop. */
    private void settle() {
        world.say("", "The faults stop.");
        cluster.healed = true;
        database().standbyMissing = false;
        cluster.synchronousShare = 0;
        cluster.asynchronousShare = 0;
        while (!database().up) {
            world.runUntil(world.now + LOOK);
        }
        for (SimEdge twin : List.copyOf(cluster.twins)) {
            twin.die();
        }
        cluster.twins.clear();
        for (int home = 0; home < cluster.homes.length; home++) {
            cluster.slowFeed[home] = false;
            if (cluster.homes[home] == null) {
                cluster.startHome(home);
            }
            cluster.homes[home].follower.release();
            for (int edge = 0; edge < cluster.edges.length; edge++) {
                cluster.partition(edge, home, false);
            }
        }
        for (int edge = 0; edge < cluster.edges.length; edge++) {
            cluster.edges[edge].heal();
            cluster.setDelay(edge, 500_000);
            deeds.eligibility(edge, true, false);
        }
        deeds.commit((1 << SimDatabase.TABLES) - 1);
        long deadline = world.now + MOST_TO_SETTLE;
        String missing = "";
        while (missing != null) {
            if (world.now > deadline) {
                throw new AssertionError("(L1) 120 s after the last fault " + missing);
            }
            world.runUntil(world.now + LOOK);
            missing = missing();
        }
        world.coverage.count(Happened.CONVERGED);
        for (SimEdge edge : cluster.edges) {
            cachesAgain(edge);
        }
    }

    private SimDatabase database() {
        return cluster.database;
    }

    /** Who is not in step, or null if all are. */
    private String missing() {
        if (database().isBusy()) {
            return "a transaction still runs";
        }
        String epoch = database().epoch();
        long last = database().lastCommitted();
        for (int place = 0; place < cluster.homes.length; place++) {
            SimHome home = cluster.homes[place];
            if (home == null) {
                cluster.startHome(place);
                return "home-" + place + " is not there";
            }
            if (home.frozenUntil() > world.now) {
                return home + " stands still";
            }
            StreamPosition visible = home.feed.visible();
            if (visible == null || !visible.epoch().equals(epoch) || visible.version() < last) {
                return home + " shows " + visible + " of " + epoch + ":" + last;
            }
        }
        for (SimEdge edge : cluster.edges) {
            LinkView view = edge.view();
            StreamPosition complete = view.completeTo();
            boolean inStep = edge.frozenUntil() <= world.now
                    && view.status() == LinkView.Status.STREAMING
                    && complete != null
                    && complete.epoch().equals(epoch)
                    && complete.version() >= last
                    && view.eligibility().enabled()
                    // With something to spare: the reads that follow take their time.
                    && view.staleness(edge.nanos()) < edge.settings.maxStaleness() - SECOND / 10;
            if (!inStep) {
                return edge + " is at " + view + " of " + epoch + ":" + last;
            }
        }
        return null;
    }

    // The first read may be a miss, the second may not.
    private void cachesAgain(SimEdge edge) {
        for (String sql : cluster.statements) {
            if (edge.interest.coversAll(SimHome.names(cluster.tablesOf(sql)))) {
                boolean[] hit = new boolean[1];
                String[] answers = new String[1];
                for (int attempt = 0; attempt < 2; attempt++) {
                    boolean[] done = new boolean[1];
                    long asked = world.now;
                    edge.read(sql, null, null, answer -> {
                        checks.answered(edge, sql, null, null, asked, answer);
                        hit[0] = answer.isHit();
                        answers[0] = answer.toString();
                        done[0] = true;
                    });
                    long deadline = world.now + 3 * SECOND;
                    boolean more = true;
                    while (!done[0] && more) {
                        more = world.step(deadline);
                    }
                }
                if (!hit[0]) {
                    throw new AssertionError(
                            "(L1) all is well, and yet " + edge + " does not cache " + sql + ": " + answers[0]);
                }
                return;
            }
        }
    }
}
