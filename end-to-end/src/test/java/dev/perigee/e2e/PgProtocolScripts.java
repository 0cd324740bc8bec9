package dev.perigee.e2e;

import static dev.perigee.e2e.PgMessages.bind;
import static dev.perigee.e2e.PgMessages.close;
import static dev.perigee.e2e.PgMessages.describe;
import static dev.perigee.e2e.PgMessages.execute;
import static dev.perigee.e2e.PgMessages.extended;
import static dev.perigee.e2e.PgMessages.flush;
import static dev.perigee.e2e.PgMessages.parse;
import static dev.perigee.e2e.PgMessages.query;
import static dev.perigee.e2e.PgMessages.sync;
import static dev.perigee.e2e.PgMessages.texts;

import java.util.List;

/** The extended protocol in every order that makes a difference, errors among them; what is read may be kept by then. */
final class PgProtocolScripts {

    private static final String READ = "SELECT id, name, n FROM items WHERE id <= 7 ORDER BY id";
    private static final String BY_ID = "SELECT id, name, at FROM items WHERE id = $1";
    private static final int[] NONE = {};

    private final String database;

    PgProtocolScripts(String database) {
        this.database = database;
    }

    List<PgScript> all() {
        return List.of(
                portals(),
                names(),
                unnamed(),
                descriptions(),
                errors(),
                malformed(),
                flushes(),
                pipelines(),
                formats());
    }

    /** A script in whose session the reads are answered from memory, if they are kept already. */
    private PgScript warm(String name) {
        PgScript script = new PgScript(name, database);
        for (int i = 0; i < 3; i++) {
            script.query(READ).extended(READ).extended(BY_ID, "3");
        }
        return script;
    }

    private PgScript portals() {
        PgScript script = warm("row-limited portals");
        for (int max : new int[] {-1, 0, 1, 2, 3, 6, 7, 8, 100}) {
            script.send(
                    1,
                    parse("", READ),
                    bind("", ""),
                    describe('P', ""),
                    execute("", max),
                    execute("", max),
                    execute("", 0),
                    execute("", 0),
                    execute("", 1),
                    sync());
            script.send(1, parse("", READ), bind("", ""), execute("", 2), execute("", max), execute("", -1), sync());
        }
        script.send(1, parse("", READ), bind("p", ""), bind("p", ""), execute("p", 0), sync());
        script.send(1, parse("", READ), bind("", ""), bind("", ""), execute("", 0), sync());
        script.send(
                1,
                parse("", READ),
                bind("p", ""),
                bind("q", ""),
                execute("p", 2),
                execute("q", 3),
                execute("p", 0),
                execute("q", 0),
                sync());
        script.send(1, parse("", READ), bind("p", ""), close('P', "p"), execute("p", 0), sync());
        script.send(1, parse("", READ), bind("p", ""), close('P', "p"), describe('P', "p"), sync());
        script.send(
                1,
                parse("", READ),
                bind("p", ""),
                execute("p", 0),
                close('P', "p"),
                bind("p", ""),
                execute("p", 1),
                sync());
        script.send(
                1,
                parse("", READ),
                bind("p", ""),
                parse("", BY_ID),
                execute("p", 0),
                bind("", "", "3"),
                execute("", 0),
                sync());
        // Gone with the implicit transaction.
        script.send(1, parse("", READ), bind("p", ""), execute("p", 2), sync()).send(1, execute("p", 2), sync());
        script.send(1, execute("", 0), sync()).send(1, describe('P', ""), sync());
        // Not in a block.
        script.query("BEGIN").send(1, parse("", READ), bind("p", ""), execute("p", 2), sync());
        script.send(1, execute("p", 2), sync())
                .send(1, describe('P', "p"), sync())
                .query("FETCH 1 FROM p");
        script.send(1, execute("p", 0), sync()).send(1, execute("p", 0), sync()).query("COMMIT");
        script.send(1, execute("p", 0), sync());
        return script;
    }

