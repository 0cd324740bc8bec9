package dev.perigee.simulation;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.home.edges.HomeEdges.Wire;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Coverage.Happened;
import dev.perigee.simulation.SimEdge.EdgeSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** One database, some homes, some edges and the network between them; and what was read, and promised, when. */
final class Cluster {

    /** What holds for a whole run. */
    record Settings(int window, long liveness, boolean durable, Duration retain) {}

    /** What a statement found: everything that was visible up to that point of the order of visibility. */
    record ReadTruth(long time, int epoch, long visibleNumber, int tables, String sql) {}

    /**
     * What a client was told, and will want to see again.
     *
     * @param tables of the read that was told it, with everything at or below it; 0 for a write
     * @param visibleNumber what was visible then, for a write
     */
    record Token(StreamPosition version, int epoch, long visibleNumber, int tables) {}

    final World world;
    final Dice dice;
    final Settings settings;
    final SimDatabase database;
    final Checks checks;
    /** Whether frames are written as JSON and read again: in one seed of four. */
    final boolean written;

    final SimHome[] homes;
    final boolean[] slowFeed;
    private final String[] homeIds;
    private int homesEver;
    final SimEdge[] edges;
    private final EdgeSettings[] edgeSettings;
    private final long[] linkDelay;
    private final boolean[][] cut;
    final List<SimEdge> twins = new ArrayList<>();
    /** Durable slots: what they are complete from. */
    final Map<String, Long> slots = new TreeMap<>();
    /** Positions at which a home began an era: everything may have changed. */
    final TreeSet<Long> eras = new TreeSet<>();

    final List<ReadTruth> reads = new ArrayList<>();
    final List<Token> tokens = new ArrayList<>();
    final String[] statements;
    private final Map<String, Long> ttls = new TreeMap<>();
    /** Share of commits that wait for a standby, or for nothing, percent. */
    int synchronousShare;

    int asynchronousShare;
    /** The faults have stopped. */
    boolean healed;

    Cluster(World world) {
        this.world = world;
        this.dice = world.dice;
        this.settings = new Settings(
                dice.oneIn(3) ? 2 + dice.below(3) : 4 + dice.below(29),
                2_000_000_000L + dice.millis(0, 3_000),
                dice.oneIn(2),
                dice.oneIn(2) ? Duration.ofSeconds(3) : Duration.ofMillis(300));
        this.database = new SimDatabase(world);
        this.checks = new Checks(this);
        this.written = dice.oneIn(4);
        int homeCount = dice.oneIn(3) ? 1 : dice.oneIn(3) ? 3 : 2;
        int edgeCount = dice.oneIn(4) ? 1 : dice.oneIn(3) ? 3 + dice.below(2) : 2;
        this.homes = new SimHome[homeCount];
        this.slowFeed = new boolean[homeCount];
        this.homeIds = new String[homeCount];
        this.edges = new SimEdge[edgeCount];
        this.edgeSettings = new EdgeSettings[edgeCount];
        this.linkDelay = new long[edgeCount];
        this.cut = new boolean[edgeCount][homeCount];
        this.statements = new String[3 + dice.below(3)];
        for (int i = 0; i < statements.length; i++) {
            statements[i] = i == 0 && dice.oneIn(2) ? "v:" + dice.below(SimDatabase.VIEWS) : "r:" + someTables();
            if (dice.oneIn(4)) {
                ttls.put(statements[i], 1L + dice.below(3));
            }
        }
        for (int i = 0; i < homeCount; i++) {
            startHome(i);
        }
        for (int i = 0; i < edgeCount; i++) {
            edgeSettings[i] = new EdgeSettings(
                    i > 0 && dice.oneIn(2) ? someInterest() : null,
                    dice.millis(2_000, 6_000),
                    dice.oneIn(4) ? WhenStale.REFUSE : WhenStale.BYPASS,
                    dice.oneIn(3) ? 10_000_000_000L : 0,
                    dice.oneIn(4) ? 1_000_000_000L : 60_000_000_000L);
            linkDelay[i] = dice.micros(50, 3_000);
            startEdge(i);
        }
    }

    private List<String> someInterest() {
        List<String> interest = new ArrayList<>();
        for (int table = 0; table < SimDatabase.TABLES; table++) {
            if (table == 0 || !dice.oneIn(3)) {
                interest.add(SimDatabase.table(table));
            }
        }
        return interest;
    }

