package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.Shared;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks the server, in the client's own session, what of that session changes answers, and up to where the WAL has been written:
 * nothing that a client sends need be understood for that, and nothing can be forgotten. One is sent when a session begins,
 * and one when something that may have changed it has been forwarded and a read comes after it.
 *
 * <p>Whatever a name in it could mean besides is ruled out: every function, operator, type and table is qualified, since a
 * client may have put a schema of its own before {@code pg_catalog}. The nonce tells the answer from any other.
 */
final class Probe {

    /**
     * The settings that the text form of a value, the meaning of a literal or the parsing of a statement depends on. What
     * else a setting could change, planner and limits aside, is ruled out by what may be kept: built-in operators and
     * IMMUTABLE functions.
     */
    private static final List<String> SETTINGS = List.of(
            "search_path",
            "timezone",
            "timezone_abbreviations",
            "datestyle",
            "intervalstyle",
            "client_encoding",
            "bytea_output",
            "extra_float_digits",
            "backslash_quote",
            "array_nulls",
            "transform_null_equals",
            "quote_all_identifiers",
            "xmlbinary",
            "xmloption",
            "lc_monetary",
            "lc_numeric",
            "lc_time",
            "default_text_search_config",
            "row_security",
            "gin_fuzzy_search_limit",
            // Whether an answer comes with notices.
            "client_min_messages",
            "restrict_nonsystem_relation_kind");

    private static final String SQL = """
            /* perigee */ SELECT '%s', pg_catalog.pg_backend_pid(), %s,
            EXISTS (SELECT FROM pg_catalog.pg_cursor()) OR %s,
            pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('client_encoding'),
            %s, pg_catalog.current_schemas(true), pg_catalog.json_build_array(session_user, current_user%s)""";

    private static final String POSITION = "pg_catalog.pg_current_wal_insert_lsn(), NULL, NULL, NULL, NULL";

    /** A standby has no position of its own, and may become a primary. */
    private static final String POSITION_AND_SERVER = """
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.pg_current_wal_insert_lsn() END,
            (pg_catalog.pg_control_system()).system_identifier,
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE
             pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END,
            pg_catalog.extract('epoch', pg_catalog.pg_postmaster_start_time()), pg_catalog.current_database()""";

    /** Whether there have ever been temporary objects. */
    private static final String TEMPORARY_SCHEMA =
            "pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid";

    private static final String TEMPORARY_OBJECTS = """
            EXISTS (SELECT FROM pg_catalog.pg_class c
                     WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()) OR
            EXISTS (SELECT FROM pg_catalog.pg_type t
                     WHERE t.typnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())""";

    private static final String PREPARED = """
            (SELECT pg_catalog.array_agg(p.name) FROM pg_catalog.pg_prepared_statement() p WHERE NOT p.from_sql)""";

    private final String nonce;
    private final String sql;
    private final StreamPosition visible;
    private final long sentAt;
    private final Question question;
    private @Nullable Answer answer;
    private boolean tooCoarse;

    /**
     * What a probe asks. To ask for less costs the server less: it plans each probe anew.
     *
     * @param backendPid of the session, as the server has said at its start
     * @param server where the session is, if that is known; it stays there
     * @param objects whether to look for temporary objects where the session has had some
     * @param prepared whether to ask for the names of prepared statements
     * @param custom names of further settings: of identifiers and dots
     */
    record Question(int backendPid, @Nullable Server server, boolean objects, boolean prepared, Set<String> custom) {}

    /**
     * What a session cannot change.
     *
     * @param epoch of the server, as home names it: system identifier, timeline, start in microseconds
     */
    record Server(String epoch, String database) {}

    /**
     * What the server said.
     *
     * @param position up to where the WAL had been written: at least where all that the session has committed is
     * @param server null on a standby
     * @param prepared the names of statements prepared by messages; null if they were not asked for
     */
    record Answer(
            SessionContext context,
            long position,
            @Nullable Server server,
            @Nullable Set<String> prepared) {}