    private PgScript names() {
        PgScript script = warm("names of statements");
        script.send(1, parse("s", READ), sync());
        script.send(1, bind("", "s"), execute("", 0), sync()).send(1, bind("", "s"), execute("", 0), sync());
        script.send(1, parse("s", BY_ID), bind("", "s", "3"), execute("", 0), sync());
        script.send(1, bind("", "s"), describe('P', ""), execute("", 0), sync());
        script.send(1, parse("s", BY_ID), sync()).send(1, bind("", "s"), execute("", 0), sync());
        script.send(1, bind("", "none"), execute("", 0), sync()).send(1, describe('S', "none"), sync());
        script.send(1, close('S', "none"), close('P', "none"), sync());
        script.send(1, close('S', "s"), bind("", "s"), execute("", 0), sync());
        script.send(1, bind("", "s"), execute("", 0), sync());
        script.send(1, parse("s", BY_ID), sync()).send(1, bind("", "s", "3"), execute("", 0), sync());
        for (String gone : new String[] {"DEALLOCATE s", "DEALLOCATE ALL", "DISCARD ALL"}) {
            script.query(gone).send(1, bind("", "s", "3"), execute("", 0), sync());
            script.send(1, parse("s", READ), sync()).query(READ);
            script.send(1, bind("", "s"), execute("", 0), sync()).send(1, bind("", "s"), execute("", 0), sync());
        }
        script.query("DEALLOCATE s")
                .query("PREPARE s AS SELECT 'another', $1::int")
                .query(READ)
                .query(READ);
        script.send(1, bind("", "s", "3"), describe('P', ""), execute("", 0), sync())
                .query("EXECUTE s(4)");
        script.query("DEALLOCATE s").send(1, parse("s", BY_ID, 20), sync()).query("EXECUTE s(3)");
        script.query("SELECT name, statement, parameter_types FROM pg_prepared_statements ORDER BY 1");
        // By a batch that fails, or a block that is rolled back: prepared statements stay all the same.
        script.send(1, parse("t", READ), parse("", "SELECT 1/0"), bind("", ""), execute("", 0), sync());
        script.send(1, bind("", "t"), execute("", 0), sync()).send(1, bind("", "t"), execute("", 0), sync());
        script.send(1, parse("", "nonsense"), parse("u", READ), sync()).send(1, bind("", "u"), execute("", 0), sync());
        script.query("BEGIN")
                .send(1, parse("v", READ), close('S', "t"), sync())
                .query("ROLLBACK")
                .query(READ);
        script.send(1, bind("", "v"), execute("", 0), sync()).send(1, bind("", "t"), execute("", 0), sync());
        script.send(1, close('S', "v"), parse("v", BY_ID), sync()).send(1, bind("", "v", "3"), execute("", 0), sync());
        return script;
    }

    private PgScript unnamed() {
        PgScript script = warm("the unnamed statement");
        byte[] again = PgMessages.all(bind("", ""), execute("", 0), sync());
        // Answered from memory, so that the server has not heard of it; then it is needed there.
        script.extended(READ).send(1, again).send(1, again);
        script.extended(READ).send(1, describe('S', ""), sync()).send(1, again);
        script.extended(READ).query("SELECT 2").send(1, again);
        script.extended(READ).query(READ).send(1, again);
        script.send(1, parse("", "SELECT 42"), sync()).query(READ).send(1, again);
        script.send(1, parse("", "SELECT 43"), sync())
                .send(1, close('S', ""), sync())
                .send(1, again);
        script.send(1, parse("", "SELECT 44"), sync()).extended(READ).send(1, again);
        script.send(1, parse("", READ), close('S', ""), bind("", ""), execute("", 0), sync())
                .send(1, again);
        script.send(1, parse("", READ), bind("", ""), close('S', ""), execute("", 0), sync())
                .send(1, again);
        script.send(1, parse("", READ), close('S', ""), sync()).send(1, again);
        script.extended(READ).send(1, parse("", "nonsense"), sync()).send(1, again);
        script.extended(READ)
                .send(1, bind("", "none"), parse("", "SELECT 45"), sync())
                .send(1, again);
        script.extended(READ)
                .send(1, bind("", "", "too", "many"), execute("", 0), sync())
                .send(1, again);
        script.extended(READ).query("SET application_name = 'x'").send(1, again);
        script.extended(READ).query("DISCARD ALL").query(READ).send(1, again);
        script.extended(READ)
                .extended("DISCARD ALL")
                .query("SELECT 1")
                .extended(READ)
                .send(1, again);
        script.extended(READ).query("BEGIN").send(1, again).query("ROLLBACK");
        script.extended(READ)
                .extended("BEGIN")
                .extended(READ)
                .extended("COMMIT")
                .extended(READ)
                .send(1, again);
        script.extended(READ).query("").send(1, again).extended("").send(1, again);
        script.send(1, parse("", BY_ID), bind("", "", "3"), execute("", 0), sync());
        script.send(1, bind("", "", "4"), execute("", 0), sync()).send(1, bind("", "", "3"), execute("", 0), sync());
        script.send(1, bind("", "", "4"), bind("x", "", "5"), execute("", 0), execute("x", 0), sync());
        return script;
    }

