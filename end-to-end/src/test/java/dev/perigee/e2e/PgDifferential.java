package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.LongStream;

/** The differential test, wherever server and edge are. */
final class PgDifferential {

    private static final int TYPES_EACH = 12;

    private final int server;
    private final String database;
    private final DoubleSupplier hits;
    private final PgComparison comparison;
    private double hitsOfSecond;
    private List<String> typesWithoutValue = List.of();

    /**
     * Puts it together.
     *
     * @param server its port
     * @param edge its port
     * @param hits how many statements the edge has answered from memory
     */
    PgDifferential(int server, int edge, String database, DoubleSupplier hits) {
        this.server = server;
        this.database = database;
        this.hits = hits;
        this.comparison = new PgComparison(server, edge);
    }

    /** Makes what the scripts read and write, once for a server. */
    void createSchema() {
        try (PgFrontend direct = PgFrontend.session(server, "postgres", database)) {
            PgSchema.create(direct);
        }
    }

    /** Runs every script there is. */
    void scripts() {
        try (PgFrontend direct = PgFrontend.session(server, "postgres", database)) {
            PgTypes types = PgTypes.create(direct, database);
            typesWithoutValue = types.empty();
            List<PgScript> scripts = new ArrayList<>(types.scripts(TYPES_EACH));
            scripts.addAll(new PgProtocolScripts(database).all());
            scripts.addAll(new PgSessionScripts(database).all());
            scripts.addAll(new PgBulkScripts(database).all());
            run(scripts);
        }
    }

    /** Runs scripts that are made up from these seeds. */
    void random(long firstSeed, int seeds) {
        PgRandomScripts random = new PgRandomScripts(database);
        int atOnce = 100;
        for (long from = 0; from < seeds; from += atOnce) {
            run(LongStream.range(from, Math.min(seeds, from + atOnce))
                    .mapToObj(i -> random.script(firstSeed + i))
                    .toList());
        }
    }

    /** Starts sessions in ways that succeed and in ways that do not, as a user who is asked for a password among others. */
    void startups(String scram) {
        List<PgScript> scripts = new ArrayList<>();
        String read = "SELECT id, name FROM items WHERE id = 1";
        scripts.add(new PgScript("SCRAM", database)
                .with("user", scram)
                .query("SELECT session_user")
                .query(read));
        scripts.add(new PgScript("in the clear", database)
                .with("user", "diff_clear")
                .query("SELECT 1")
                .query(read));
        scripts.add(
                new PgScript("no such user", database).with("user", "missing").query("SELECT 1"));
        scripts.add(new PgScript("no such database", "missing").query("SELECT 1"));
        scripts.add(
                new PgScript("no such setting", database).with("nonsense", "1").query("SELECT 1"));
        scripts.add(
                new PgScript("a bad setting", database).with("datestyle", "x").query("SELECT 1"));
        scripts.add(new PgScript("bad options", database)
                .with("options", "--nonsense")
                .query("SELECT 1"));
        scripts.add(new PgScript("a protocol option", database)
                .with("_pq_.nonsense", "1")
                .query(read)
                .query(read));
        run(scripts);
    }

    private void run(List<PgScript> scripts) {
        double[] before = new double[1];
        comparison.run(scripts, () -> before[0] = hits.getAsDouble());
        hitsOfSecond += hits.getAsDouble() - before[0];
    }

    List<String> found() {
        return comparison.found();
    }

    long statements() {
        return comparison.statements();
    }

    /** Which share of the statements was answered from memory when they came for the second time. */
    double hitShare() {
        return hitsOfSecond / comparison.statements();
    }

    List<String> typesWithoutValue() {
        return typesWithoutValue;
    }

    String figures() {
        return comparison.figures() + "\n    " + (long) hitsOfSecond + " hits in the second pass ("
                + Math.round(100 * hitShare()) + " %); types without a value: " + typesWithoutValue;
    }
}
