package dev.perigee.e2e;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Copying, notifications, function calls, and what is large. */
final class PgBulkScripts {

    private final String database;

    PgBulkScripts(String database) {
        this.database = database;
    }

    List<PgScript> all() {
        return List.of(
                copies(),
                copiesExtended(),
                copiesGarbage(),
                notifications(),
                calls(),
                large(),
                larger(),
                terminated(),
                left());
    }

    private static byte[] data(String text) {
        return PgMessages.copyData(text.getBytes(StandardCharsets.UTF_8));
    }

    private PgScript copies() {
        PgScript script = new PgScript("COPY", database).query(PgSchema.RESET);
        String read = "SELECT * FROM w2 ORDER BY id";
        for (String format : new String[] {"text", "csv, HEADER", "binary"}) {
            script.query("COPY items TO STDOUT (FORMAT " + format + ")");
            script.query("COPY (SELECT id, name FROM items WHERE id < 3 ORDER BY 1) TO STDOUT (FORMAT " + format + ")");
        }
        script.query("COPY nowhere TO STDOUT")
                .query("COPY (SELECT 1/0) TO STDOUT")
                .query(read)
                .query(read);
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, data("1\tone\n2\tt"), data("wo\n"), PgMessages.copyDone())
                .query(read)
                .query(read);
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN (FORMAT csv)"));
        script.send(1, data("3,three\n"), PgMessages.copyFail("no more"))
                .query(read)
                .query(read);
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, data("4\tbad\n5\tfive\n"), PgMessages.copyDone()).query(read);
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, data("x\ty\n"), PgMessages.copyDone())
                .query(read)
                .extended(read)
                .query(read);
        script.send(1, PgMessages.query("COPY w2 FROM STDIN (FORMAT nonsense)"));
        // Sync and Flush are passed over amid copying.
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, PgMessages.flush(), data("7\tseven\n"), PgMessages.copyDone())
                .query(read)
                .query(read);
        script.query("COPY (SELECT 1) TO STDOUT; SELECT 2").query("SELECT 1; COPY (SELECT 2) TO STDOUT");
        script.sendUntil("G", PgMessages.query("SELECT 1; COPY w2 FROM STDIN; SELECT 2"));
        script.send(1, data("8\teight\n"), PgMessages.copyDone()).query(read).query(read);
        script.query("BEGIN").sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, data("9\tnine\n"), PgMessages.copyDone())
                .query(read)
                .query("ROLLBACK")
                .query(read)
                .query(read);
        StringBuilder rows = new StringBuilder();
        for (int i = 1000; i < 4000; i++) {
            rows.append(i).append('\t').append("value of ").append(i).append('\n');
        }
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.send(1, data(rows.toString()), PgMessages.copyDone()).query("SELECT count(*) FROM w2");
        return script;
    }

    private PgScript copiesExtended() {
        PgScript script = new PgScript("COPY by the extended protocol", database).query(PgSchema.RESET);
        String read = "SELECT * FROM w2 ORDER BY id";
        script.extended("COPY (SELECT id, name FROM items WHERE id < 3 ORDER BY 1) TO STDOUT")
                .query(read)
                .query(read);
        script.send(
                1,
                PgMessages.parse("c", "COPY items TO STDOUT (FORMAT binary)"),
                PgMessages.bind("", "c"),
                PgMessages.describe('P', ""),
                PgMessages.execute("", 0),
                PgMessages.sync());
        script.extended(read).extended(read);
        script.sendUntil(
                "G",
                PgMessages.parse("", "COPY w2 FROM STDIN"),
                PgMessages.bind("", ""),
                PgMessages.execute("", 0),
                PgMessages.flush());
        script.send(1, data("1\tone\n"), PgMessages.copyDone(), PgMessages.sync())
                .query(read)
                .extended(read);
        script.sendUntil(
                "G",
                PgMessages.parse("", "COPY w2 FROM STDIN"),
                PgMessages.bind("", ""),
                PgMessages.execute("", 0),
                PgMessages.sync());
        script.send(1, data("2\ttwo\n"), PgMessages.copyDone(), PgMessages.sync())
                .query(read)
                .query(read);
        return script;
    }

    private PgScript copiesGarbage() {
        PgScript script = new PgScript("garbage amid COPY", database).query(PgSchema.RESET);
        script.sendUntil("G", PgMessages.query("COPY w2 FROM STDIN"));
        script.sendUntil("E", data("1\tone\n"), PgMessages.query("SELECT 1"));
        return script;
    }

    private PgScript notifications() {
        PgScript script =
                new PgScript("notifications", database).query("LISTEN diff").query("NOTIFY diff");
        script.query("NOTIFY diff, 'payload'").query("SELECT pg_notify('diff', 'by a function')");
        script.query("BEGIN")
                .query("NOTIFY diff, 'late'")
                .query("SELECT 1")
                .query("COMMIT")
                .query("SELECT 1");
        script.extended("NOTIFY diff, 'extended'")
                .query("NOTIFY elsewhere")
                .query("UNLISTEN *")
                .query("NOTIFY diff");
        script.query("SELECT id FROM items WHERE id = 1").query("SELECT id FROM items WHERE id = 1");
        return script;
    }

    private PgScript calls() {
        int int4pl = 177;
        byte[] one = {0, 0, 0, 1};
        PgScript script = new PgScript("function calls", database);
        script.send(1, PgMessages.call(int4pl, new int[] {1}, List.of(one, one), 1));
        script.send(1, PgMessages.call(int4pl, new int[0], PgMessages.texts("40", "2"), 0));
        script.send(1, PgMessages.call(int4pl, new int[] {0, 1}, List.of(new byte[] {'7'}, one), 0));
        script.send(1, PgMessages.call(int4pl, new int[0], Collections.nCopies(2, null), 0));
        script.send(1, PgMessages.call(int4pl, new int[0], PgMessages.texts("x", "2"), 0));
        script.send(1, PgMessages.call(PgSchema.NO_FUNCTION, new int[0], List.of(), 0));
        script.query("SELECT id FROM items WHERE id = 1").query("SELECT id FROM items WHERE id = 1");
        return script;
    }

    private PgScript large() {
        PgScript script = new PgScript("large", database);
        for (int i = 0; i < 3; i++) {
            script.query("SELECT * FROM big WHERE id < 3 ORDER BY id").extended("SELECT v FROM big WHERE id = $1", "2");
            script.query("SELECT v FROM big WHERE id = 5").query("SELECT * FROM many ORDER BY id");
            script.extended("SELECT id FROM many ORDER BY id").query("SELECT * FROM wide ORDER BY c1");
            script.send(
                    1,
                    PgMessages.parse("", "SELECT * FROM wide ORDER BY c1"),
                    PgMessages.describe('S', ""),
                    PgMessages.bind("", "", new int[0], List.of(), 1),
                    PgMessages.describe('P', ""),
                    PgMessages.execute("", 0),
                    PgMessages.sync());
            script.send(
                    1,
                    PgMessages.parse("", "SELECT id FROM many ORDER BY id"),
                    PgMessages.bind("", ""),
                    PgMessages.execute("", 3000),
                    PgMessages.execute("", 3000),
                    PgMessages.execute("", 0),
                    PgMessages.sync());
        }
        return script;
    }

    private PgScript larger() {
        PgScript script = new PgScript("larger", database).query("SELECT id FROM items WHERE id = 1");
        script.query("SELECT v FROM big WHERE id = 9");
        script.query("SELECT length('" + "y".repeat(300_000) + "'), id FROM items WHERE id = 1");
        script.extended("SELECT length($1), id FROM items WHERE id = 1", "z".repeat(70_000));
        script.extended("SELECT length($1), id FROM items WHERE id = 1", "z".repeat(400_000));
        script.extended("SELECT id FROM items WHERE id = 1 OR name = '" + "y".repeat(300_000) + "'");
        script.send(1, PgMessages.bind("", ""), PgMessages.execute("", 0), PgMessages.sync());
        script.query("SELECT id FROM items WHERE id = 1").extended("SELECT id FROM items WHERE id = 1");
        List<String> numbers = new ArrayList<>();
        StringBuilder list = new StringBuilder("$1::int");
        for (int i = 1; i <= 1000; i++) {
            numbers.add("" + i);
            list.append(i > 1 ? ",$" + i : "");
        }
        for (int i = 0; i < 3; i++) {
            script.extended(
                    "SELECT id FROM items WHERE id IN (" + list + ") ORDER BY id", numbers.toArray(String[]::new));
        }
        script.query("SELECT " + String.join(",", Collections.nCopies(1664, "1")));
        script.query("SELECT " + String.join(",", Collections.nCopies(1665, "1")));
        return script;
    }

    private PgScript terminated() {
        return new PgScript("terminated", database)
                .query("SELECT id FROM items WHERE id = 1")
                .send(1, PgMessages.query("SELECT pg_terminate_backend(pg_backend_pid())"));
    }

    private PgScript left() {
        return new PgScript("left", database)
                .query("SELECT id FROM items WHERE id = 1")
                .query("SELECT id FROM items WHERE id = 1")
                .send(1, PgMessages.terminate());
    }
}
