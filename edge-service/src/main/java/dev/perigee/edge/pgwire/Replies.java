package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which answer of the server belongs to which message of the client (manual, "Message Flow"). After an error in the
 * extended protocol the server skips everything up to the next Sync. What does not fit means that the edge has lost track; then
 * it never again takes part in the session.
 *
 * <p>For one session's thread.
 */
final class Replies {

    private static final Logger log = LoggerFactory.getLogger(Replies.class);

    private final Deque<Expected> expected = new ArrayDeque<>();
    private final Listener listener;
    private byte status = BackendMessage.IDLE;
    private boolean skipping;
    private boolean copyingIn;

    /** Is told what the answers mean. */
    interface Listener {

        /** The answer to a read is complete. */
        void settled(Recording recording);

        /** The answer to a probe is complete. */
        void probed(Probe probe);

        /** The server has said something unasked: the session, or data, may have changed. */
        void changed();

        /** The edge cannot follow any more. */
        void lost(String why);
    }

    Replies(Listener listener) {
        this.listener = listener;
    }

    /** A message has been sent. */
    void add(Expected reply) {
        if (skipping && reply.kind() != Expected.Kind.SYNC) {
            reply.spoil();
        } else {
            skipping = false;
            reply.apply();
            expected.add(reply);
        }
    }

    /** Whether nothing is on its way, outside any transaction block. */
    boolean isIdle() {
        return expected.isEmpty() && status == BackendMessage.IDLE && !skipping;
    }

    /** Whether nothing is on its way, in a transaction block that has not failed. */
    boolean isInBlock() {
        return isQuiet() && status == BackendMessage.IN_BLOCK;
    }

    /** Whether nothing is on its way. */
    boolean isQuiet() {
        return expected.isEmpty() && !skipping;
    }

    /** Whether the server passes over everything until a Sync that has not been sent yet. */
    boolean isSkipping() {
        return skipping;
    }

    /** Whether something is on its way that the client has not asked for. */
    boolean hasHidden() {
        return expected.stream().anyMatch(Expected::isHidden);
    }

    /** Whether the server takes in what a client copies. */
    boolean isCopyingIn() {
        return copyingIn;
    }

    /** What the last ReadyForQuery said of the transaction block. */
    byte status() {
        return status;
    }

    /** How many bytes of a message of the server it takes to understand it. */
    int wanted(byte type, int length, int most) {
        if (type != BackendMessage.DATA_ROW && type != BackendMessage.COPY_DATA) {
            return Math.min(length + 1, most);
        }
        Expected head = expected.peek();
        if (type == BackendMessage.COPY_DATA || head == null) {
            return MessageFramer.HEADER;
        }
        Recording recording = head.recording();
        boolean fits = head.probe() != null || (recording != null && length < recording.room());
        return fits ? Math.min(length + 1, most) : MessageFramer.HEADER;
    }

    /**
     * The server has sent a message.
     *
     * @param whole whether these are all of its bytes
     * @return whether it is the client's
     */
    boolean received(byte type, ByteBuf message, boolean whole) {
        Expected head = expected.peek();
        switch (type) {
            case BackendMessage.PARAMETER_STATUS, BackendMessage.NOTIFICATION_RESPONSE -> {
                listener.changed();
                return true;
            }
            case BackendMessage.NOTICE_RESPONSE -> {
                if (head == null) {
                    return true;
                }
                head.spoil();
                return head.kind() != Expected.Kind.PROBE;
            }
            case BackendMessage.ERROR_RESPONSE -> {
                return error(head, message);
            }
            case BackendMessage.READY_FOR_QUERY -> {
                return ready(head, message);
            }
            default -> {
                if (head == null) {
                    listener.lost("an answer to no question");
                    return true;
                }
                return answer(head, type, message, whole);
            }
        }
    }

    private boolean error(@Nullable Expected head, ByteBuf message) {
        copyingIn = false;
        if (head == null) {
            // The server ends the session of its own accord.
            return true;
        }
        if (head.kind().isCycle()) {
            head.spoil();
            // That the session ends concerns the client, whoever asked.
            return head.kind() != Expected.Kind.PROBE || ErrorResponse.isFatal(message);
        }
        expected.poll();
        // Everything behind it was sent in the belief that it succeeds.
        expected.descendingIterator().forEachRemaining(Expected::undo);
        head.failed();
        skipping = true;
        while (skipping && !expected.isEmpty()) {
            if (expected.element().kind() == Expected.Kind.SYNC) {
                skipping = false;
            } else {
                expected.remove().spoil();
            }
        }
        expected.forEach(Expected::apply);
        return true;
    }

