package dev.perigee.web;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a connection may cost.
 *
 * @param requestTimeout how long a request may take to come in whole, once its head is there; not how long its answer takes
 * @param answerTimeout how long a client may take to read an answer, from when the whole of it is there; not how long it takes
 *     to make, and not a stream of events
 * @param maxStrangers connections on which no valid token has been shown; beyond that, the oldest of them is closed
 */
@ConfigurationProperties("perigee.web")
public record ConnectionProperties(
        @DefaultValue("30s") Duration requestTimeout,
        @DefaultValue("60s") Duration answerTimeout,
        @DefaultValue("1000") int maxStrangers) {

    public ConnectionProperties {
        check(isWithinAnHour(requestTimeout), "request-timeout must be 1 ms to 1 hour");
        check(isWithinAnHour(answerTimeout), "answer-timeout must be 1 ms to 1 hour");
        check(maxStrangers >= 1 && maxStrangers <= 1_000_000, "max-strangers must be 1 to 1000000");
    }

    private static boolean isWithinAnHour(Duration timeout) {
        return timeout.toMillis() >= 1 && timeout.compareTo(Duration.ofHours(1)) <= 0;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.web." + otherwise);
        }
    }
}
