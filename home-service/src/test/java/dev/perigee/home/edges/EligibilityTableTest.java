package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.StreamPosition;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EligibilityTableTest {

    private final EligibilityTable table = new EligibilityTable(true);

    private static EdgeEligibility row(String id, boolean enabled, long revision) {
        return new EdgeEligibility(id, enabled, Capacity.UNSPECIFIED, revision, Instant.EPOCH);
    }

    private static StreamPosition visible(long version) {
        return new StreamPosition("1", version);
    }

    private boolean enabled(String id) {
        return table.of(id).enabled();
    }

    @Test
    void anEdgeOfWhichNothingIsSaidMayCacheIfConfiguredSo() {
        assertThat(enabled("a")).isTrue();
        assertThat(new EligibilityTable(false).of("a").enabled()).isFalse();
    }

    @Test
    void theHigherRevisionHoldsWhateverComesLast() {
        AtomicInteger told = new AtomicInteger();
        table.onChange(told::incrementAndGet);
        table.changed(row("a", false, 7), 100);
        table.changed(row("a", true, 6), 200);
        table.written(row("a", true, 5));
        table.backfill("1", List.of(row("a", false, 7)));
        assertThat(enabled("a")).isFalse();
        table.changed(row("a", true, 8), 300);
        assertThat(enabled("a")).isTrue();
        assertThat(told).hasValue(5);
    }

    @Test
    void aRowThatIsGoneIsNotBroughtBackByAnOlderOne() {
        table.changed(row("a", false, 7), 100);
        table.gone("a", 9, 200);
        assertThat(enabled("a")).isTrue();
        table.changed(row("a", false, 8), 300);
        assertThat(enabled("a")).isTrue();
        table.changed(row("a", false, 10), 400);
        assertThat(enabled("a")).isFalse();
    }

    @Test
    void anotherEpochReplacesEverything() {
        table.backfill("1", List.of(row("a", false, 7), row("b", false, 7)));
        table.backfill("1", List.of(row("a", true, 6)));
        assertThat(enabled("a")).isFalse();
        assertThat(enabled("b")).isFalse();
        table.backfill("2", List.of(row("a", true, 3)));
        assertThat(enabled("a")).isTrue();
        assertThat(enabled("b")).isTrue();
    }

    /** Decoded before the feed connected, visible only after the table was read: nobody tells of it but the table. */
    @Test
    void theTableHoldsAgainstWhatWasVisibleBeforeItWasRead() {
        table.backfill("1", List.of(row("a", false, 7), row("b", false, 7)));
        table.changed(row("c", false, 9), 100);
        table.compare(visible(100), List.of(row("a", true, 8), row("c", false, 9)));
        assertThat(enabled("a")).isTrue();
        assertThat(enabled("b")).isTrue();
        assertThat(enabled("c")).isFalse();
        table.compare(visible(100), List.of());
        assertThat(enabled("c")).isTrue();
    }

    @Test
    void whatMayNotHaveBeenVisibleWhenTheTableWasReadStays() {
        table.backfill("1", List.of(row("a", false, 7)));
        table.changed(row("b", false, 9), 101);
        table.compare(visible(100), List.of(row("a", false, 7)));
        assertThat(enabled("b")).isFalse();
        table.compare(null, List.of());
        table.compare(new StreamPosition("2", 1000), List.of());
        assertThat(enabled("a")).isFalse();
        assertThat(enabled("b")).isFalse();
    }
}
