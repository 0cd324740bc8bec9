package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.List;

/** What changes a session: settings, roles, transactions, cursors, statements prepared in SQL. */
final class PgSessionScripts {

    private static final List<String> READS = List.of(
            "SELECT id, at, data, n, tags FROM items WHERE id IN (1, 51) ORDER BY id",
            "SELECT c_timestamptz, c_date, c_interval, c_timetz, c_tstzrange, c__timestamptz FROM every_type ORDER BY id",
            "SELECT c_float4, c_float8, c_money, c_bytea, c__float8, c_numeric FROM every_type ORDER BY id",
            "SELECT c_text, c_xml FROM every_type ORDER BY id",
            "SELECT id, name FROM items WHERE id = 1",
            "SELECT id, tenant FROM tenant_view WHERE id = 1");

    private static final List<String> SETTINGS = List.of(
            "datestyle = 'german'",
            "datestyle = 'sql, dmy'",
            "datestyle = 'postgres, mdy'",
            "timezone = 'America/New_York'",
            "timezone = 'Asia/Kathmandu'",
            "intervalstyle = 'iso_8601'",
            "intervalstyle = 'sql_standard'",
            "intervalstyle = 'postgres_verbose'",
            "bytea_output = 'escape'",
            "extra_float_digits = 0",
            "extra_float_digits = -5",
            "client_encoding = 'LATIN1'",
            "client_encoding = 'SQL_ASCII'",
            "search_path = 'other, public'",
            "search_path = ''",
            "search_path = 'missing, public'",
            "lc_monetary = 'C'",
            "standard_conforming_strings = off",
            "backslash_quote = off",
            "xmloption = 'document'",
            "xmlbinary = 'hex'",
            "quote_all_identifiers = on",
            "transform_null_equals = on",
            "array_nulls = off",
            "client_min_messages = error",
            "client_min_messages = notice",
            "default_text_search_config = 'german'",
            "app.tenant = 'one'",
            "app.tenant = 'two'",
            "application_name = 'diff'",
            "statement_timeout = '10s'",
            "nonsense = 1",
            "datestyle = 'nonsense'");

    private final String database;

    PgSessionScripts(String database) {
        this.database = database;
    }

    List<PgScript> all() {
        List<PgScript> scripts = new ArrayList<>();
        SETTINGS.forEach(setting -> scripts.add(setting(setting)));
        scripts.addAll(List.of(
                startup(),
                many(),
                transactions(),
                savepoints(),
                roles(),
                cursors(),
                sqlPrepared(),
                closed(),
                temporary(),
                own()));
        return scripts;
    }

    private PgScript script(String name) {
        return new PgScript(name, database);
    }

    private static void reads(PgScript script) {
        for (String read : READS) {
            script.query(read).extended(read).query(read);
        }
        script.query("SELECT to_tsquery('english', 'the'), count(*) FROM items");
        script.query("SELECT id FROM items WHERE name = NULL")
                .query("SELECT '{1,NULL}'::int[], id FROM items WHERE id = 1");
        script.query("SELECT '<a/><b/>'::xml, id FROM items WHERE id = 1");
    }

    private PgScript setting(String setting) {
        String name = setting.substring(0, setting.indexOf(' '));
        String value = setting.substring(setting.indexOf('=') + 1).strip();
        PgScript script = script("SET " + setting);
        script.query("SET " + setting);
        reads(script);
        script.query("SHOW " + name).query("RESET " + name);
        reads(script);
        script.query("BEGIN")
                .query("SET LOCAL " + setting)
                .query(READS.get(0))
                .extended(READS.get(1))
                .query("ROLLBACK");
        script.query(READS.get(0))
                .query(READS.get(1))
                .query(READS.get(1))
                .query(READS.get(2))
                .query(READS.get(4));
        script.query("BEGIN")
                .query("SET " + setting)
                .query("COMMIT")
                .query(READS.get(5))
                .query(READS.get(4));
        script.query("BEGIN")
                .query("RESET " + name)
                .query(READS.get(0))
                .query("ROLLBACK")
                .query(READS.get(0));
        script.query("SELECT set_config('" + name + "', " + (value.startsWith("'") ? value : "'" + value + "'")
                + ", false)");
        script.query(READS.get(0))
                .query(READS.get(0))
                .query("RESET ALL")
                .extended(READS.get(0))
                .query(READS.get(2));
        return script;
    }

