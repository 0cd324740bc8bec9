package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.StatementKind.HARMLESS;
import static dev.perigee.edge.pgwire.StatementKind.OTHER;
import static dev.perigee.edge.pgwire.StatementKind.PERIGEE;
import static dev.perigee.edge.pgwire.StatementKind.READ;
import static dev.perigee.edge.pgwire.StatementKind.TRANSACTION;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementTextTest {

    private static StatementText text(String sql) {
        return StatementText.of(sql.getBytes(StandardCharsets.UTF_8), name -> new Shape());
    }

    private static void assertKind(StatementKind kind, String... texts) {
        for (String sql : texts) {
            assertThat(text(sql).kind()).as(sql).isEqualTo(kind);
        }
    }

    @Test
    void readsBeginWithAFewWords() {
        assertKind(
                READ,
                "select 1",
                "SELECT\t1",
                " \n-- a remark\n/* and /* another */ one */ Select 1",
                "with a as (select 1) select * from a",
                "with a as (delete from t returning *) select * from a",
                "values (1)",
                "table t",
                "select(1)",
                "select'1'",
                "select/**/1",
                "select*from t",
                "select 1; drop table t");
    }

    @Test
    void whatIsAboutTransactionsChangesNothingByItself() {
        assertKind(
                TRANSACTION,
                "begin",
                "BEGIN;",
                "begin isolation level serializable",
                "start transaction read only",
                "commit",
                "end",
                "rollback to savepoint a",
                "abort",
                "savepoint a",
                "release a",
                "commit and chain; \n");
    }

    @Test
    void anythingElseMayHaveDoneAnything() {
        assertKind(
                OTHER,
                "begin; set x to y",
                "commit prepared 'x'",
                "rollback /* of */ PREPARED 'x'",
                "prepare transaction 'x'",
                "show a; drop table t",
                "show perigee.status; drop table t",
                "-- a remark\rdelete from t",
                "-- a remark\rset search_path to x",
                "/* a */ -- b\r\ncommit prepared 'x'",
                "(select 1)",
                "selection",
                "select_1",
                "insert into t values (1)",
                "update t set x = 1",
                "set x to y",
                "call p()",
                "do $$ begin end $$",
                "explain analyze delete from t",
                "fetch 1 from c",
                "\u00e9",
                "'select'",
                "\"select\"",
                "; select 1",
                "$1");
    }

    @Test
    void whatIsNothingIsHarmless() {
        assertKind(
                HARMLESS,
                "",
                " ;; ",
                "-- nothing",
                "-- nothing\r\n",
                "/* /* nothing */ */",
                "/* without an end",
                "show timezone",
                "SHOW all;",
                "show perigee");
    }

    @Test
    void questionsAboutTheEdgeAreKnown() {
        assertKind(PERIGEE, "show perigee.status", "SHOW /* now */ Perigee.Last ;", "show perigee.anything");
        assertThat(text("SHOW Perigee.LAST").perigeeTopic()).isEqualTo("last");
        assertThat(PerigeeStatements.knows("last")).isTrue();
        assertThat(PerigeeStatements.knows("anything")).isFalse();
    }

    @Test
    void utilitiesAreToldFromWrites() {
        assertThat(text("set x to y").refusal()).isEqualTo(Why.UTILITY);
        assertThat(text("begin").refusal()).isEqualTo(Why.TRANSACTION);
        assertThat(text("delete from t").refusal()).isEqualTo(Why.WRITE);
    }

    @Test
    void oneStatementHasNothingAfterASemicolon() {
        assertThat(text("select 1; ").isOne()).isTrue();
        assertThat(text("select ';x'").isOne()).as("better too few").isFalse();
    }

    @Test
    void onlyTextThatHomeReadsAlikeIsUnderstood() {
        assertThat(text("select 1").isUnderstood(false)).isTrue();
        assertThat(text("select '\u00e9'").isUnderstood(true)).isTrue();
        assertThat(text("select '\u00e9'").isUnderstood(false)).isFalse();
        StatementText latin1 =
                StatementText.of("select '\u00e9'".getBytes(StandardCharsets.ISO_8859_1), name -> new Shape());
        assertThat(latin1.isUnderstood(true)).isFalse();
        assertThat(latin1.isUnderstood(false)).isFalse();
        assertThat(latin1.kind()).isEqualTo(READ);
    }

    @Test
    void customSettingsAreFound() {
        assertThat(text("set my.app to 1; SET LOCAL Other.One = 2; set session a.b.c to 3")
                        .customSettings())
                .containsExactlyInAnyOrder("my.app", "other.one", "a.b.c");
        assertThat(text("select set_config('my.user', $1, false), SET_CONFIG ( 'x.y', '', true)")
                        .customSettings())
                .containsExactlyInAnyOrder("my.user", "x.y");
        assertThat(text("set timezone to 'UTC'").customSettings()).isEmpty();
        assertThat(text("begin").customSettings()).isEmpty();
        assertThat(text("offset a.b").customSettings()).isEmpty();
    }

    @Test
    void hintsAreFoundInAnyComment() {
        assertThat(text("/* perigee: no-cache */ select 1").hints().noCache()).isTrue();
        assertThat(text("select 1 /* Perigee: TTL=10s,max-staleness=500ms */").hints())
                .isEqualTo(new Hints(false, Duration.ofSeconds(10), Duration.ofMillis(500)));
        assertThat(text("select /* perigee: ttl=2m */ 1 /* perigee: no-cache, what, ttl= */")
                        .hints())
                .isEqualTo(new Hints(true, Duration.ofMinutes(2), null));
        assertThat(text("/* perigee: ttl=7 max-staleness=1h */ select 1").hints())
                .isEqualTo(new Hints(false, Duration.ofSeconds(7), Duration.ofHours(1)));
        assertThat(text("/* perigee: ttl=-1 ttl=99999999999s ttl=1d */ select 1")
                        .hints())
                .isEqualTo(Hints.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select E'it\\'s' /* perigee: no-cache */",
                "select e'\\\\' /* perigee: no-cache */",
                "select '\\' /* perigee: no-cache */",
                "select name'\\' /* perigee: no-cache */",
                "select 'it''s' /* perigee: no-cache */",
                "select $$it's$$ /* perigee: no-cache */",
                "select $a$it's$$ $a$ /* perigee: no-cache */",
                "select a$b$ /* perigee: no-cache */, '$b$'",
                "select \"it's\" /* perigee: no-cache */",
                "select $1 /* perigee: no-cache */, $2",
                "select 1 -- it's\r/* perigee: no-cache */",
            })
    void hintsAfterStringsAreFound(String sql) {
        assertThat(text(sql).hints().noCache()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select '/* perigee: no-cache */'",
                "select \"/* perigee: no-cache */\"",
                "select $$/* perigee: no-cache */$$",
                "select $a$ $$/* perigee: no-cache */$a$",
                "select E'\\'/* perigee: no-cache */'",
                "-- /* perigee: no-cache */\nselect 1",
                "-- perigee: no-cache\nselect 1",
                "select 1 /* perigee: no-cache",
                "select 1 /* see perigee: no-cache */",
            })
    void whatIsNoHintIsNone(String sql) {
        assertThat(text(sql).hints()).isEqualTo(Hints.NONE);
    }
}
