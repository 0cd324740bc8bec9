package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.Fuzz;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShapeTest {

    private static final String[] SCRAPS = {
        "select ", "t1", "t", "_1", "\"a 1\"", "\"", "'", "'x1'", "''", "E'", "U&", "\\'", "$1", "$", "$a$", "$$", "--",
        "-- 1\n", "\n", "\r", "/*", "*/", "/* 2 */", "1", "23", "1.5", "1e5", ".", " ", ",", "0x1f", "\u00e9", "e", "-",
        "/", "*",
    };

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "select * from t where x = 17|select * from t where x = 0",
                "select 1.25, 1.5.6, 3. from t|select 0, 0, 0. from t",
                "select 'a', 'it''s' from t|select '', '' from t",
                "select x from t1 where y=12|select x from t1 where y=0",
                "select 1e5, 0x1f, 1_000|select 0e5, 0x1f, 0_000",
                "select $1, $12 from t|select $1, $12 from t",
                "select \"a 1\", \"a \"\" 1\" from t|select \"a 1\", \"a \"\" 1\" from t",
                "select /* 1 /* 2 */ 3 */ 4|select /* 1 /* 2 */ 3 */ 0",
                "select t.c1, a.5|select t.c1, a.5",
                "select \u00e91, a_1, a$1|select \u00e91, a_1, a$1",
                "select 1-1|select 0-0",
            })
    void leavesOutConstants(String sql, String shape) {
        assertThat(Shape.of(sql)).isEqualTo(shape);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select E'\\'' , 1",
                "select e'x', 1",
                "select U&'x', 1",
                "select u&\"x1\" uescape '!', 1",
                "select B'1', 1",
                "select N'1', 1",
                "select $$1$$, 1",
                "select $a$1$a$, 1",
                "select 1, 'without an end",
                "select 1, \"without an end",
                "select 1, 'it''s",
                "select 1, 2 as a$",
            })
    void givesUpWhereItWouldTakeMore(String sql) {
        assertThat(Shape.of(sql)).isEqualTo(sql);
    }

    @Test
    void textsThatReadOtherTablesAreNeverOfOneShape() {
        assertDifferent("select * from t1", "select * from t2");
        assertDifferent("select * from \"t 1\"", "select * from \"t 2\"");
        assertDifferent("select * from s1.t", "select * from s2.t");
        assertDifferent("select '' from t -- '\n, u", "select '' from t -- '\n, v");
        assertDifferent("select --\r'\n' from t1 --'", "select --\r'\n' from t2 --'");
        assertDifferent("select --'\rx from t1 --'", "select --'\rx from t2 --'");
        assertDifferent("select * from U&\"t!0031\" UESCAPE '!'", "select * from U&\"t!0031\" UESCAPE '@'");
        assertDifferent("select E'\\' from t1 --'", "select E'\\' from t2 --'");
        assertDifferent("select /* ' */ x from t1 /* ' */", "select /* ' */ x from t2 /* ' */");
        assertDifferent("select $a$'$a$ from t1 --'", "select $a$'$a$ from t2 --'");
        assertDifferent("select \"'\" from t1 --\"'\"", "select \"'\" from t2 --\"'\"");
    }

    private static void assertDifferent(String one, String other) {
        assertThat(Shape.of(one)).isNotEqualTo(Shape.of(other));
    }

    @Test
    void changesNothingButConstantsAndNothingTwice() {
        int[] counts = new int[2];
        Fuzz.trials(20_000, random -> {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(12); i >= 0; i--) {
                text.append(Fuzz.any(random, SCRAPS));
            }
            String sql = text.toString();
            String shape = Shape.of(sql);
            assertThat(Shape.of(shape)).as(sql).isEqualTo(shape);
            counts[shape.equals(sql) ? 0 : 1]++;
            assertThat(skeleton(shape)).as(sql).isEqualTo(skeleton(sql));
            assertThat(words(shape)).as(sql).isEqualTo(words(sql));
        });
        assertThat(counts[0]).isPositive();
        assertThat(counts[1]).isPositive();
    }

    /** What is left of a text without anything between single quotes, and without digits and the points in numbers. */
    private static String skeleton(String sql) {
        String marked = sql.equals(Shape.of(sql)) ? sql : withoutStrings(sql);
        return withoutStrings(marked).replaceAll("[0-9]+(\\.[0-9]+)*", "");
    }

    /** Words and quoted names with what digits they have, by another way of reading: a pattern. */
    private static List<String> words(String sql) {
        return Pattern.compile(
                        "--[^\\n\\r]*|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[a-z_\\u0080-\\uffff][a-z0-9_$\\u0080-\\uffff]*",
                        Pattern.CASE_INSENSITIVE)
                .matcher(sql)
                .results()
                .map(found -> found.group())
                .filter(found -> !found.startsWith("'"))
                .toList();
    }

    private static String withoutStrings(String sql) {
        return Pattern.compile("(--[^\\n\\r]*|\"(?:[^\"]|\"\")*\")|'(?:[^']|'')*'")
                .matcher(sql)
                .replaceAll(found -> found.group(1) == null ? "''" : Matcher.quoteReplacement(found.group(1)));
    }

    @Test
    void remembersByCatalogUpToALimit() {
        Shape shape = new Shape();
        Judgement judgement = new Judgement(null, List.of("public.t"), ReadsFixture.at(1), Duration.ofSeconds(1), 0);
        shape.judged(ReadsFixture.CATALOG, judgement);
        assertThat(shape.judgement(ReadsFixture.CATALOG)).isSameAs(judgement);
        assertThat(shape.judgement(new Catalog("app", List.of("other")))).isNull();
        for (int i = 0; i < 16; i++) {
            shape.judged(new Catalog("app", List.of("s" + i)), judgement);
        }
        assertThat(shape.judgement(ReadsFixture.CATALOG)).isNull();
        assertThat(shape.judgement(new Catalog("app", List.of("s15")))).isNotNull();
    }
}
