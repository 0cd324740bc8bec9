package dev.perigee.edge.cache;

import static dev.perigee.edge.cache.Results.at;
import static dev.perigee.edge.cache.Results.change;
import static dev.perigee.edge.cache.Results.key;
import static dev.perigee.edge.cache.Results.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.perigee.model.EdgeReport;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CacheSurveyTest {

    private final AtomicLong now = new AtomicLong();
    private final Watermarks marks = new Watermarks();
    private final ResultCache cache = new ResultCache(1000, 1 << 24, marks, now::get, Runnable::run);
    private final CacheSurvey survey = new CacheSurvey(cache, now::get);

    @BeforeEach
    void open() {
        marks.reset(at(10));
    }

    private EdgeReport report() {
        return survey.report(3, Map.of("absent", 7L), Map.of("write", 2L));
    }

    private CachedResult kept(String sql, int hits) {
        CachedResult result = result(10, "a.b");
        assertThat(cache.admit(cache.ticket(), key(sql), result)).isTrue();
        for (int i = 0; i < hits; i++) {
            result.countHit();
        }
        return result;
    }

    @Test
    void namesWhatIsServedMost() {
        for (int i = 1; i <= 100; i++) {
            kept("select " + i, i);
        }
        EdgeReport report = report();
        assertThat(report.generation()).isEqualTo(3);
        assertThat(report.misses()).containsEntry("absent", 7L);
        assertThat(report.bypasses()).containsEntry("write", 2L);
        assertThat(report.partial()).isFalse();
        assertThat(report.entries()).hasSize(EdgeReport.MAX_ENTRIES);
        assertThat(report.entries().get(0))
                .extracting(EdgeReport.Entry::sql, EdgeReport.Entry::hits, EdgeReport.Entry::current)
                .containsExactly("select 100", 100L, true);
        assertThat(report.statements()).hasSize(EdgeReport.MAX_STATEMENTS);
        assertThat(report.statements().get(49).hits()).isEqualTo(51);
    }

    @Test
    void remembersTheHitsOfResultsThatAreGone() {
        kept("select 1", 5);
        kept("select 2", 0);
        kept("select 3", 1);
        marks.raise(change(20, "a.b"));
        assertThat(report().entries()).allMatch(entry -> !entry.current());
        while (cache.sweep(10) > 0) {}
        assertThat(report().entries()).isEmpty();
        CachedResult again = result(20, "a.b");
        cache.admit(cache.ticket(), key("select 1"), again);
        again.countHit();
        assertThat(report().statements())
                .extracting(EdgeReport.Statement::sql, EdgeReport.Statement::hits, EdgeReport.Statement::entries)
                .containsExactly(tuple("select 1", 6L, 1L), tuple("select 3", 1L, 0L));
        assertThat(report().statements().get(1).tables()).containsExactly("a.b");
    }

    @Test
    void cutsLongTexts() {
        kept("select '" + "x".repeat(5000) + "'", 1);
        kept("select '" + "x".repeat(5001) + "'", 1);
        EdgeReport report = report();
        assertThat(report.entries()).allMatch(entry -> entry.sql().length() == EdgeReport.MAX_SQL);
        assertThat(report.statements())
                .extracting(EdgeReport.Statement::hits, EdgeReport.Statement::entries)
                .containsExactly(tuple(2L, 2L));
    }

    @Test
    void looksAtNoMoreThanSoMany() {
        kept("select 1", 0);
        kept("select 2", 0);
        assertThat(cache.walk(1, entry -> {})).isFalse();
        assertThat(cache.walk(2, entry -> {})).isTrue();
    }
}