    private PgScript startup() {
        PgScript script = script("settings at the start")
                .with("DateStyle", "sql, dmy")
                .with("client_encoding", "LATIN1")
                .with("application_name", "at the start")
                .with("options", "-c bytea_output=escape -c app.tenant=three --search_path=other,public");
        reads(script);
        script.query("RESET ALL");
        reads(script);
        script.step(
                PgMessages.query(new byte[] {'S', 'E', 'L', 'E', 'C', 'T', ' ', '\'', (byte) 0xe4, '\''}),
                1,
                "",
                1,
                "SELECT 'ä' in Latin 1");
        return script;
    }

    private PgScript many() {
        PgScript script = script("settings in turn");
        for (String setting : SETTINGS) {
            script.query("SET " + setting)
                    .query(READS.get(0))
                    .query(READS.get(1))
                    .query(READS.get(1));
        }
        script.query("DISCARD ALL").query(READS.get(1)).query(READS.get(1)).extended(READS.get(1));
        script.query("SELECT moves()").query(READS.get(4)).query(READS.get(4)).extended(READS.get(4));
        script.query("SET search_path = public").query(READS.get(4)).query(READS.get(4));
        script.query("SET datestyle = german; SELECT 1/0").query(READS.get(0)).query(READS.get(0));
        script.query("SET datestyle = german; SELECT 1").query(READS.get(0)).query(READS.get(0));
        script.query("DO $$ BEGIN SET timezone = 'Asia/Tokyo'; END $$")
                .query(READS.get(0))
                .query(READS.get(0));
        script.extended("SET timezone = 'UTC'").extended(READS.get(0)).extended(READS.get(0));
        return script;
    }

    private PgScript transactions() {
        PgScript script = script("transactions").query(PgSchema.RESET);
        String read = "SELECT * FROM w ORDER BY id";
        script.query(read).query(read).extended(read).extended(read);
        for (String end :
                new String[] {"COMMIT", "ROLLBACK", "END", "ABORT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN"}) {
            script.query("BEGIN")
                    .query("UPDATE w SET n = n + 1 WHERE id = 1")
                    .query(read)
                    .extended(read)
                    .query(end);
            script.query(read).query("COMMIT").query(read).extended(read).query(read);
            script.query("BEGIN")
                    .query("SELECT 1/0")
                    .query(read)
                    .extended(read)
                    .query(end)
                    .query(read)
                    .query("ROLLBACK");
            script.extended("BEGIN")
                    .extended("UPDATE w SET n = n + 1 WHERE id = 2")
                    .extended(end)
                    .extended(read);
            script.query("ROLLBACK");
        }
        script.query("BEGIN; UPDATE w SET n = 0; COMMIT; SELECT 1").query(read).query(read);
        script.query("UPDATE w SET n = 7; SELECT 1/0").query(read).query(read);
        script.query("UPDATE w SET n = 8; ROLLBACK")
                .query(read)
                .query("BEGIN; INSERT INTO w VALUES (9)")
                .query(read);
        script.query("ROLLBACK")
                .query(read)
                .query("BEGIN")
                .query("BEGIN")
                .query("COMMIT")
                .query("COMMIT")
                .query(read);
        script.query("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY")
                .query(read)
                .query("DELETE FROM w")
                .query("COMMIT");
        script.query("START TRANSACTION")
                .query(read)
                .query("SET TRANSACTION READ ONLY")
                .query("ROLLBACK")
                .query(read);
        script.query("SET default_transaction_read_only = on")
                .query("DELETE FROM w")
                .query(read)
                .query("RESET ALL");
        script.query("CALL commits()")
                .query(read)
                .query(read)
                .query("SELECT writes(99)")
                .query(read)
                .query(read);
        script.query("INSERT INTO w2 VALUES (1, 'x') RETURNING *").query("INSERT INTO w2 VALUES (1, 'y')");
        script.query("WITH x AS (UPDATE w SET n = 5 WHERE id = 1 RETURNING *) SELECT * FROM x")
                .query(read);
        script.query("SELECT * FROM w WHERE id = 1 FOR UPDATE")
                .query("SELECT nextval('w_seq')")
                .query("PREPARE TRANSACTION 'x'");
        script.query("SELECT now(), pg_backend_pid(), txid_current(), pg_current_wal_lsn()", PgDifference.VALUES);
        script.query("EXPLAIN ANALYZE SELECT 1", PgDifference.VALUES);
        script.query("DO $$ BEGIN RAISE NOTICE 'I am %', pg_backend_pid(); END $$", PgDifference.MESSAGE);
        return script;
    }