    private boolean ready(@Nullable Expected head, ByteBuf message) {
        if (head == null || !head.kind().isCycle() || message.readableBytes() != MessageFramer.HEADER + 1) {
            listener.lost("ready for a query too early");
            return true;
        }
        expected.poll();
        copyingIn = false;
        status = message.getByte(message.readerIndex() + MessageFramer.HEADER);
        Probe probe = head.probe();
        if (probe != null) {
            listener.probed(probe);
            return false;
        }
        Recording recording = head.recording();
        if (recording != null && !recording.isSpoilt() && head.completions() == 1) {
            listener.settled(recording);
        }
        return true;
    }

    private boolean answer(Expected head, byte type, ByteBuf message, boolean whole) {
        boolean fits =
                switch (head.kind()) {
                    case PARSE -> type == BackendMessage.PARSE_COMPLETE && done();
                    case BIND -> type == BackendMessage.BIND_COMPLETE && done();
                    case CLOSE -> type == BackendMessage.CLOSE_COMPLETE && done();
                    case DESCRIBE -> described(head, type, message, whole);
                    case EXECUTE -> executed(head, type, message, whole);
                    case QUERY -> queried(head, type, message, whole);
                    case PROBE -> probed(head, type, message);
                    case FUNCTION_CALL -> type == BackendMessage.FUNCTION_CALL_RESPONSE;
                    case SYNC -> false;
                };
        if (!fits) {
            listener.lost("an answer to another question");
            return true;
        }
        return !head.isHidden();
    }

    private boolean done() {
        expected.poll();
        return true;
    }

    private boolean described(Expected head, byte type, ByteBuf message, boolean whole) {
        head.describe(message, whole);
        return type == BackendMessage.PARAMETER_DESCRIPTION
                || ((type == BackendMessage.ROW_DESCRIPTION || type == BackendMessage.NO_DATA) && done());
    }

    private boolean executed(Expected head, byte type, ByteBuf message, boolean whole) {
        keep(head, message, whole);
        switch (type) {
            case BackendMessage.DATA_ROW,
                    BackendMessage.COPY_DATA,
                    BackendMessage.COPY_DONE,
                    BackendMessage.COPY_OUT_RESPONSE -> {
                return true;
            }
            case BackendMessage.COMMAND_COMPLETE, BackendMessage.PORTAL_SUSPENDED -> {
                Recording recording = head.recording();
                if (recording != null && !recording.isSpoilt()) {
                    recording.limitedTo(type == BackendMessage.PORTAL_SUSPENDED ? head.maxRows() : 0);
                    listener.settled(recording);
                }
                return done();
            }
            case BackendMessage.EMPTY_QUERY_RESPONSE -> {
                head.spoil();
                return done();
            }
            default -> {
                // Copying in by the extended protocol: until it ends the server passes over any Sync, and nobody can
                // tell which ones those were.
                return false;
            }
        }
    }

    private boolean queried(Expected head, byte type, ByteBuf message, boolean whole) {
        keep(head, message, whole);
        switch (type) {
            case BackendMessage.COMMAND_COMPLETE, BackendMessage.EMPTY_QUERY_RESPONSE -> {
                head.completed();
                return true;
            }
            case BackendMessage.ROW_DESCRIPTION,
                    BackendMessage.DATA_ROW,
                    BackendMessage.COPY_DATA,
                    BackendMessage.COPY_DONE,
                    BackendMessage.COPY_OUT_RESPONSE -> {
                return true;
            }
            case BackendMessage.COPY_IN_RESPONSE -> {
                copyingIn = true;
                // What was sent after the Query the server may have passed over.
                return expected.size() == 1;
            }
            default -> {
                return false;
            }
        }
    }

    private static boolean probed(Expected head, byte type, ByteBuf message) {
        Probe probe = head.probe();
        if (type == BackendMessage.DATA_ROW && probe != null) {
            try {
                probe.row(message);
            } catch (ProtocolViolation notUnderstood) {
                log.warn("A session cannot be looked into: {}", notUnderstood.getMessage());
            }
        }
        return type == BackendMessage.ROW_DESCRIPTION
                || type == BackendMessage.DATA_ROW
                || type == BackendMessage.COMMAND_COMPLETE;
    }

    private static void keep(Expected head, ByteBuf message, boolean whole) {
        Recording recording = head.recording();
        if (recording != null) {
            if (whole) {
                recording.add(message);
            } else {
                recording.spoil();
            }
        }
    }
}
