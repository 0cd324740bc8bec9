package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GuessLimitTest {

    private static final String HERE = "192.0.2.1";

    private final AtomicLong now = new AtomicLong();
    private final GuessLimit limit = new GuessLimit(new GuessProperties(3, Duration.ofSeconds(2)), now::get);

    private void guess(String address, int from, int to) {
        for (int i = from; i < to; i++) {
            limit.failed(address, "wrong " + i);
        }
    }

    @Test
    void soManyWrongTokensAndThenOneMoreEachInterval() {
        guess(HERE, 0, 2);
        assertThat(limit.refuses(HERE, "next")).isNull();
        guess(HERE, 2, 3);
        assertThat(limit.refuses(HERE, "next")).isEqualTo(Duration.ofSeconds(2));
        now.addAndGet(Duration.ofMillis(1_500).toNanos());
        assertThat(limit.refuses(HERE, "next")).isEqualTo(Duration.ofMillis(500));
        now.addAndGet(Duration.ofMillis(500).toNanos());
        assertThat(limit.refuses(HERE, "next")).isNull();
        guess(HERE, 3, 4);
        assertThat(limit.refuses(HERE, "next")).isNotNull();
        now.addAndGet(Duration.ofSeconds(6).toNanos());
        guess(HERE, 4, 6);
        assertThat(limit.refuses(HERE, "next")).isNull();
    }

    @Test
    void otherAddressesAreNotConcerned() {
        guess(HERE, 0, 3);
        assertThat(limit.refuses("192.0.2.2", "next")).isNull();
    }

    @Test
    void aTokenThatWasAcceptedFromThereStaysAccepted() {
        limit.succeeded(HERE, "good");
        guess(HERE, 0, 100);
        assertThat(limit.refuses(HERE, "good")).isNull();
        assertThat(limit.refuses(HERE, "other")).isNotNull();
        // Elsewhere it has to be looked at first.
        guess("192.0.2.2", 0, 3);
        assertThat(limit.refuses("192.0.2.2", "good")).isNotNull();
    }

    @Test
    void aStaleTokenIsOneGuessHoweverOftenItComes() {
        for (int i = 0; i < 1000; i++) {
            limit.failed(HERE, "stale");
        }
        guess(HERE, 0, 1);
        assertThat(limit.refuses(HERE, "next")).isNull();
        guess(HERE, 1, 2);
        assertThat(limit.refuses(HERE, "next")).isNotNull();
        // It may go on being told that it is wrong.
        assertThat(limit.refuses(HERE, "stale")).isNull();
    }

    @Test
    void anAttackThatHasEndedIsForgotten() {
        guess(HERE, 0, 1_000_000);
        now.addAndGet(Duration.ofSeconds(6).toNanos());
        guess(HERE, 0, 2);
        assertThat(limit.refuses(HERE, "next")).isNull();
    }

    @Test
    void memoryIsBoundedWhateverAddressesTurnUp() {
        for (int i = 0; i < 50_000; i++) {
            limit.failed("address " + i, "wrong");
        }
        assertThat(limit.addresses()).isLessThanOrEqualTo(10_000);
        now.addAndGet(Duration.ofMinutes(11).toNanos());
        assertThat(limit.addresses()).isZero();
    }

    @Test
    void anAddressOfIpv6IsItsNetwork() {
        assertThat(address("2001:db8:1:2::1")).isEqualTo(address("2001:db8:1:2:ffff::2"));
        assertThat(address("2001:db8:1:2::1")).isNotEqualTo(address("2001:db8:1:3::1"));
        assertThat(address("192.0.2.1")).isEqualTo("192.0.2.1").isNotEqualTo(address("192.0.2.2"));
        assertThat(GuessLimit.address(InetSocketAddress.createUnresolved("forwarded.example", 0)))
                .isEqualTo("forwarded.example");
        assertThat(GuessLimit.address(null)).isEqualTo("unknown");
    }

    private static String address(String literal) {
        return GuessLimit.address(new InetSocketAddress(literal, 1));
    }

    @Test
    void aLimitThatMakesNoSenseIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuessProperties(0, Duration.ofSeconds(1)))
                .withMessageContaining("perigee.security.guesses.allowed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuessProperties(1, Duration.ZERO))
                .withMessageContaining("perigee.security.guesses.refill");
    }
}