    private PgScript savepoints() {
        PgScript script = script("savepoints").query(PgSchema.RESET);
        String read = "SELECT n FROM w WHERE id = 1";
        script.query(read)
                .query(read)
                .query("BEGIN")
                .query("SAVEPOINT a")
                .query("UPDATE w SET n = 1")
                .query(read);
        script.query("SAVEPOINT b")
                .query("SELECT 1/0")
                .query(read)
                .query("ROLLBACK TO b")
                .query(read);
        script.query("RELEASE b")
                .query("SET LOCAL search_path = other")
                .query(READS.get(4))
                .query("ROLLBACK TO a");
        script.query(read)
                .extended(READS.get(4))
                .query("RELEASE nothing")
                .query("COMMIT")
                .query(read)
                .query(read);
        script.query("SAVEPOINT outside").query(READS.get(4)).query(READS.get(4));
        return script;
    }

    private PgScript roles() {
        PgScript script = script("roles");
        for (String role : new String[] {"diff_reader", "diff_column", "diff_nobody", "none"}) {
            script.query("SET ROLE " + role).query("SELECT * FROM items WHERE id = 1");
            script.query("SELECT id, name FROM items WHERE id = 1").query("SELECT id FROM items WHERE id = 1");
            script.query("SELECT id, name FROM items WHERE id = 1").query("SELECT id FROM items WHERE id = 1");
            script.query("SELECT current_user, session_user").query("SELECT count(*) FROM item_view");
            script.query("SELECT id, name FROM items WHERE id = 1").query("SELECT count(*) FROM item_view");
        }
        script.query("SET SESSION AUTHORIZATION diff_nobody").query("SELECT id FROM items WHERE id = 1");
        script.query("SELECT id FROM items WHERE id = 1").query("RESET SESSION AUTHORIZATION");
        script.query("SELECT id FROM items WHERE id = 1").query("BEGIN").query("SET LOCAL ROLE diff_nobody");
        script.query("SELECT id FROM items WHERE id = 1").query("ROLLBACK").query("SELECT id FROM items WHERE id = 1");
        script.query("SELECT id FROM items WHERE id = 1").query("SET ROLE diff_missing");
        return script;
    }

    private PgScript cursors() {
        PgScript script =
                script("cursors").query("DECLARE c CURSOR FOR SELECT 1").query("BEGIN");
        script.query("DECLARE c SCROLL CURSOR FOR SELECT id, name FROM items ORDER BY id")
                .query("FETCH 3 FROM c");
        script.query("MOVE 5 IN c")
                .query("FETCH BACKWARD 2 FROM c")
                .query("FETCH LAST FROM c")
                .query("FETCH 1 FROM c");
        script.send(1, PgMessages.describe('P', "c"), PgMessages.execute("c", 2), PgMessages.sync());
        script.send(1, PgMessages.close('P', "c"), PgMessages.sync())
                .query("FETCH 1 FROM c")
                .query("ROLLBACK");
        script.query("DECLARE h BINARY CURSOR WITH HOLD FOR SELECT id, n FROM items WHERE id < 5 ORDER BY id");
        script.query("FETCH 2 FROM h").extended("FETCH 1 FROM h").query("SELECT name, is_holdable FROM pg_cursors");
        byte[] taken = PgMessages.all(
                PgMessages.parse("", READS.get(4)), PgMessages.bind("h", ""), PgMessages.execute("h", 0));
        script.query(READS.get(4)).extended(READS.get(4)).send(1, taken, PgMessages.sync());
        script.send(1, taken, PgMessages.sync())
                .send(1, PgMessages.execute("h", 1), PgMessages.sync())
                .query(READS.get(4))
                .query("FETCH ALL FROM h");
        script.query("CLOSE h").query("CLOSE h").query(READS.get(4)).query(READS.get(4));
        return script;
    }

