package dev.perigee.edge.query;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Short digests by which the same rows can be recognized in a log. They are keyed, with a key that no one knows and that
 * dies with the process: rows that can be guessed could otherwise be found out by their digest. Thread-safe.
 */
final class Digests {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int LENGTH = 8;

    private final byte[] key = new byte[32];

    Digests() {
        new SecureRandom().nextBytes(key);
    }

    String of(byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return HexFormat.of().formatHex(Arrays.copyOf(mac.doFinal(body), LENGTH));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
