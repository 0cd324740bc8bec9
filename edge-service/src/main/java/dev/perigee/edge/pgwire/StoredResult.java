package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * The messages kept of an answer: RowDescription if it was asked for, DataRows, CommandComplete. Serves them whole or in
 * pieces, as a portal would: {@code position} is the next row.
 */
final class StoredResult {

    private final byte[] messages;
    private final boolean whole;
    private final int firstRow;
    private int position;
    private boolean begun;
    private boolean ended;

    StoredResult(byte[] messages) {
        this(messages, true);
    }

    /**
     * Of these messages.
     *
     * @param whole whether they are the whole result; otherwise what was kept of one Execute, and may be served to one that
     *     asks for as many rows
     */
    StoredResult(byte[] messages, boolean whole) {
        this.messages = messages;
        this.whole = whole;
        this.firstRow = messages.length > 0 && messages[0] == BackendMessage.ROW_DESCRIPTION ? next(0) : 0;
        this.position = firstRow;
    }

    private int next(int at) {
        return at + 1 + length(at);
    }

    private int length(int at) {
        return (messages[at + 1] & 0xff) << 24
                | (messages[at + 2] & 0xff) << 16
                | (messages[at + 3] & 0xff) << 8
                | (messages[at + 4] & 0xff);
    }

    /** Whether the description of its rows is there. */
    boolean isDescribed() {
        return firstRow > 0;
    }

    /** RowDescription. */
    ByteBuf description() {
        return Unpooled.wrappedBuffer(messages, 0, firstRow);
    }

    /** Everything, as the answer to a Query. */
    ByteBuf all() {
        return Unpooled.wrappedBuffer(messages);
    }

    /**
     * What an Execute gives.
     *
     * @param maxRows all that are left if 0
     */
    void execute(int maxRows, ByteBuf out) {
        if (!begun && (maxRows == 0 || !whole)) {
            begun = true;
            ended = true;
            out.writeBytes(messages, firstRow, messages.length - firstRow);
            return;
        }
        begun = true;
        int start = position;
        int rows = 0;
        while (!ended && (maxRows == 0 || rows < maxRows) && messages[position] == BackendMessage.DATA_ROW) {
            position = next(position);
            rows++;
        }
        out.writeBytes(messages, start, position - start);
        // As PostgreSQL does it: that there are no more rows shows only when fewer came than were asked for.
        if (!ended && maxRows > 0 && rows == maxRows) {
            out.writeBytes(BackendMessage.portalSuspended());
        } else {
            ended = true;
            BackendMessage.writeCommandComplete(out, "SELECT " + rows);
        }
    }
}
