package dev.perigee.home.wal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** Names of slots: lower-case letters, digits and underscores, 63 at the most. */
final class SlotNames {

    /** What the names of all our slots begin with. */
    static final String PREFIX = "perigee_";

    private static final int ID_LENGTH = 32;
    private static final int DIGEST_LENGTH = 12;

    private SlotNames() {}

    /** Never given twice. */
    static String temporary(HomeId home) {
        return PREFIX + abbreviated(home) + "_"
                + Long.toHexString(ThreadLocalRandom.current().nextLong());
    }

    /**
     * The same each time. An id that cannot be written in full is followed by a part of its digest, since {@code a.b},
     * {@code a-b} and {@code A_B} are different homes.
     */
    static String durable(HomeId home) {
        String id = abbreviated(home);
        return PREFIX + (id.equals(home.value()) ? id : id + "_" + digest(home));
    }

    private static String abbreviated(HomeId home) {
        String id = home.value().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
        return id.substring(0, Math.min(id.length(), ID_LENGTH));
    }

    private static String digest(HomeId home) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(home.value().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, DIGEST_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
