package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The start of a session, as it passes between client and server: what the client asked for, and what the server makes of it.
 * Credentials are none of the edge's business; they are relayed.
 */
final class Startup {

    private static final int HEADER = 8;
    private static final int LATEST_MINOR = 2;
    private static final int OK = 0;
    private static final int SASL = 10;
    private static final Set<Integer> CHALLENGES = Set.of(2, 3, 5, 7, 9, SASL);
    private static final String CHANNEL_BINDING = "-PLUS";

    private final byte[] packet;
    private final Map<String, String> parameters;
    private int minor;
    private boolean challenged;
    private boolean authenticated;
    private boolean exotic;
    private int backendPid;
    private byte @Nullable [] cancelKey;

    /**
     * Reads a startup packet.
     *
     * @throws ProtocolViolation if it is malformed
     */
    Startup(ByteBuf startupMessage) throws ProtocolViolation {
        packet = new byte[startupMessage.readableBytes()];
        startupMessage.getBytes(startupMessage.readerIndex(), packet);
        ByteBuf body = startupMessage.slice();
        minor = body.skipBytes(4).readInt() & 0xffff;
        parameters = parameters(body);
        // Walsenders speak another language; an option of the protocol may change anything.
        exotic = isReplication(parameters.get("replication"))
                || parameters.keySet().stream().anyMatch(name -> name.startsWith("_pq_."));
    }

    private static Map<String, String> parameters(ByteBuf body) throws ProtocolViolation {
        Map<String, String> found = new LinkedHashMap<>();
        while (body.isReadable()) {
            String name = string(body);
            if (name.isEmpty()) {
                return found;
            }
            found.put(name, string(body));
        }
        throw new ProtocolViolation("invalid startup packet layout: expected terminator as last byte");
    }

    private static String string(ByteBuf body) throws ProtocolViolation {
        int length = body.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolViolation("invalid startup packet layout");
        }
        String text = body.toString(body.readerIndex(), length, StandardCharsets.ISO_8859_1);
        body.skipBytes(length + 1);
        return text;
    }

    private static boolean isReplication(@Nullable String value) {
        return value != null && !Set.of("false", "off", "no", "0", "f", "n").contains(value.toLowerCase(Locale.ROOT));
    }

    /** The packet as it came. */
    byte[] packet() {
        return packet;
    }

    /** Whether the session will not be understood, so that it can only be passed on. */
    boolean isExotic() {
        return exotic || minor > LATEST_MINOR;
    }

    boolean isAuthenticated() {
        return authenticated;
    }

    /** Whether the server let the client in without asking for anything. */
    boolean isTrusted() {
        return authenticated && !challenged;
    }

    int backendPid() {
        return backendPid;
    }

    /** The secret that a CancelRequest has to carry; null if the server gave none. */
    byte @Nullable [] cancelKey() {
        return cancelKey;
    }

    /**
     * Authentication… of the server.
     *
     * @return what the client is to see of it
     */
    ByteBuf authentication(ByteBuf message, ByteBufAllocator allocator) throws ProtocolViolation {
        if (message.readableBytes() < MessageFramer.HEADER + 4) {
            throw new ProtocolViolation("invalid authentication request");
        }
        int code = message.getInt(message.readerIndex() + MessageFramer.HEADER);
        challenged |= CHALLENGES.contains(code);
        authenticated |= code == OK;
        return code == SASL ? withoutChannelBinding(message, allocator) : message;
    }

    /** A channel ends here, so it cannot be bound to the one behind. */
    private static ByteBuf withoutChannelBinding(ByteBuf message, ByteBufAllocator allocator) throws ProtocolViolation {
        ByteBuf body = message.slice(message.readerIndex() + HEADER + 1, message.readableBytes() - HEADER - 1);
        List<String> mechanisms = new ArrayList<>();
        for (String mechanism = string(body); !mechanism.isEmpty(); mechanism = string(body)) {
            if (!mechanism.endsWith(CHANNEL_BINDING)) {
                mechanisms.add(mechanism);
            }
        }
        message.release();
        ByteBuf out = allocator.buffer();
        out.writeByte(BackendMessage.AUTHENTICATION).writeInt(0).writeInt(SASL);
        for (String mechanism : mechanisms) {
            out.writeCharSequence(mechanism, StandardCharsets.ISO_8859_1);
            out.writeByte(0);
        }
        out.writeByte(0);
        return out.setInt(1, out.readableBytes() - 1);
    }

    /** BackendKeyData: from protocol 3.2 on the secret is up to 256 bytes long. */
    void backendKeyData(ByteBuf message) throws ProtocolViolation {
        int length = message.readableBytes() - MessageFramer.HEADER;
        if (length < 8) {
            throw new ProtocolViolation("invalid cancellation key");
        }
        byte[] key = new byte[length - 4];
        message.getBytes(message.readerIndex() + MessageFramer.HEADER + 4, key);
        cancelKey = key;
        backendPid = message.getInt(message.readerIndex() + MessageFramer.HEADER);
    }

    /** NegotiateProtocolVersion. */
    void negotiated(ByteBuf message) throws ProtocolViolation {
        if (message.readableBytes() < MessageFramer.HEADER + 8) {
            throw new ProtocolViolation("invalid negotiation of the protocol version");
        }
        minor = Math.min(minor, message.getInt(message.readerIndex() + MessageFramer.HEADER) & 0xffff);
    }

    /** Begins from the beginning, with another connection to the server. */
    void again() {
        challenged = false;
        authenticated = false;
    }
}
