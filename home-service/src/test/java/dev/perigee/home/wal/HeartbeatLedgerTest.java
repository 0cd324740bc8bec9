package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HeartbeatLedgerTest {

    private final AtomicLong nanos = new AtomicLong(-5);
    private final Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final HeartbeatLedger ledger = new HeartbeatLedger(nanos::get, Clock.fixed(now, ZoneOffset.UTC));

    @Test
    void ageCountsFromTheSending() {
        assertThat(ledger.age()).isEqualTo(HeartbeatLedger.NEVER);
        assertThat(ledger.asOf()).isEqualTo(Instant.EPOCH);
        long first = ledger.send();
        nanos.addAndGet(100);
        long second = ledger.send();
        nanos.addAndGet(100);
        ledger.readBack(first);
        assertThat(ledger.age()).isEqualTo(Duration.ofNanos(200));
        ledger.readBack(second);
        assertThat(ledger.age()).isEqualTo(Duration.ofNanos(100));
        assertThat(ledger.asOf()).isEqualTo(now);
        ledger.readBack(first);
        ledger.readBack(99);
        assertThat(ledger.age()).isEqualTo(Duration.ofNanos(100));
        assertThat(ledger.outstanding()).isEmpty();
    }

    @Test
    void whatWasSentToAnEarlierConnectionDoesNotCount() {
        long sent = ledger.send();
        ledger.forget();
        ledger.readBack(sent);
        assertThat(ledger.age()).isEqualTo(HeartbeatLedger.NEVER);
    }

    /** A slot that outlives a home brings the heartbeats of the one before to the one that is started in its place. */
    @Test
    void whatAnEarlierProcessOfTheSameIdSentDoesNotCount() {
        HeartbeatLedger before = new HeartbeatLedger(nanos::get, Clock.fixed(now, ZoneOffset.UTC));
        ledger.send();
        for (int i = 0; i < 100; i++) {
            ledger.readBack(before.send());
        }
        assertThat(ledger.age()).isEqualTo(HeartbeatLedger.NEVER);
    }
}
