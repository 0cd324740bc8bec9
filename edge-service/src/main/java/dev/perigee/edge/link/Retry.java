package dev.perigee.edge.link;

import dev.perigee.edge.link.LinkAction.Weight;
import dev.perigee.model.Goodbye;
import java.time.Duration;

/**
 * Why there is to be another attempt, and with how much patience.
 *
 * @param why for the operator
 * @param hurry whether another home may be asked at once; then {@code least} only counts when all have been asked
 * @param least how long to wait at the least, nanoseconds
 */
record Retry(String why, Weight weight, boolean hurry, long least) {

    private static final long SLOW = Duration.ofSeconds(30).toNanos();
    private static final long LONGEST_ASKED_MS = Duration.ofMinutes(1).toMillis();

    /** Something that may pass by itself, and that another home may not have. */
    static Retry trouble(String why) {
        return new Retry(why, Weight.TROUBLE, true, 0);
    }

    private static Retry slow(String why, long least) {
        return new Retry(why, Weight.ACTION_NEEDED, false, Math.max(SLOW, least));
    }

    /** Home has answered the registration with something other than the stream. */
    static Retry of(LinkEvent.Refused refused) {
        String what = "home answers " + refused.status() + ": " + refused.detail();
        return switch (refused.status()) {
            case 401 ->
                slow(what + " (is perigee.auth-token, or the certificate of perigee.home-tls-bundle, valid?)", 0);
            case 403 -> slow(what + " (set perigee.auth-token, or the perigee.edge.id it is bound to)", 0);
            case 400, 404, 405 -> slow(what + " (is perigee.home-url a home?)", 0);
            default -> trouble(what);
        };
    }

    /** Home has closed the stream on purpose. */
    static Retry of(Goodbye goodbye) {
        long asked = Duration.ofMillis(Math.max(0, Math.min(LONGEST_ASKED_MS, goodbye.retryMs())))
                .toNanos();
        return switch (goodbye.reason()) {
            case SUPERSEDED ->
                slow(
                        "ANOTHER PROCESS HAS REGISTERED WITH OUR ID and home closed our stream: every edge needs a"
                                + " perigee.edge.id of its own",
                        asked);
            // Whether we have another one by now, the next attempt tells.
            case AUTH -> new Retry("our token, or certificate, has expired", Weight.TROUBLE, false, asked);
            case DRAIN -> new Retry("home is shutting down", Weight.TROUBLE, true, asked);
            case EVICTED -> new Retry("home has evicted us", Weight.TROUBLE, false, asked);
        };
    }
}
