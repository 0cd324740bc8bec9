package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.AcknowledgementAnswer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FreshnessTest {

    private final Freshness freshness = new Freshness();

    @Test
    void currentAsOfTheSendingLessTheAgeOfTheFeed() {
        freshness.claim(millis(1000), new AcknowledgementAnswer(50, 300));
        assertThat(freshness.currentAsOf()).isNull();
        freshness.reached(49);
        assertThat(freshness.currentAsOf()).isNull();
        freshness.reached(50);
        assertThat(freshness.currentAsOf()).isEqualTo(millis(700));
    }

    @Test
    void onlyEverForward() {
        freshness.claim(millis(1000), new AcknowledgementAnswer(50, 0));
        freshness.claim(millis(1500), new AcknowledgementAnswer(60, 900));
        freshness.reached(60);
        assertThat(freshness.currentAsOf()).isEqualTo(millis(1000));
    }

    @Test
    void aLinkThatIsAlwaysLateStillProvesSomething() {
        for (int i = 0; i < 1000; i++) {
            freshness.claim(millis(1000 + i), new AcknowledgementAnswer(100 + i, 0));
        }
        freshness.reached(105);
        assertThat(freshness.currentAsOf()).isEqualTo(millis(1005));
    }

    @Test
    void agesThatMakeNoSenseProveNothing() {
        freshness.claim(0, new AcknowledgementAnswer(1, -5));
        freshness.claim(0, new AcknowledgementAnswer(1, Long.MAX_VALUE));
        freshness.reached(1);
        assertThat(freshness.currentAsOf()).isNull();
    }

    @Test
    void theClockMayBeNegative() {
        freshness.claim(millis(-1000), new AcknowledgementAnswer(1, 10));
        freshness.claim(millis(-500), new AcknowledgementAnswer(1, 10));
        freshness.reached(1);
        assertThat(freshness.currentAsOf()).isEqualTo(millis(-510));
    }

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}
