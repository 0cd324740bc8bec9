package dev.perigee.simulation;

import dev.perigee.home.wal.FeedCore;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Cluster.Token;
import dev.perigee.simulation.Coverage.Happened;
import dev.perigee.simulation.Schedule.Action;
import dev.perigee.simulation.SimDatabase.Commit;
import java.util.ArrayList;
import java.util.List;

/** Does to a cluster what a schedule says. */
final class Deeds {

    private static final String[] CONTROLS = {
        "max-age=1", "max-age=2", "no-cache", "only-if-cached", "stale-if-error=5", "no-store", "max-age=0"
    };

    private final Cluster cluster;
    private final World world;
    private final SimDatabase database;
    private final Checks checks;
    private int writes;

    Deeds(Cluster cluster, Checks checks) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.database = cluster.database;
        this.checks = checks;
    }

    void perform(Action action) {
        Dice dice = new Dice(action.seed());
        int edge = dice.below(cluster.edges.length);
        int home = dice.below(cluster.homes.length);
        SimEdge at = cluster.edges[edge];
        SimHome in = cluster.homes[home];
        switch (action.kind()) {
            case READ -> read(at, dice);
            case COMMIT -> commit(tables(dice));
            case WRITE -> write(at, dice);
            case BURST -> {
                for (int i = 3 + dice.below(8); i > 0; i--) {
                    world.schedule(null, dice.micros(0, 5_000), "one of a burst", () -> commit(tables(dice)));
                }
            }
            case SYNCHRONOUS_COMMITS -> cluster.synchronousShare = dice.below(101);
            case ASYNCHRONOUS_COMMITS -> cluster.asynchronousShare = dice.below(101);
            case STANDBY_MISSING -> {
                cluster.synchronousShare = 50;
                database.standbyMissing = true;
                world.schedule(
                        null, dice.millis(50, 4_000), "the standby is back", () -> database.standbyMissing = false);
            }
            case ROLLBACK -> {
                if (database.up) {
                    Tx tx = database.begin(tables(dice));
                    world.coverage.count(Happened.ROLLBACKS);
                    world.schedule(null, dice.millis(0, 20), "rollback", () -> {
                        if (database.isRunning(tx)) {
                            database.rollback(tx);
                        }
                    });
                }
            }
            case LONG_TRANSACTION -> longTransaction(dice);
            case DDL -> ddl(dice);
            case INVALIDATE -> invalidate(dice);
            case CRASH -> {
                if (database.up) {
                    database.crash();
                }
            }
            case FAILOVER -> {
                if (database.up) {
                    database.failover();
                    cluster.slots.clear();
                }
            }
            case LOSE_SLOT -> {
                if (in != null && cluster.loseSlot(in)) {
                    world.coverage.count(Happened.SLOTS_LOST);
                    in.after(dice.millis(1, 500), "finds its slot lost", in.follower::loseFeed);
                }
            }
            case LOSE_FEED -> {
                if (in != null) {
                    in.follower.loseFeed();
                }
            }
            case SLOW_FEED -> {
                cluster.slowFeed[home] = true;
                world.schedule(
                        null, dice.millis(100, 5_000), "the feed is fast again", () -> cluster.slowFeed[home] = false);
            }
            case HOLD_FEED -> {
                if (in != null) {
                    world.coverage.count(Happened.FEEDS_HELD);
                    in.follower.hold(dice.oneIn(2) ? dice.millis(50, 1_000) : dice.millis(1_000, 9_000));
                    if (dice.oneIn(10)) {
                        leaveBehind(in, dice);
                    }
                }
            }
            case ELIGIBILITY -> eligibility(edge, dice.oneIn(2), dice.oneIn(3));
            case EVICT -> {
                if (database.up) {
                    world.coverage.count(Happened.EVICTIONS);
                    database.control.evict("e" + edge);
                }
            }
            case KILL_HOME -> {
                world.coverage.count(Happened.HOME_KILLS);
                cluster.stopHome(home);
                startLater(home, dice, dice.below(4));
            }
            case DRAIN_HOME -> {
                if (in != null) {
                    world.coverage.count(Happened.HOME_DRAINS);
                    in.drain();
                    world.schedule(null, dice.millis(20, 1_000), "home-" + home + " ends", () -> {
                        if (cluster.homes[home] == in) {
                            cluster.stopHome(home);
                            startLater(home, dice, 0);
                        }
                    });
                }
            }
            case FREEZE_HOME -> {
                if (in != null) {
                    world.coverage.count(Happened.HOME_FREEZES);
                    in.freeze(dice.millis(100, 8_000));
                }
            }
            case RESTART_EDGE -> {
                world.coverage.count(Happened.EDGE_RESTARTS);
                at.die();
                if (dice.oneIn(3)) {
                    world.coverage.count(Happened.INTEREST_CHANGES);
                    cluster.changeInterest(edge);
                }
                cluster.startEdge(edge);
            }
            case FREEZE_EDGE -> {
                world.coverage.count(Happened.EDGE_FREEZES);
                at.freeze(dice.millis(100, 8_000));
            }
            case TWIN -> {
                if (cluster.twins.isEmpty()) {
                    world.coverage.count(Happened.TWINS);
                    cluster.startTwin(edge);
                    SimEdge twin = cluster.twins.get(0);
                    twin.after(dice.millis(300, 4_000), "ends", () -> {
                        twin.die();
                        cluster.twins.remove(twin);
                    });
                }
            }
            case CUT -> {
                if (at.stream() != null) {
                    world.coverage.count(Happened.CUTS);
                    at.stream().cut();
                }
            }
            case HALF_OPEN -> {
                if (at.stream() != null) {
                    world.coverage.count(Happened.HALF_OPEN);
                    at.stream().breakSilently();
                }
            }
            case PARTITION -> {
                cluster.partition(edge, home, true);
                world.schedule(
                        null,
                        dice.millis(100, 6_000),
                        "the partition heals",
                        () -> cluster.partition(edge, home, false));
            }
            case CUT_FRAME -> with(at, stream -> stream.cutNext = true);
            case DUPLICATE_FRAME -> with(at, stream -> stream.twiceNext = true);
            case GARBLE_FRAME -> with(at, stream -> stream.garbleNext = true);
            case SWAP_FRAMES -> with(at, stream -> stream.swapNext = true);
            case CUT_AFTER_RECORD -> with(at, stream -> stream.cutAfterRecord = true);
            case LOSE_ACK -> at.loseAcks = 1 + dice.below(3);
            case DUPLICATE_ACK -> at.repeatAcks = 1 + dice.below(3);
            case LATE_ACK -> at.lateAcks = 1 + dice.below(4);
            case LOSE_REGISTRATION -> {
                at.loseRegistration = true;
                with(at, SimStream::cut);
            }
            case SLOW_LINK -> {
                world.coverage.count(Happened.SLOW_LINKS);
                cluster.setDelay(edge, dice.millis(20, 400));
                world.schedule(
                        null, dice.millis(200, 5_000), "the link is fast again", () -> cluster.setDelay(edge, 500_000));
            }
            case BREAK_ACTION -> {
                if (dice.oneIn(2)) {
                    at.breakNextAction = true;
                } else {
                    world.coverage.count(Happened.BROKEN_ACTIONS);
                    at.breakDown();
                }
            }
        }
    }

    /** Edges that know more come to a home that takes longer to catch up than it waits for that, and resets them. */
    private void leaveBehind(SimHome home, Dice dice) {
        home.follower.fallBehind(dice.millis(4_000, 8_000));
        int tables = tables(dice);
        for (int i = 0; i < 2; i++) {
            world.schedule(null, dice.millis(1, 300), "a commit meanwhile", () -> commit(tables));
        }
        world.schedule(null, dice.millis(300, 500), "edges move to " + home, () -> {
            for (SimEdge edge : cluster.edges) {
                if (edge.stream() != null && edge.stream().home() != home) {
                    edge.stream().cut();
                }
            }
        });
    }

    private void with(SimEdge edge, java.util.function.Consumer<SimStream> then) {
        if (edge.stream() != null) {
            then.accept(edge.stream());
        }
    }

    /** It may die again soon after, so many times. Clients wait neither while it is away nor when it is back. */
    private void startLater(int home, Dice dice, int crashes) {
        long away = dice.millis(20, 4_000);
        world.schedule(null, away / 2, "a commit meanwhile", () -> {
            if (!cluster.healed) {
                commit(tables(dice));
            }
        });
        for (int i = 0; i < 6; i++) {
            world.schedule(null, away + dice.millis(0, 1_000), "a read meanwhile", () -> {
                if (!cluster.healed) {
                    read(cluster.edges[dice.below(cluster.edges.length)], dice);
                }
            });
        }
        world.schedule(null, away, "home-" + home + " starts", () -> {
            if (cluster.homes[home] == null) {
                cluster.startHome(home);
                if (crashes > 0) {
                    diesAgain(cluster.homes[home], dice, crashes - 1);
                }
            }
        });
    }

    private void diesAgain(SimHome home, Dice dice, int crashes) {
        home.after(dice.millis(200, 3_000), "may die again", () -> {
            if (!cluster.healed) {
                world.coverage.count(Happened.CRASH_LOOPS);
                cluster.stopHome(home.place);
                startLater(home.place, dice, crashes);
            }
        });
    }

    private static int tables(Dice dice) {
        return 1 << dice.below(SimDatabase.TABLES) | (dice.oneIn(3) ? 1 << dice.below(SimDatabase.TABLES) : 0);
    }

    void commit(int tables) {
        if (database.up) {
            world.coverage.count(Happened.COMMITS);
            database.commit(database.begin(tables), cluster.commitMode());
        }
    }

    private void longTransaction(Dice dice) {
        if (!database.up) {
            return;
        }
        world.coverage.count(Happened.LONG_TRANSACTIONS);
        Tx tx = database.begin(tables(dice));
        world.schedule(null, dice.millis(20, 3_000), "a long transaction ends", () -> {
            if (!database.isRunning(tx)) {
                return;
            }
            if (dice.oneIn(4)) {
                database.rollback(tx);
            } else {
                database.commit(tx, cluster.commitMode());
            }
        });
    }

    private void ddl(Dice dice) {
        if (database.up) {
            world.coverage.count(Happened.DDL);
            Tx tx = database.begin(0);
            tx.view = dice.below(SimDatabase.VIEWS);
            tx.viewTables = tables(dice);
            tx.messages.add(FeedCore.ddl());
            database.commit(tx, cluster.commitMode());
        }
    }

    private void invalidate(Dice dice) {
        if (database.up) {
            world.coverage.count(Happened.MANUAL_INVALIDATIONS);
            Tx tx = database.begin(0);
            List<String> names = new ArrayList<>();
            tx.everyTable = dice.oneIn(3);
            if (!tx.everyTable) {
                tx.named = tables(dice);
                for (int i = 0; i < SimDatabase.TABLES; i++) {
                    if ((tx.named & 1 << i) != 0) {
                        names.add(SimDatabase.table(i));
                    }
                }
            }
            tx.messages.add(FeedCore.invalidation("i" + tx.xid, names));
            database.commit(tx, cluster.commitMode());
        }
    }

    void eligibility(int edge, boolean enabled, boolean wait) {
        if (database.up) {
            world.coverage.count(Happened.ELIGIBILITY_CHANGES);
            database.commit(
                    database.control.setEligible("e" + edge, enabled), wait ? cluster.commitMode() : Commit.LOCAL);
        }
    }

    private void write(SimEdge edge, Dice dice) {
        world.coverage.count(Happened.WRITES_THROUGH_EDGES);
        String sql = "w:" + tables(dice) + ":" + writes++;
        edge.after(
                0,
                "is asked " + sql,
                () -> edge.read(sql, null, null, answer -> {
                    if (answer.status() != 200) {
                        world.coverage.count(Happened.OUTCOMES_UNKNOWN);
                    }
                }));
    }

    private void read(SimEdge edge, Dice dice) {
        String sql = cluster.statements[dice.below(cluster.statements.length)];
        String control = dice.oneIn(4) ? CONTROLS[dice.below(CONTROLS.length)] : null;
        Token token = dice.oneIn(3) && !cluster.tokens.isEmpty()
                ? cluster.tokens.get(Math.max(
                        0, cluster.tokens.size() - 1 - dice.below(1 + Math.min(4, cluster.tokens.size()))))
                : null;
        read(edge, sql, control, token, dice.oneIn(5), dice.oneIn(6) ? 2 : 1);
    }

    private void read(SimEdge edge, String sql, String control, Token token, boolean remember, int times) {
        for (int i = 0; i < times; i++) {
            edge.after(0, "is asked " + sql, () -> ask(edge, sql, control, token, remember));
        }
    }

    private void ask(SimEdge edge, String sql, String control, Token token, boolean remember) {
        long asked = world.now;
        world.coverage.count(Happened.READS);
        edge.read(sql, control, token == null ? null : token.version().toString(), answer -> {
            Answers.count(world.coverage, answer);
            if (world.traced()) {
                world.say(edge.name, "answers " + sql + " " + answer);
            }
            checks.answered(edge, sql, control, token, asked, answer);
            if (remember && answer.status() == 200 && answer.version() != null) {
                StreamPosition version = StreamPosition.parse(answer.version());
                Cluster.ReadTruth truth = cluster.reads.get(Integer.parseInt(answer.body()));
                cluster.tokens.add(new Token(version, database.epochs.indexOf(version.epoch()), 0, truth.tables()));
            }
        });
    }
}
