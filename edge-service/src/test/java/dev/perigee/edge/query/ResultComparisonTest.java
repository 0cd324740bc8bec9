package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.query.ResultComparison.Outcome;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResultComparisonTest {

    private static final String INT = "{\"columns\":[{\"name\":\"a\",\"type\":\"int4\"}],\"rows\":";
    private static final String FLOAT =
            "{\"columns\":[{\"name\":\"a\",\"type\":\"int4\"},{\"name\":\"f\",\"type\":\"float8\"}],\"rows\":";

    private static Outcome compare(String sql, String one, String other) {
        Outcome outcome = ResultComparison.compare(sql, bytes(one), bytes(other));
        assertThat(ResultComparison.compare(sql, bytes(other), bytes(one))).isEqualTo(outcome);
        return outcome;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[[1],[2]]     | [[1],[2]]      | SAME",
                "[[1],[2]]     | [[2],[1]]      | SAME",
                "[]            | []             | SAME",
                "[[1],[1],[2]] | [[1],[2],[2]]  | DIFFERENT",
                "[[1],[2]]     | [[1]]          | DIFFERENT",
                "[[1]]         | [[null]]       | DIFFERENT",
                "[[1]]         | [['1']]        | DIFFERENT",
                "[[1]]         | [[1.0]]        | DIFFERENT",
                "[]            | [[]]           | DIFFERENT",
            },
            quoteCharacter = '~')
    void rowsAreAMultiset(String one, String other, Outcome outcome) {
        assertThat(compare("select a from t", INT + one + "}", (INT + other + "}").replace('\'', '"')))
                .isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select a, f from t      | [[1,0.3]]         | [[1,0.30000000000000004]] | CLOSE",
                "select a, f from t      | [[1,0.3]]         | [[1,0.31]]                | DIFFERENT",
                "select a, f from t      | [[1,0.3],[2,0.4]] | [[2,0.4],[1,0.3000000000000001]] | CLOSE",
                "select a, f from t      | [[1,0.3],[2,0.4]] | [[1,0.4],[2,0.3]]         | DIFFERENT",
                "select a, f from t      | [[1,0.3]]         | [[2,0.3]]                 | DIFFERENT",
                "select a, f from t      | [[1,0.3]]         | [[1,null]]                | DIFFERENT",
                "select 1, sum(f) from t | [[1,0]]           | [[1,5.5e-17]]             | CLOSE",
                "select 1, sum(f) from t | [[1,0]]           | [[2,5.5e-17]]             | DIFFERENT",
            })
    void theLastDigitsOfFloatsShowNothing(String sql, String one, String other, Outcome outcome) {
        assertThat(compare(sql, FLOAT + one + "}", FLOAT + other + "}")).isEqualTo(outcome);
    }

    @Test
    void otherColumnsAreAnotherAnswer() {
        assertThat(compare("select * from t", INT + "[[1]]}", INT.replace("int4", "int8") + "[[1]]}"))
                .isEqualTo(Outcome.DIFFERENT);
        assertThat(compare("select * from t", INT + "[[1]]}", INT.replace("\"a\"", "\"b\"") + "[[1]]}"))
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void whatCannotBeTakenApartShowsNothingUnlessItIsTheSame() {
        assertThat(compare("select 1", "what", "ever")).isEqualTo(Outcome.UNREADABLE);
        assertThat(compare("select 1", "{}", INT + "[]}")).isEqualTo(Outcome.UNREADABLE);
        assertThat(compare("select 1", "what", "what")).isEqualTo(Outcome.SAME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select a from t limit 1",
                "SELECT a FROM t FETCH FIRST ROW ONLY",
                "select distinct\n on (a) b from t",
                "select string_agg(a, ',') from t",
                "select row_number() over () from t",
                "select ctid, a from t order by a",
                "select a from t tablesample system (10)",
            })
    void someStatementsLeaveOpenWhatTheyAnswer(String sql) {
        assertThat(ResultComparison.isUndetermined(sql)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select a from t",
                "select a from t order by id limit 1",
                "select string_agg(a, ',' order by a) from t",
                "select overt, limits from offsets",
            })
    void mostDoNot(String sql) {
        assertThat(ResultComparison.isUndetermined(sql)).isFalse();
    }
}