    private PgScript descriptions() {
        PgScript script = warm("descriptions");
        script.send(1, parse("d", BY_ID), describe('S', "d"), describe('S', "d"), sync());
        for (int i = 0; i < 3; i++) {
            script.send(1, describe('S', "d"), bind("", "d", "3"), describe('P', ""), execute("", 0), sync());
            script.send(1, describe('S', "d"), describe('S', "d"), bind("", "d", "3"), execute("", 0), sync());
            script.send(
                    1,
                    parse("", BY_ID),
                    bind("", "", "5"),
                    describe('P', ""),
                    describe('P', ""),
                    execute("", 0),
                    sync());
            script.send(1, parse("", BY_ID), bind("", "", "6"), execute("", 0), describe('P', ""), sync());
            script.send(1, parse("", BY_ID), bind("", "", "7"), execute("", 0), sync());
            script.send(1, parse("", BY_ID), bind("", "", "7"), describe('P', ""), sync());
            script.send(
                    1,
                    parse("", "SELECT FROM items WHERE id < 4"),
                    bind("", ""),
                    describe('P', ""),
                    execute("", 0),
                    sync());
            script.send(
                    1,
                    parse("", "UPDATE w SET n = n WHERE false"),
                    describe('S', ""),
                    bind("", ""),
                    describe('P', ""),
                    execute("", 0),
                    sync());
            script.send(1, parse("", "BEGIN"), describe('S', ""), bind("", ""), describe('P', ""), sync());
            script.send(1, parse("", ""), describe('S', ""), bind("", ""), describe('P', ""), execute("", 0), sync());
            script.send(1, parse("", "SELECT $1::int + $2", 0, 21), describe('S', ""), sync());
            script.send(1, parse("", "SELECT $1"), describe('S', ""), bind("", "", "x"), describe('P', ""), sync());
            script.extended("VALUES (1, 'x'), (2, NULL)")
                    .extended("TABLE empty")
                    .query("TABLE empty");
            script.extended("WITH x AS (SELECT id FROM items WHERE id < 3) SELECT * FROM x ORDER BY 1");
        }
        return script;
    }

    private PgScript errors() {
        PgScript script = warm("errors in batches");
        String late = "SELECT 10 / (5 - id) FROM items WHERE id < 8 ORDER BY id";
        byte[] good = PgMessages.all(parse("", READ), bind("", ""), describe('P', ""), execute("", 0));
        for (String bad : new String[] {
            "SELEC 1",
            "SELECT nothing FROM items",
            "SELECT * FROM nowhere",
            "SELECT 1/0",
            late,
            "SELECT 'x'::int",
            "SELECT id FROM items WHERE name = 1",
            "INSERT INTO w2 VALUES (1, 'bad')",
            "SELECT 1; SELECT 2",
        }) {
            script.query(bad).extended(bad).query("SELECT 1; " + bad + "; SELECT 2");
            script.send(1, good, parse("", bad), bind("", ""), execute("", 0), good, sync());
            script.send(2, good, parse("", bad), bind("", ""), execute("", 0), sync(), good, sync());
            script.send(2, parse("", bad), sync(), good, sync());
        }
        script.send(1, parse("", late), bind("", ""), execute("", 2), execute("", 2), execute("", 2), sync());
        script.send(1, good, bind("", "none"), query("SELECT 'skipped'"), good, sync());
        script.send(2, good, query("SELECT 'amid'"), bind("", ""), execute("", 0), sync());
        script.send(2, good, query(READ), good, sync());
        script.send(1, parse("", BY_ID), bind("", "", "x"), execute("", 0), sync());
        script.send(1, parse("", BY_ID), bind("", ""), execute("", 0), sync());
        script.send(1, parse("", BY_ID), bind("", "", "1", "2"), execute("", 0), sync());
        script.send(1, parse("", BY_ID, 23), bind("", "", new int[] {1}, List.of(new byte[3])), execute("", 0), sync());
        script.send(1, parse("", BY_ID), bind("", "", new int[] {7}, texts("1")), execute("", 0), sync());
        script.send(1, parse("", READ), bind("", "", NONE, List.of(), 0, 1), execute("", 0), sync());
        script.send(1, parse("", READ), bind("", "", NONE, List.of(), 9), execute("", 0), sync());
        script.send(1, parse("", BY_ID, 999_999), sync())
                .send(1, parse("", "SELECT $2::int"), describe('S', ""), sync());
        script.query("SELECT loud(id) FROM items WHERE id < 4").extended("SELECT loud($1::int)", "7");
        script.query("DROP TABLE IF EXISTS nowhere").query("SELECT to_tsquery('english', 'the')");
        script.send(1, sync()).send(3, sync(), sync(), sync()).send(1, flush(), sync());
        return script;
    }

