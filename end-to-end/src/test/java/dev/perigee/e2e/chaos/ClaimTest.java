package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ClaimTest {

    private static final long BEGUN = TimeUnit.SECONDS.toNanos(100);
    private static final long BOUND = TimeUnit.SECONDS.toNanos(5);

    @Test
    void whatWasReadForTheRequestIsOfTheRequest() {
        assertThat(Claim.of(false, false, "", null, BEGUN, BOUND)).isEqualTo(BEGUN);
    }

    @Test
    void whatSaysNothingIsWithinTheBound() {
        assertThat(Claim.of(true, false, "", null, BEGUN, BOUND)).isEqualTo(BEGUN - BOUND);
        assertThat(Claim.of(false, true, "", null, BEGUN, BOUND)).isEqualTo(BEGUN - BOUND);
    }

    @Test
    void anAgeIsRoundedDown() {
        assertThat(Claim.of(true, false, "2", null, BEGUN, BOUND)).isEqualTo(BEGUN - TimeUnit.SECONDS.toNanos(3));
        assertThat(Claim.of(true, false, "9", null, BEGUN, BOUND))
                .as("older than it may be")
                .isEqualTo(BEGUN - BOUND);
    }

    @Test
    void theTimeItGivesCountsIfThatIsLater() {
        long asOf = BEGUN - TimeUnit.MILLISECONDS.toNanos(300);

        assertThat(Claim.of(true, false, "0", asOf, BEGUN, BOUND)).isEqualTo(asOf - Checker.CLOCK_SLACK_NANOS);
        assertThat(Claim.of(true, false, "0", BEGUN - 2 * BOUND, BEGUN, BOUND))
                .isEqualTo(BEGUN - TimeUnit.SECONDS.toNanos(1));
    }
}
