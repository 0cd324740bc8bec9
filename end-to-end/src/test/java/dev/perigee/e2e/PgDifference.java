package dev.perigee.e2e;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * In what a session through an edge may differ from one straight to the server: all of it. The first ones hold for every
 * message of their type, the others only in steps that say so.
 */
enum PgDifference {
    /** BackendKeyData: another process, another secret; of the same length. */
    KEY("each session has a process and a secret of its own") {
        @Override
        PgReply without(PgReply reply) {
            return reply.type() == 'K' ? new PgReply('K', new byte[reply.body().length]) : reply;
        }
    },
    /** NotificationResponse: the process that notified. */
    NOTIFIER("NotificationResponse names the process that has sent it") {
        @Override
        PgReply without(PgReply reply) {
            return reply.type() == 'A' ? blanked(reply, 0, 4) : reply;
        }
    },
    /** AuthenticationSASLContinue, AuthenticationSASLFinal: nonces, and what is made of them. */
    SALT("the server's nonce in SCRAM, and the signature that depends on it") {
        @Override
        PgReply without(PgReply reply) {
            return reply.type() == 'R' && reply.body().length > 4 && reply.body()[3] > 10
                    ? new PgReply('R', Arrays.copyOf(reply.body(), 4))
                    : reply;
        }
    },
    /** Values of rows: how many, and which are NULL, is compared all the same. */
    VALUES(
            "values that are another each time: the clock, process ids, transaction ids, WAL positions, plans with costs") {
        @Override
        PgReply without(PgReply reply) {
            if (reply.type() != 'D') {
                return reply;
            }
            byte[] nulls = new byte[reply.row().size()];
            for (int i = 0; i < nulls.length; i++) {
                nulls[i] = (byte) (reply.row().get(i) == null ? 1 : 0);
            }
            return new PgReply('D', nulls);
        }
    },
    /** The text of an error or notice: its code and its other fields are compared all the same. */
    MESSAGE("messages that name a process, an object's number or a time") {
        @Override
        PgReply without(PgReply reply) {
            return reply.type() == 'E' || reply.type() == 'N'
                    ? new PgReply(
                            reply.type(),
                            (reply.field('S') + reply.field('C') + reply.field('R')).getBytes(StandardCharsets.UTF_8))
                    : reply;
        }
    },
    /** RowDescription: OIDs of tables and types that the script has made itself. */
    OIDS("objects that a script makes get another OID each time") {
        @Override
        PgReply without(PgReply reply) {
            return reply.type() == 'T' ? withoutOids(reply) : reply;
        }
    };

    /** Those that hold everywhere. */
    static final List<PgDifference> ALWAYS = List.of(KEY, NOTIFIER, SALT);

    private static final int FIRST_OF_USERS = 16_384;

    private final String reason;

    PgDifference(String reason) {
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    /** The message without it. */
    abstract PgReply without(PgReply reply);

    /** Which of those allowed it takes to make the two the same; null if they are different all the same. */
    static Set<PgDifference> between(PgReply one, PgReply other, Set<PgDifference> allowed) {
        if (same(one, other)) {
            return Set.of();
        }
        for (PgDifference difference : values()) {
            boolean holds = ALWAYS.contains(difference) || allowed.contains(difference);
            if (holds && same(difference.without(one), difference.without(other))) {
                return Set.of(difference);
            }
        }
        return null;
    }

    private static boolean same(PgReply one, PgReply other) {
        return one.type() == other.type() && Arrays.equals(one.body(), other.body());
    }

    private static PgReply blanked(PgReply reply, int from, int to) {
        byte[] body = reply.body().clone();
        Arrays.fill(body, from, to, (byte) 0);
        return new PgReply(reply.type(), body);
    }

    private static PgReply withoutOids(PgReply reply) {
        ByteBuffer body = ByteBuffer.wrap(reply.body().clone());
        int columns = body.getShort();
        for (int i = 0; i < columns; i++) {
            while (body.get() != 0) {
                // the name
            }
            blank(body, body.position());
            blank(body, body.position() + 6);
            body.position(body.position() + 18);
        }
        return new PgReply('T', body.array());
    }

    private static void blank(ByteBuffer body, int at) {
        if (Integer.compareUnsigned(body.getInt(at), FIRST_OF_USERS) >= 0) {
            body.putInt(at, 0);
        }
    }
}