    /**
     * Makes one.
     *
     * @param nonce that nobody can guess
     * @param visible what every snapshot sees that is taken from now on
     * @param sequence of the last thing forwarded before it
     */
    Probe(String nonce, StreamPosition visible, long sequence, Question question) {
        this.nonce = nonce;
        this.visible = visible;
        this.sentAt = sequence;
        this.question = question;
        StringBuilder settings = new StringBuilder();
        SETTINGS.forEach(name -> append(settings, name));
        question.custom.forEach(name -> append(settings, name));
        this.sql = SQL.formatted(
                nonce,
                question.server == null ? POSITION_AND_SERVER : POSITION,
                question.objects ? TEMPORARY_OBJECTS : TEMPORARY_SCHEMA,
                question.prepared ? PREPARED : "NULL",
                settings);
    }

    private static void append(StringBuilder settings, String name) {
        settings.append(", pg_catalog.current_setting('").append(name).append("', true)");
    }

    String sql() {
        return sql;
    }

    long sentAt() {
        return sentAt;
    }

    /** What came back; null if it was an error, not to be understood, or not enough. */
    @Nullable
    Answer answer() {
        return answer;
    }

    /** Whether one is needed that looks for temporary objects. */
    boolean isTooCoarse() {
        return tooCoarse;
    }

    /** The row has come. */
    void row(ByteBuf message) throws ProtocolViolation {
        List<@Nullable String> row = BackendMessage.row(message);
        if (row.size() != 13 || !nonce.equals(row.get(0))) {
            throw new ProtocolViolation("an answer to another question");
        }
        boolean temporary = "t".equals(row.get(7));
        if (temporary && !question.objects) {
            tooCoarse = true;
            return;
        }
        String obstacle = null;
        if (!String.valueOf(question.backendPid).equals(row.get(1))) {
            // Somebody in between puts statements into whichever session is free.
            obstacle = "pooled-session";
        } else if (row.get(2) == null) {
            obstacle = "standby";
        } else if (temporary) {
            obstacle = "temporary-objects";
        } else if (!"on".equals(row.get(8))) {
            obstacle = "nonstandard-strings";
        }
        boolean utf8 = "UTF8".equals(row.get(9));
        try {
            Server server = question.server != null ? question.server : server(row, utf8);
            // Once made, a schema for temporary objects stays in the path; empty, it changes nothing.
            List<String> schemas = TextArray.elements(decode(text(row, 11), utf8)).stream()
                    .filter(schema -> !schema.startsWith("pg_temp"))
                    .toList();
            String names = row.get(10);
            answer = new Answer(
                    new SessionContext(
                            Shared.of(server.database + "\0" + String.join("\0", schemas) + "\0" + row.get(12)),
                            new Catalog(server.database, schemas),
                            obstacle == null ? server.epoch : "",
                            visible,
                            utf8,
                            obstacle),
                    position(row.get(2)),
                    "pooled-session".equals(obstacle) || server.epoch.isEmpty() ? null : server,
                    !question.prepared ? null : names == null ? Set.of() : Set.copyOf(TextArray.elements(names)));
        } catch (IllegalArgumentException malformed) {
            throw new ProtocolViolation("an answer that is not to be understood");
        }
    }

    private static Server server(List<@Nullable String> row, boolean utf8) throws ProtocolViolation {
        String walFile = row.get(4);
        return new Server(
                walFile == null ? "" : epoch(text(row, 3), walFile, text(row, 5)), decode(text(row, 6), utf8));
    }

    /** The last byte below an LSN, as it is written; past everything if there is none. */
    private static long position(@Nullable String lsn) {
        if (lsn == null) {
            return Long.MAX_VALUE;
        }
        int slash = lsn.indexOf('/');
        return (Long.parseLong(lsn, 0, Math.max(0, slash), 16) << 32)
                + Long.parseLong(lsn, slash + 1, lsn.length(), 16)
                - 1;
    }

    /** In any other encoding but UTF-8, what is not ASCII is not understood. */
    private static String decode(String latin1, boolean utf8) throws ProtocolViolation {
        byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        try {
            return (utf8 ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII)
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException foreign) {
            throw new ProtocolViolation("a name in another encoding");
        }
    }

    private static String text(List<@Nullable String> row, int at) throws ProtocolViolation {
        String text = row.get(at);
        if (text == null) {
            throw new ProtocolViolation("a null where there can be none");
        }
        return text;
    }

    private static String epoch(String system, String walFile, String startSeconds) {
        return system
                + "." + Integer.parseUnsignedInt(walFile.substring(0, 8), 16)
                + "." + new BigDecimal(startSeconds).movePointRight(6).toBigInteger();
    }
}
