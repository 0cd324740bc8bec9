package dev.perigee.web;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a connection may cost.
 *
 * @param requestTimeout for the body of a request to come in whole, once its head is there; past it the connection is
 *     closed
 * @param answerTimeout for a client to read an answer that is ready, once it is more than Netty's 64 KB buffer holds;
 *     past it the connection is closed. Not for streams of events
 * @param maxStrangers connections on which no valid token has been shown yet; beyond that the oldest of them is
 *     closed
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
