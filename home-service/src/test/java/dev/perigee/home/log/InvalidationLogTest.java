package dev.perigee.home.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.InvalidationEvent;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InvalidationLogTest {

    private final InvalidationLog log = new InvalidationLog(() -> 5);
    private final AtomicInteger changes = new AtomicInteger();

    private static InvalidationEvent event(long version, String... tables) {
        return new InvalidationEvent(version, List.of(tables), Instant.EPOCH);
    }

    @Test
    void hasNothingBeforeItBegins() {
        assertThat(log.current()).isNull();
        assertThatThrownBy(() -> log.advance(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> log.append(event(1, "a"), 2)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aCommitMayBeginExactlyAtTheConsistentPoint() {
        log.begin("e.1.1", 100, Instant.EPOCH);
        assertThat(log.current().start()).isEqualTo(99);
        log.append(event(100, "a"), 140);
        assertThat(log.current().after(99).event().tables()).containsExactly("a");
        assertThat(log.current().head()).isEqualTo(140);
    }

    @Test
    void aGapInTheSameEpochInvalidatesEveryTable() {
        log.begin("e.1.1", 100, Instant.EPOCH);
        log.append(event(110, "a"), 140);
        EpochLog before = log.current();
        log.begin("e.1.1", 200, Instant.EPOCH);
        assertThat(log.current()).isSameAs(before);
        LogRecord record = before.after(110);
        assertThat(record.event().concernsAllTables()).isTrue();
        assertThat(record.event().upToVersion()).isEqualTo(199);
        assertThat(before.head()).isEqualTo(199);
        log.append(event(200, "a"), 240);
        assertThat(before.after(199).event().tables()).containsExactly("a");
    }

    @Test
    void whereNothingWasMissedThereIsNoGap() {
        log.begin("e.1.1", 100, Instant.EPOCH);
        log.append(event(110, "a"), 139);
        log.onChange(changes::incrementAndGet);
        log.begin("e.1.1", 140, Instant.EPOCH);
        log.begin("e.1.1", 105, Instant.EPOCH);
        assertThat(log.current().after(110)).isNull();
        assertThat(changes).hasValue(0);
    }

    @Test
    void anotherEpochIsAnotherLog() {
        log.begin("e.1.1", 100, Instant.EPOCH);
        EpochLog before = log.current();
        log.begin("e.2.1", 50, Instant.EPOCH);
        assertThat(log.current()).isNotSameAs(before);
        assertThat(log.current().epoch()).isEqualTo("e.2.1");
        assertThat(log.current().head()).isEqualTo(49);
    }

    @Test
    void tellsOfEveryChangeAfterItIsThere() {
        log.begin("e.1.1", 100, Instant.EPOCH);
        AtomicInteger headSeen = new AtomicInteger();
        log.onChange(() -> headSeen.set((int) log.current().head()));
        log.append(event(110, "a"), 120);
        assertThat(headSeen).hasValue(120);
        log.advance(130);
        assertThat(headSeen).hasValue(130);
        log.onChange(changes::incrementAndGet);
        log.advance(130);
        log.append(event(120, "a"), 125);
        assertThat(changes).hasValue(0);
    }
}