    private PgScript malformed() {
        PgScript script = warm("malformed messages");
        script.send(1, PgMessages.raw('B', new byte[] {0, 0, 0, 1}), sync());
        script.send(1, PgMessages.raw('D', new byte[] {'X', 0}), sync());
        script.send(1, PgMessages.raw('P', new byte[] {0, 'S', 'E'}), sync());
        script.send(1, PgMessages.raw('E', new byte[] {0, 0}), sync());
        script.send(1, PgMessages.raw('C', new byte[] {'Z', 'x', 0}), sync());
        script.query(READ).extended(READ).send(1, PgMessages.raw('Q', new byte[] {'S', 'E'}));
        script.query(READ).send(1, PgMessages.raw('?', new byte[] {1}), query("SELECT 1"));
        return script;
    }

    private PgScript flushes() {
        PgScript script = warm("flushes");
        byte[] start = PgMessages.all(parse("", READ), describe('S', ""), flush());
        for (int i = 0; i < 2; i++) {
            script.sendUntil("Tn", start)
                    .sendUntil("2", bind("", ""), flush())
                    .sendUntil("sC", execute("", 3), flush());
            script.sendUntil("sC", execute("", 0), flush()).send(1, sync());
            script.sendUntil("E", parse("", "nonsense"), flush()).send(1, bind("", ""), sync());
            script.sendUntil("C", parse("", READ), bind("", ""), execute("", 0), flush());
            script.send(1, extended(BY_ID, "3")).extended(READ);
            script.sendUntil("1", parse("f" + i, READ), flush()).sendUntil("T", describe('S', "f" + i), flush());
            script.sendUntil("C", bind("", "f" + i), execute("", 0), flush()).send(1, sync());
            script.send(1, bind("", "f" + i), execute("", 0), sync())
                    .send(1, bind("", "f" + i), execute("", 0), sync());
        }
        return script;
    }

    private PgScript pipelines() {
        PgScript script = warm("pipelines");
        for (int i = 0; i < 3; i++) {
            script.send(4, extended(READ), extended(BY_ID, "3"), extended(READ), query(READ));
            script.send(5, query(READ), query("SELECT 1"), query(READ), extended(READ), query("nonsense"));
            script.send(3, query("BEGIN"), extended(READ), query("COMMIT"));
            script.send(
                    4, extended(READ), query("SET datestyle = german"), extended(BY_ID, "3"), query("RESET datestyle"));
            script.send(3, extended("SELECT 1/0"), extended(READ), query(READ));
            // What is set within a block that begins amid a batch goes with it.
            script.send(
                    1,
                    parse("", READ),
                    bind("", ""),
                    execute("", 0),
                    parse("", "BEGIN"),
                    bind("", ""),
                    execute("", 0),
                    parse("", "SET datestyle = sql"),
                    bind("", ""),
                    execute("", 0),
                    sync());
            script.query("ROLLBACK").extended(BY_ID, "3").extended(BY_ID, "3").query(READ);
            script.send(
                    1,
                    parse("", BY_ID),
                    bind("", "", "3"),
                    execute("", 0),
                    bind("", "", "4"),
                    execute("", 0),
                    bind("", "", "3"),
                    execute("", 1),
                    execute("", 0),
                    sync());
        }
        return script;
    }

    private PgScript formats() {
        PgScript script = warm("formats");
        String types = "SELECT id, name, n, at, data, tags FROM items WHERE id IN (1, 51) ORDER BY id";
        int[][] all = {{}, {0}, {1}, {1, 1, 1, 1, 1, 1}, {0, 1, 0, 1, 0, 1}, {1, 0, 1, 0, 1, 0}};
        for (int round = 0; round < 2; round++) {
            for (int[] result : all) {
                script.send(
                        1,
                        parse("", types),
                        bind("", "", NONE, List.of(), result),
                        describe('P', ""),
                        execute("", 0),
                        sync());
                script.send(
                        1,
                        parse("", "SELECT $1 || name, $2 * n, $3 FROM items WHERE id = 1", 25, 1700, 16),
                        bind(
                                "",
                                "",
                                new int[] {1, 0, 1},
                                List.of(new byte[] {'x'}, new byte[] {'2'}, new byte[] {1}),
                                result.length > 1 ? new int[] {1, 0, 1} : result),
                        describe('P', ""),
                        execute("", 0),
                        sync());
            }
            script.send(
                    1,
                    parse("", "SELECT $1::text, count(*) FROM items"),
                    bind("", "", (String) null),
                    execute("", 0),
                    sync());
            script.send(
                    1,
                    parse("", "SELECT m, p, d FROM own_types ORDER BY id"),
                    bind("", "", NONE, List.of(), round),
                    describe('P', ""),
                    execute("", 0),
                    sync());
            script.query("SELECT m, p, d FROM own_types ORDER BY id");
        }
        return script;
    }
}
