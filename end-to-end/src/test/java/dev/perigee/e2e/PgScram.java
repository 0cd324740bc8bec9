package dev.perigee.e2e;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** A client's side of logging in: nothing at all, a password in the clear, SCRAM-SHA-256 (RFC 5802) without channel binding. */
final class PgScram {

    private static final String BARE = "n=,r=nonceOfTheClient";

    private final String password;
    private String serverFirst = "";

    PgScram(String password) {
        this.password = password;
    }

    /** What to say to an Authentication message; empty if nothing. */
    byte[] answer(PgReply request) {
        ByteBuffer body = ByteBuffer.wrap(request.body());
        int code = body.getInt();
        String rest = request.text().substring(4);
        return switch (code) {
            case 3 -> PgMessages.password((password + "\0").getBytes(StandardCharsets.UTF_8));
            case 10 -> {
                byte[] first = ("n,," + BARE).getBytes(StandardCharsets.UTF_8);
                byte[] mechanism = "SCRAM-SHA-256\0".getBytes(StandardCharsets.UTF_8);
                yield PgMessages.password(ByteBuffer.allocate(mechanism.length + 4 + first.length)
                        .put(mechanism)
                        .putInt(first.length)
                        .put(first)
                        .array());
            }
            case 11 -> {
                serverFirst = rest;
                yield PgMessages.password(last().getBytes(StandardCharsets.UTF_8));
            }
            default -> new byte[0];
        };
    }

    private String last() {
        String nonce = "";
        String salt = "";
        int iterations = 1;
        for (String part : serverFirst.split(",", -1)) {
            String value = part.substring(2);
            switch (part.charAt(0)) {
                case 'r' -> nonce = value;
                case 's' -> salt = value;
                default -> iterations = Integer.parseInt(value);
            }
        }
        String without = "c=biws,r=" + nonce;
        try {
            byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(
                            password.toCharArray(), Base64.getDecoder().decode(salt), iterations, 256))
                    .getEncoded();
            byte[] clientKey = hmac(salted, "Client Key");
            byte[] stored = MessageDigest.getInstance("SHA-256").digest(clientKey);
            byte[] proof = hmac(stored, BARE + "," + serverFirst + "," + without);
            for (int i = 0; i < proof.length; i++) {
                proof[i] ^= clientKey[i];
            }
            return without + ",p=" + Base64.getEncoder().encodeToString(proof);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }
}
