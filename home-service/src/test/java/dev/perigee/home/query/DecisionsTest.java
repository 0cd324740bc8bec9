package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DecisionsTest {

    private final InvalidationLog log = new InvalidationLog();
    private final Decisions decisions = new Decisions(log, 1 << 20);
    private final StreamPosition visible = new StreamPosition("7.1.1", 200);

    private void remember(String sql, Decision decision) {
        decisions.remember(Decisions.Key.own(sql), decision, visible);
    }

    @Test
    void listsWhatIsRememberedAndStillTrue() {
        log.begin("7.1.1", 101, Instant.EPOCH);
        remember("select 1 from a", Decision.cacheable(Set.of("public.a")));
        remember("select now()", Decision.refused(Reason.VOLATILE_FUNCTION));
        decisions.remember(
                new Decisions.Key(List.of("app"), "select 1 from a"), Decision.cacheable(Set.of("app.a")), visible);
        assertThat(decisions.hottest(10))
                .extracting(Decisions.Remembered::sql, one -> one.decision().reason(), Decisions.Remembered::searchPath)
                .containsExactlyInAnyOrder(
                        tuple("select 1 from a", null, List.of()),
                        tuple("select 1 from a", null, List.of("app")),
                        tuple("select now()", Reason.VOLATILE_FUNCTION, List.of()));
        assertThat(decisions.hottest(1)).hasSize(1);

        log.append(new InvalidationEvent(300, List.of(), Instant.EPOCH), 300);
        assertThat(decisions.hottest(10)).isEmpty();
    }
}
