package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Sessions made up from a seed: messages in any order, with names that may be taken or missing. */
final class PgRandomScripts {

    private static final int STEPS = 30;

    private static final List<String> READS = List.of(
            "SELECT id, name FROM items WHERE id < 6 ORDER BY id",
            "SELECT * FROM items WHERE id IN (3, 51) ORDER BY id",
            "SELECT count(*), sum(n) FROM items",
            "TABLE item_view",
            "VALUES (1), (2), (3)",
            "SELECT * FROM empty",
            "SELECT * FROM w ORDER BY id",
            "SELECT n FROM w WHERE id = 1",
            "WITH x AS (SELECT id FROM w) SELECT count(*) FROM x",
            "SELECT id, at, data FROM items WHERE id = 2");

    private static final List<String> WITH_PARAMETER = List.of(
            "SELECT id, name FROM items WHERE id = $1",
            "SELECT n FROM w WHERE id = $1",
            "SELECT $1::int + 1",
            "UPDATE w SET n = n + $1 WHERE id = 2 RETURNING n");

    private static final List<String> OTHERS = List.of(
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT s",
            "ROLLBACK TO s",
            "SET datestyle = german",
            "SET LOCAL datestyle = sql",
            "SET search_path = other, public",
            "SET bytea_output = escape",
            "SET timezone = 'Asia/Tokyo'",
            "RESET ALL",
            "DISCARD ALL",
            "DEALLOCATE s1",
            "DEALLOCATE ALL",
            "PREPARE s1 AS SELECT 'sql'",
            "EXECUTE s1",
            "UPDATE w SET n = n + 1",
            "INSERT INTO w VALUES (1, 'taken')",
            "DELETE FROM w WHERE id = 5",
            "SELECT writes(5)",
            "SELECT loud(1)",
            "SELECT 1/0",
            "nonsense",
            "",
            "SELECT 1; SELECT 2",
            "UPDATE w SET n = 0; SELECT 1/0",
            "COPY item_view TO STDOUT",
            "COPY (SELECT * FROM w ORDER BY id) TO STDOUT",
            "DECLARE c CURSOR FOR SELECT id FROM items ORDER BY id",
            "FETCH 2 FROM c",
            "SHOW datestyle",
            "DO $$ BEGIN UPDATE w SET n = -1 WHERE id = 3; END $$");

    private static final List<String> STATEMENTS = List.of("", "", "s1", "s2");
    private static final List<String> PORTALS = List.of("", "", "p1", "p2", "c");
    private static final int[] LIMITS = {0, 0, 0, 0, 1, 2, 100, -1};

    private final String database;

    PgRandomScripts(String database) {
        this.database = database;
    }

    /** A script of this seed. */
    PgScript script(long seed) {
        Random random = new Random(seed);
        PgScript script = new PgScript("seed " + seed, database).query(PgSchema.RESET);
        for (int i = 0; i < STEPS; i++) {
            int kind = random.nextInt(10);
            if (kind < 3) {
                script.query(pick(random, READS));
            } else if (kind < 5) {
                String sql = pick(random, OTHERS);
                if (random.nextInt(4) == 0) {
                    script.extended(sql);
                } else {
                    script.query(sql);
                }
            } else if (kind < 7) {
                script.send(1, batch(random, orderly(random)));
            } else {
                script.send(1, batch(random, disorderly(random)));
            }
        }
        return script;
    }

    private static byte[] batch(Random random, List<byte[]> messages) {
        if (random.nextInt(12) == 0) {
            messages.add(random.nextInt(messages.size() + 1), PgMessages.flush());
        }
        messages.add(PgMessages.sync());
        return PgMessages.all(messages.toArray(byte[][]::new));
    }

    private static List<byte[]> orderly(Random random) {
        List<byte[]> messages = new ArrayList<>();
        String statement = pick(random, STATEMENTS);
        String portal = pick(random, PORTALS);
        boolean withParameter = random.nextBoolean();
        if (statement.isEmpty() || random.nextInt(3) > 0) {
            messages.add(PgMessages.parse(statement, pick(random, withParameter ? WITH_PARAMETER : READS)));
        }
        if (random.nextInt(3) == 0) {
            messages.add(PgMessages.describe('S', statement));
        }
        for (int i = 0; i <= random.nextInt(2); i++) {
            messages.add(bind(random, portal, statement, withParameter));
            if (random.nextBoolean()) {
                messages.add(PgMessages.describe('P', portal));
            }
            messages.add(PgMessages.execute(portal, LIMITS[random.nextInt(LIMITS.length)]));
        }
        if (random.nextInt(4) == 0) {
            messages.add(PgMessages.execute(portal, 0));
        }
        return messages;
    }

    private static byte[] bind(Random random, String portal, String statement, boolean withParameter) {
        int[] results = random.nextInt(3) == 0 ? new int[] {PgMessages.BINARY} : new int[0];
        return PgMessages.bind(
                portal,
                statement,
                new int[0],
                withParameter ? PgMessages.texts("" + (1 + random.nextInt(3))) : List.of(),
                results);
    }

    private static List<byte[]> disorderly(Random random) {
        List<byte[]> messages = new ArrayList<>();
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            String statement = pick(random, STATEMENTS);
            String portal = pick(random, PORTALS);
            messages.add(
                    switch (random.nextInt(9)) {
                        case 0, 1 -> PgMessages.parse(statement, pick(random, READS));
                        case 2 -> PgMessages.parse(statement, pick(random, OTHERS));
                        case 3, 4 -> bind(random, portal, statement, random.nextInt(4) == 0);
                        case 5 -> PgMessages.describe('S', statement);
                        case 6 -> PgMessages.describe('P', portal);
                        case 7 -> PgMessages.execute(portal, LIMITS[random.nextInt(LIMITS.length)]);
                        default ->
                            PgMessages.close(
                                    random.nextBoolean() ? 'S' : 'P', random.nextBoolean() ? statement : portal);
                    });
        }
        return messages;
    }

    private static <T> T pick(Random random, List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