    private PgScript sqlPrepared() {
        PgScript script =
                script("prepared in SQL").query("PREPARE q (int) AS SELECT id, name FROM items WHERE id = $1");
        script.query("EXECUTE q(1)")
                .query("EXECUTE q(2)")
                .extended("EXECUTE q(1)")
                .query("PREPARE q AS SELECT 1");
        script.send(
                1,
                PgMessages.describe('S', "q"),
                PgMessages.bind("", "q", "3"),
                PgMessages.execute("", 0),
                PgMessages.sync());
        script.query("EXECUTE q('x')")
                .query("EXECUTE none")
                .query("SET search_path = other")
                .query("EXECUTE q(1)");
        script.query("RESET search_path").query("EXECUTE q(1)");
        script.query("DEALLOCATE q").query("EXECUTE q(1)").query("DEALLOCATE q").query("DISCARD ALL");
        return script;
    }

    /** Statements that are gone, by whichever way. */
    private PgScript closed() {
        PgScript script = script("closed statements");
        for (String gone : new String[] {"DEALLOCATE s1", "DEALLOCATE ALL", "DISCARD ALL", ""}) {
            script.send(1, prepared("s1")).send(1, prepared("s2"));
            script.query(READS.get(4)).query(READS.get(4));
            if (!gone.isEmpty()) {
                script.query(gone);
            }
            script.send(
                    1, PgMessages.all(PgMessages.close('S', ""), PgMessages.describe('S', "s1"), PgMessages.sync()));
            script.send(1, PgMessages.all(PgMessages.close('S', "s1"), PgMessages.sync()));
            script.query("PREPARE s1 AS SELECT 'sql'").query("EXECUTE s1");
            script.send(1, prepared("s1"));
            script.send(1, PgMessages.all(PgMessages.close('S', "s1"), PgMessages.close('S', "s2"), PgMessages.sync()));
            script.send(1, prepared("s1"));
            script.query("SELECT name, from_sql FROM pg_prepared_statements ORDER BY name")
                    .query("DISCARD ALL");
        }
        return script;
    }

    private static byte[] prepared(String name) {
        return PgMessages.all(PgMessages.parse(name, READS.get(4)), PgMessages.describe('S', name), PgMessages.sync());
    }

    private PgScript temporary() {
        String read = READS.get(4);
        PgScript script = script("temporary objects").query(read).query(read);
        for (String gone : new String[] {"DROP TABLE pg_temp.items", "DISCARD TEMP", "DISCARD ALL"}) {
            script.query("CREATE TEMP TABLE items (id int, name text)").query("INSERT INTO items VALUES (1, 'mine')");
            script.query(read, PgDifference.OIDS).query(read, PgDifference.OIDS);
            script.query("SET search_path = public, pg_temp").query(read).query(read);
            script.query("RESET search_path").query(read, PgDifference.OIDS);
            script.query(gone).query(read).query(read).extended(read);
        }
        script.query("BEGIN").query("CREATE TEMP TABLE items ON COMMIT DROP AS SELECT 1 AS id, 'x'::text AS name");
        script.query(read, PgDifference.OIDS).query("COMMIT").query(read).query(read);
        script.query("CREATE TEMP VIEW items AS SELECT 1 AS id, 'view'::text AS name")
                .query(read, PgDifference.OIDS);
        script.query("DROP VIEW items").query(read).query(read);
        return script;
    }

    /** Whoever writes reads what was written. */
    private PgScript own() {
        PgScript script = script("own writes").query(PgSchema.RESET);
        for (int i = 0; i < 20; i++) {
            String read = "SELECT n FROM w WHERE id = " + (1 + i % 2);
            script.query("UPDATE w SET n = " + i + " WHERE id = 1")
                    .query(read)
                    .query(read)
                    .extended(read);
            script.extended("UPDATE w SET n = $1::int WHERE id = 2", "" + i)
                    .extended(read)
                    .query(read)
                    .extended(read);
            script.query("SELECT writes(" + (100 + i) + ")").query(read).extended(read);
            script.query("DO $$ BEGIN UPDATE w SET n = " + (200 + i) + "; END $$")
                    .query(read)
                    .extended(read);
        }
        return script;
    }
}
