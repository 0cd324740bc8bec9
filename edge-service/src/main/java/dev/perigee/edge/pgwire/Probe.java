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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

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
            /* perigee */ SELECT '%s', pg_catalog.pg_backend_pid(),
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE
             pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0'::pg_catalog.pg_lsn) END,
            (pg_catalog.pg_control_system()).system_identifier,
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE
             pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END,
            pg_catalog.extract('epoch', pg_catalog.pg_postmaster_start_time()),
            EXISTS (SELECT FROM pg_catalog.pg_cursor()) OR
            CASE WHEN pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN false ELSE
             EXISTS (SELECT FROM pg_catalog.pg_class c
                      WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()) OR
             EXISTS (SELECT FROM pg_catalog.pg_type t
                      WHERE t.typnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()) END,
            pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('client_encoding'),
            (SELECT pg_catalog.to_json(pg_catalog.array_agg(p.name)) FROM pg_catalog.pg_prepared_statement() p
              WHERE NOT p.from_sql),
            pg_catalog.current_database(), pg_catalog.to_json(pg_catalog.current_schemas(true)),
            pg_catalog.json_build_array(session_user, current_user%s)""";

    private static final JsonMapper JSON = JsonMapper.shared();

    private final String nonce;
    private final String sql;
    private final StreamPosition visible;
    private final long sentAt;
    private final int backendPid;
    private @Nullable Answer answer;

    /**
     * What the server said.
     *
     * @param position up to where the WAL had been written: at least where all that the session has committed is
     * @param prepared the names of statements prepared by messages
     */
    record Answer(SessionContext context, long position, Set<String> prepared) {}

    /**
     * Makes one.
     *
     * @param nonce that nobody can guess
     * @param visible what every snapshot sees that is taken from now on
     * @param sequence of the last thing forwarded before it
     * @param backendPid of the session, as the server has said at its start
     * @param custom names of further settings: of identifiers and dots
     */
    Probe(String nonce, StreamPosition visible, long sequence, int backendPid, Set<String> custom) {
        this.nonce = nonce;
        this.visible = visible;
        this.sentAt = sequence;
        this.backendPid = backendPid;
        StringBuilder settings = new StringBuilder();
        SETTINGS.forEach(name -> append(settings, name));
        custom.forEach(name -> append(settings, name));
        this.sql = SQL.formatted(nonce, settings);
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

    /** What came back; null if it was an error, or not to be understood. */
    @Nullable
    Answer answer() {
        return answer;
    }

    /** The row has come. */
    void row(ByteBuf message) throws ProtocolViolation {
        List<@Nullable String> row = BackendMessage.row(message);
        if (row.size() != 13 || !nonce.equals(row.get(0))) {
            throw new ProtocolViolation("an answer to another question");
        }
        String obstacle = null;
        if (!String.valueOf(backendPid).equals(row.get(1))) {
            // Somebody in between puts statements into whichever session is free.
            obstacle = "pooled-session";
        } else if (row.get(2) == null || row.get(4) == null) {
            obstacle = "standby";
        } else if ("t".equals(row.get(6))) {
            obstacle = "temporary-objects";
        } else if (!"on".equals(row.get(7))) {
            obstacle = "nonstandard-strings";
        }
        try {
            long position = row.get(2) == null ? Long.MAX_VALUE : Long.parseLong(text(row, 2)) - 1;
            boolean utf8 = "UTF8".equals(row.get(8));
            // Once made, a schema for temporary objects stays in the path; empty, it changes nothing.
            List<String> schemas = Stream.of(JSON.readValue(decode(text(row, 11), utf8), String[].class))
                    .filter(schema -> !schema.startsWith("pg_temp"))
                    .toList();
            Catalog catalog = new Catalog(decode(text(row, 10), utf8), schemas);
            String names = row.get(9);
            answer = new Answer(
                    new SessionContext(
                            Shared.of(
                                    catalog.database() + "\0" + JSON.writeValueAsString(schemas) + "\0" + row.get(12)),
                            catalog,
                            obstacle == null ? epoch(text(row, 3), text(row, 4), text(row, 5)) : "",
                            visible,
                            utf8,
                            obstacle),
                    position,
                    names == null ? Set.of() : Set.of(JSON.readValue(names, String[].class)));
        } catch (JacksonException | IllegalArgumentException malformed) {
            throw new ProtocolViolation("an answer that is not to be understood");
        }
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

    /** As home names it: system identifier, timeline, start in microseconds. */
    private static String epoch(String system, String walFile, String startSeconds) {
        return system
                + "." + Integer.parseUnsignedInt(walFile.substring(0, 8), 16)
                + "." + new BigDecimal(startSeconds).movePointRight(6).toBigInteger();
    }
}
