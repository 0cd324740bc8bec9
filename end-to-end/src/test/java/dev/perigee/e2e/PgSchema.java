package dev.perigee.e2e;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The tables that the scripts read, and those they write. */
final class PgSchema {

    /** Puts the tables that are written into the same state each time, in the session that writes them. */
    static final String RESET = "TRUNCATE w, w2; INSERT INTO w SELECT g, 'v' || g, g * 10 FROM generate_series(1, 5) g;"
            + " SELECT setval('w_seq', 1, false)";

    /** An Oid that belongs to no function. */
    static final int NO_FUNCTION = 999_999_999;

    private static final List<String> ROLES = List.of("diff_reader", "diff_column", "diff_nobody");

    private PgSchema() {}

    static void create(PgFrontend server) {
        String wide = IntStream.rangeClosed(2, 1600)
                .mapToObj(i -> "c" + i + " int DEFAULT " + i)
                .collect(Collectors.joining(", "));
        for (String sql : new String[] {
            "CREATE TABLE items (id int PRIMARY KEY, name text, n numeric(12,2), at timestamptz, data bytea, tags text[])",
            "INSERT INTO items SELECT g, 'item ' || g, g * 1.5, '2024-01-01 00:00:00+00'::timestamptz + g * '1 h'::interval,"
                    + " decode(lpad(to_hex(g), 8, '0'), 'hex'), ARRAY['t' || g, NULL, 'ü\"'] FROM generate_series(1, 50) g",
            "INSERT INTO items (id) VALUES (51)",
            "CREATE TABLE empty (id int PRIMARY KEY, v text)",
            "CREATE TABLE wide (c1 int PRIMARY KEY, " + wide + ")",
            "INSERT INTO wide (c1) VALUES (1), (2)",
            "CREATE TABLE big (id int PRIMARY KEY, v text)",
            "INSERT INTO big SELECT g, repeat(chr(64 + g), 40000 * g * g) FROM generate_series(1, 5) g",
            "INSERT INTO big VALUES (9, repeat('x', 5000000))",
            "CREATE TABLE many (id int PRIMARY KEY, v text)",
            "INSERT INTO many SELECT g, md5(g::text) FROM generate_series(1, 8000) g",
            "CREATE TABLE w (id int PRIMARY KEY, v text, n int)",
            "CREATE TABLE w2 (id int PRIMARY KEY, v text NOT NULL CHECK (v <> 'bad'))",
            "CREATE SEQUENCE w_seq",
            "CREATE VIEW item_view AS SELECT id, name FROM items WHERE id <= 10",
            "CREATE VIEW tenant_view AS SELECT id, name, current_setting('app.tenant', true) AS tenant FROM items",
            "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
            "CREATE TYPE pair AS (a int, b text)",
            "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
            "CREATE TABLE own_types (id int PRIMARY KEY, m mood, p pair, d positive)",
            "INSERT INTO own_types VALUES (1, 'ok', ROW(1, 'x')::pair, 5), (2, 'happy', NULL, NULL)",
            "CREATE SCHEMA other",
            "CREATE TABLE other.items (id int PRIMARY KEY, name text)",
            "INSERT INTO other.items VALUES (1, 'another')",
            "CREATE FUNCTION loud(int) RETURNS int LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE NOTICE 'loud %', $1; RETURN $1; END $$",
            "CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql AS"
                    + " $$ UPDATE w SET n = $1 WHERE id = 1 RETURNING n $$",
            "CREATE FUNCTION moves() RETURNS text LANGUAGE sql AS"
                    + " $$ SELECT set_config('search_path', 'other, public', false) $$",
            "CREATE PROCEDURE commits() LANGUAGE plpgsql AS"
                    + " $$ BEGIN UPDATE w SET n = 1 WHERE id = 2; COMMIT; UPDATE w SET n = 2 WHERE id = 3; ROLLBACK; END $$",
        }) {
            server.simple(sql);
        }
        for (String role : ROLES) {
            if (server.simple("SELECT 1 FROM pg_roles WHERE rolname = '" + role + "'")
                    .isEmpty()) {
                server.simple("CREATE ROLE " + role);
            }
        }
        server.simple("GRANT SELECT ON items, item_view TO diff_reader; GRANT SELECT (id) ON items TO diff_column");
    }
}
