package dev.perigee.edge.pgwire;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Texts that nobody can guess and that never come twice. The system is asked for randomness once, when this is made: that may
 * block, which an event loop must not. Thread-safe.
 */
final class Nonces {

    private static final int LENGTH = 16;

    private final byte[] secret = new byte[32];
    private final AtomicLong count = new AtomicLong();

    Nonces() {
        new SecureRandom().nextBytes(secret);
    }

    String next() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(secret);
            byte[] hash = digest.digest(ByteBuffer.allocate(Long.BYTES)
                    .putLong(count.incrementAndGet())
                    .array());
            return HexFormat.of().formatHex(hash, 0, LENGTH);
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }
}
