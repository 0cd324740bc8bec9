package dev.perigee.model;

import java.util.regex.Pattern;

/**
 * A position in the commit history of one PostgreSQL: what {@code Last-Event-ID}, {@code Perigee-Version} and
 * {@code Perigee-Min-Version} carry, written {@code epoch:version}.
 *
 * <p>A version is a WAL position (an LSN, see the manual's chapter "WAL Internals"). Versions compare only within an
 * epoch. LSNs are unsigned; those from 2^63 on (eight exbibytes of WAL) are refused, so that plain comparisons hold.
 *
 * @param epoch system identifier, timeline and start time of the server that wrote the WAL
 * @param version WAL position in bytes, at least 0
 */
public record StreamPosition(String epoch, long version) {

    private static final int MAX_LENGTH = 128;
    private static final int MAX_EPOCH = 80;
    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

    public StreamPosition {
        if (!isEpoch(epoch)) {
            throw new IllegalArgumentException("an epoch is 1 to 80 letters, digits and dots");
        }
        if (version < 0) {
            throw new IllegalArgumentException("a version is between 0 and 2^63 - 1");
        }
    }

    /**
     * Reads {@code epoch:version}.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    public static StreamPosition parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0 || text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a position is written epoch:version");
        }
        String digits = text.substring(colon + 1);
        if (!DIGITS.matcher(digits).matches()) {
            throw new IllegalArgumentException("a version is between 0 and 2^63 - 1");
        }
        return new StreamPosition(text.substring(0, colon), Long.parseLong(digits));
    }

    /** By hand: an edge makes a position of every frame. */
    private static boolean isEpoch(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!((c >= '0' && c <= '9') || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= MAX_EPOCH;
    }

    @Override
    public String toString() {
        return epoch + ":" + version;
    }
}
