package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Speaks like PostgreSQL as far as sessions need it (manual, "Message Flow"), about data that never changes: the rows of a read
 * are a function of its text and its arguments.
 */
final class FakePostgres {

    private final Map<String, String> prepared = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();
    private char status = 'I';
    private boolean skipping;
    private List<byte[]> out = new ArrayList<>();
    int probes;

    private static final class Portal {
        private final String sql;
        private final String arguments;
        private int position;
        private boolean done;

        Portal(String sql, String arguments) {
            this.sql = sql;
            this.arguments = arguments;
        }
    }

    private static final class Failed extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** Answers a message of the client. */
    List<byte[]> answer(byte[] message) {
        out = new ArrayList<>();
        ByteBuf in = Unpooled.wrappedBuffer(message).skipBytes(5);
        char type = (char) message[0];
        if (type == 'S') {
            skipping = false;
            ready();
            return out;
        }
        if (skipping) {
            return out;
        }
        try {
            switch (type) {
                case 'Q' -> {
                    query(text(in));
                    return out;
                }
                case 'P' -> parse(text(in), text(in));
                case 'B' -> bind(text(in), text(in), in);
                case 'D' -> describe((char) in.readByte(), text(in));
                case 'E' -> execute(text(in), in.readInt());
                case 'C' -> {
                    (in.readByte() == 'S' ? prepared : portals).remove(text(in));
                    out.add(Wire.CLOSED);
                }
                default -> {
                    // Flush, Terminate.
                }
            }
        } catch (Failed failed) {
            failed();
            skipping = true;
        }
        return out;
    }

    private static String text(ByteBuf in) {
        int length = in.bytesBefore((byte) 0);
        String text = in.readString(length, StandardCharsets.UTF_8);
        in.skipBytes(1);
        return text;
    }

    private void ready() {
        if (status == 'I') {
            portals.clear();
        }
        out.add(Wire.ready(status));
    }

    private void failed() {
        out.add(Wire.error());
        if (status == 'T') {
            status = 'E';
        }
        portals.clear();
    }

    private void query(String sql) {
        prepared.remove("");
        portals.remove("");
        try {
            check(sql);
            if (sql.startsWith("/* perigee */")) {
                probes++;
                out.add(Wire.columns("probe"));
                out.add(Wire.row(probe(sql)));
                out.add(Wire.complete("SELECT 1"));
            } else if (sql.isBlank()) {
                out.add(Wire.message('I'));
            } else {
                if (isRead(sql)) {
                    out.add(Wire.columns(name(sql)));
                }
                run(new Portal(sql, ""), 0);
            }
        } catch (Failed failed) {
            failed();
        }
        ready();
    }

    /** Says no more than it is asked. */
    private String[] probe(String sql) {
        int at = sql.indexOf('\'') + 1;
        boolean server = sql.contains("pg_control_system");
        String names = sql.contains("pg_prepared_statement") ? String.join(",", prepared.keySet()) : "";
        return new String[] {
            sql.substring(at, sql.indexOf('\'', at)),
            String.valueOf(Peer.PID),
            "0/3D",
            server ? "7" : null,
            server ? "000000010000000000000001" : null,
            server ? "1.000000" : null,
            server ? "app" : null,
            "f",
            "on",
            "UTF8",
            names.isEmpty() ? null : "{" + names + "}",
            "{public}",
            "[]"
        };
    }

    private void check(String sql) throws Failed {
        if (sql.startsWith("bad") || (status == 'E' && !sql.startsWith("rollback"))) {
            throw new Failed();
        }
    }

    private void parse(String name, String sql) throws Failed {
        if (name.isEmpty()) {
            prepared.remove("");
        }
        check(sql);
        if (prepared.putIfAbsent(name, sql) != null) {
            throw new Failed();
        }
        out.add(Wire.PARSED);
    }

    private void bind(String portal, String statement, ByteBuf arguments) throws Failed {
        String sql = prepared.get(statement);
        if (sql == null) {
            throw new Failed();
        }
        check(sql);
        if (!portal.isEmpty() && portals.containsKey(portal)) {
            throw new Failed();
        }
        portals.put(portal, new Portal(sql, arguments.toString(StandardCharsets.ISO_8859_1)));
        out.add(Wire.BOUND);
    }

    private void describe(char kind, String name) throws Failed {
        Portal portal = kind == 'P' ? portals.get(name) : null;
        String sql = kind == 'S' ? prepared.get(name) : portal == null ? null : portal.sql;
        if (sql == null) {
            throw new Failed();
        }
        check(sql);
        if (kind == 'S') {
            out.add(Wire.parameters(25));
        }
        out.add(isRead(sql) ? Wire.columns(name(sql)) : Wire.NO_DATA);
    }

    private void execute(String name, int maxRows) throws Failed {
        Portal portal = portals.get(name);
        if (portal == null) {
            throw new Failed();
        }
        check(portal.sql);
        if (portal.sql.isBlank()) {
            out.add(Wire.message('I'));
        } else {
            run(portal, maxRows);
        }
    }

    private void run(Portal portal, int maxRows) throws Failed {
        String sql = portal.sql;
        if (sql.startsWith("fail") || (portal.done && !isRead(sql))) {
            throw new Failed();
        }
        if (!isRead(sql)) {
            portal.done = true;
            if (sql.startsWith("begin")) {
                status = 'T';
            } else if (sql.startsWith("commit") || sql.startsWith("rollback")) {
                status = 'I';
            }
            out.add(Wire.complete(sql.replaceAll(" .*", "").toUpperCase(Locale.ROOT)));
            return;
        }
        int all = Math.floorMod((sql + portal.arguments).hashCode(), 4);
        int rows = 0;
        while (portal.position < all && (maxRows <= 0 || rows < maxRows)) {
            out.add(Wire.row(sql + portal.arguments + portal.position++));
            rows++;
        }
        if (maxRows > 0 && rows == maxRows) {
            out.add(Wire.SUSPENDED);
        } else {
            out.add(Wire.complete("SELECT " + rows));
        }
    }

    private static boolean isRead(String sql) {
        return sql.startsWith("select");
    }

    private static String name(String sql) {
        return "of " + sql;
    }
}