    /** From its next start on. */
    void changeInterest(int place) {
        EdgeSettings before = edgeSettings[place];
        edgeSettings[place] = new EdgeSettings(
                dice.oneIn(3) ? null : someInterest(),
                before.maxStaleness(),
                before.whenStale(),
                before.staleIfError(),
                before.ttl());
    }

    /** One or two. */
    private int someTables() {
        int one = 1 << dice.below(SimDatabase.TABLES);
        return one | 1 << dice.below(SimDatabase.TABLES);
    }

    int homePlaces() {
        return homes.length;
    }

    // Processes

    /** With a durable slot a home keeps its name. */
    void startHome(int place) {
        if (homeIds[place] == null || !settings.durable) {
            homeIds[place] = "home-" + place + "." + homesEver++;
        }
        homes[place] = new SimHome(this, place, homeIds[place]);
    }

    void stopHome(int place) {
        if (homes[place] != null) {
            homes[place].die();
            homes[place] = null;
        }
    }

    void startEdge(int place) {
        edges[place] = new SimEdge(this, "edge-" + place, "e" + place, edgeSettings[place]);
    }

    void startTwin(int place) {
        twins.add(new SimEdge(this, "twin-" + place, "e" + place, edgeSettings[place]));
    }

    /** Gives its durable slot up, as PostgreSQL does when it keeps too much WAL; false if it has none. */
    boolean loseSlot(SimHome home) {
        return slots.remove(homeIds[home.place]) != null;
    }

    // Network

    private int place(SimEdge edge) {
        return edge.edgeId.charAt(1) - '0';
    }

    long delay(SimEdge edge) {
        long base = linkDelay[place(edge)];
        return base + dice.below((int) (base / 2) + 1);
    }

    void setDelay(int place, long delay) {
        linkDelay[place] = delay;
    }

    boolean isCut(SimEdge edge, int home) {
        return cut[place(edge)][home];
    }

    /** What is open between them breaks without a word, and nothing new gets through. */
    void partition(int edge, int home, boolean on) {
        cut[edge][home] = on;
        SimStream stream = edges[edge].stream();
        if (on && stream != null && stream.home() != null && stream.home().place == home) {
            stream.breakSilently();
        }
    }

    // Statements

    /** What a statement reads as the catalog is now. */
    int tablesOf(String sql) {
        int number = Integer.parseInt(sql.substring(2));
        return sql.charAt(0) == 'v' ? database.viewTables(number) : number;
    }

    /** What it read as the catalog was at a version. */
    int tablesOf(String sql, StreamPosition version) {
        int number = Integer.parseInt(sql.substring(2));
        return sql.charAt(0) == 'v'
                ? database.viewTables(number, database.epochs.indexOf(version.epoch()), version.version())
                : number;
    }

    Long ttlOf(String sql) {
        return ttls.get(sql);
    }

    /** It runs now. */
    int read(String sql) {
        reads.add(new ReadTruth(world.now, database.epochNumber(), database.visibleNumber(), tablesOf(sql), sql));
        return reads.size() - 1;
    }

    int token(StreamPosition version, Tx tx) {
        tokens.add(new Token(version, tx.epoch, database.visibleNumber(), 0));
        return tokens.size() - 1;
    }

    SimDatabase.Commit commitMode() {
        int at = dice.below(100);
        if (at < synchronousShare) {
            world.coverage.count(Happened.SYNC_WAITS);
            return SimDatabase.Commit.SYNCHRONOUS;
        }
        if (at < synchronousShare + asynchronousShare) {
            world.coverage.count(Happened.ASYNC_COMMITS);
            return SimDatabase.Commit.ASYNCHRONOUS;
        }
        return SimDatabase.Commit.LOCAL;
    }

    void coverFrame(SimEdge edge, Wire frame) {
        StreamEvent event = frame.event();
        if (event instanceof Reset reset) {
            world.coverage.count(Happened.valueOf("RESETS_" + reset.reason().name()));
        } else if (event instanceof Hello hello && hello.resumedFrom() != null) {
            world.coverage.count(Happened.RESUMES);
            SimStream stream = edge.stream();
            if (stream != null
                    && stream.home() != null
                    && stream.home().feed.log().current().head() < hello.resumedFrom()) {
                world.coverage.count(Happened.AHEAD_OF_HOME);
            }
        } else if (event instanceof Goodbye goodbye && goodbye.reason() == Goodbye.Reason.SUPERSEDED) {
            world.coverage.count(Happened.TAKEOVERS);
        }
    }
}
