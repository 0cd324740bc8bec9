package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the code makes of messages that PostgreSQL and its clients really send. */
class CodecTest {

    private static final Map<String, List<String>> CAPTURES = captures();

    /** By scene, its lines: {@code > } or {@code < } and hexadecimal digits. */
    private static Map<String, List<String>> captures() {
        Map<String, List<String>> scenes = new HashMap<>();
        List<String> scene = new ArrayList<>();
        try (InputStream in = CodecTest.class.getResourceAsStream("/pgwire/captures.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                if (line.startsWith("= ")) {
                    scene = new ArrayList<>();
                    scenes.put(line.substring(2), scene);
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    scene.add(line);
                }
            }
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
        return scenes;
    }

    private static List<byte[]> said(String scene, char side) {
        return CAPTURES.get(scene).stream()
                .filter(line -> line.charAt(0) == side)
                .map(line -> HexFormat.of().parseHex(line.substring(2)))
                .toList();
    }

    private static byte[] of(String scene, char side, char type) {
        return said(scene, side).stream()
                .filter(message -> message[0] == type)
                .findFirst()
                .orElseThrow();
    }

    private static ByteBuf wrap(byte[] message) {
        return Unpooled.wrappedBuffer(message);
    }

    /** Every session that was captured is followed to its end, and all of it gets through unchanged. */
    @Test
    void sessionsAreFollowed() {
        CAPTURES.forEach((scene, lines) -> {
            if (scene.startsWith("start ") || scene.startsWith("probe")) {
                return;
            }
            Peer peer = Peer.ready(new ReadsFixture());
            List<byte[]> heard = new ArrayList<>();
            for (String line : lines) {
                byte[] message = HexFormat.of().parseHex(line.substring(2));
                if (line.charAt(0) == '>') {
                    peer.say(message);
                } else {
                    peer.reply(message);
                }
                heard.addAll(peer.clientBytes());
                // Not the server's own answer: probes are not answered here.
                assertThat(peer.ended).as(scene).isNull();
            }
            if (!scene.equals("simple-set")) {
                assertThat(heard).as(scene).containsExactlyElementsOf(said(scene, '<'));
            }
            assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 100, 1000))
                    .as("%s is understood", scene)
                    .isEqualTo(101);
            peer.talk.close();
        });
    }

    @Test
    void clientsMessagesAreRead() throws ProtocolViolation {
        FrontendMessage.Parse parse = FrontendMessage.Parse.of(wrap(of("extended", '>', 'P')));
        assertThat(parse.name()).isEmpty();
        assertThat(new String(parse.sql(), StandardCharsets.UTF_8)).isEqualTo("select $1::int4 as n, $2::text as t");
        assertThat(parse.statement()).endsWith(0, 0, 1, 0, 0, 0, 23).hasSize(parse.sql().length + 7);
        FrontendMessage.Bind bind = FrontendMessage.Bind.of(wrap(of("extended-named", '>', 'B')));
        assertThat(bind.portal()).isEqualTo("p1");
        assertThat(bind.statement()).isEqualTo("s1");
        assertThat(bind.arguments()).containsExactly(0, 0, 0, 0, 0, 0);
        FrontendMessage.Bind names =
                FrontendMessage.Bind.namesOf(wrap(Arrays.copyOf(of("extended-named", '>', 'B'), 5 + 6)));
        assertThat(names.statement()).isEqualTo("s1");
        FrontendMessage.Execute execute = FrontendMessage.Execute.of(wrap(of("extended-named", '>', 'E')));
        assertThat(execute).isEqualTo(new FrontendMessage.Execute("p1", 2));
        assertThat(FrontendMessage.Execute.of(wrap(Wire.execute("", -1))).maxRows())
                .isZero();
        assertThat(FrontendMessage.Describe.of(wrap(of("extended-named", '>', 'D'))))
                .isEqualTo(new FrontendMessage.Describe(FrontendMessage.STATEMENT, "s1"));
        assertThat(FrontendMessage.Close.of(wrap(of("extended-named", '>', 'C'))))
                .isEqualTo(new FrontendMessage.Close(FrontendMessage.PORTAL, "p1"));
        assertThat(new String(
                        FrontendMessage.Query.of(wrap(of("simple-error", '>', 'Q')))
                                .sql(),
                        StandardCharsets.UTF_8))
                .isEqualTo("select 1/0");
        assertThat(FrontendMessage.nameAtHead(wrap(Wire.parse("n\u00e9", "select"))))
                .isEqualTo("n\u00c3\u00a9");
    }

    @Test
    void malformedMessagesAreRefusedWhereverTheyEnd() {
        byte[][] messages = {
            Wire.query("select 1"),
            Wire.parse("a", "select", 23),
            Wire.describePortal("a"),
            Wire.execute("a", 1),
            Wire.closeStatement("a")
        };
        for (byte[] message : messages) {
            for (int length = 5; length < message.length; length++) {
                byte[] cut = Arrays.copyOf(message, length);
                assertThatThrownBy(() -> decode(cut)).as(Wire.show(cut)).isInstanceOf(ProtocolViolation.class);
            }
            byte[] longer = Arrays.copyOf(message, message.length + 1);
            assertThatThrownBy(() -> decode(longer)).isInstanceOf(ProtocolViolation.class);
        }
        assertThatThrownBy(() -> decode(Wire.message('D', (byte) 'x', "a"))).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> decode(Wire.message('B', "a", new byte[] {'x'})))
                .isInstanceOf(ProtocolViolation.class);
    }

    private static Object decode(byte[] message) throws ProtocolViolation {
        return switch (message[0]) {
            case FrontendMessage.QUERY -> FrontendMessage.Query.of(wrap(message));
            case FrontendMessage.PARSE -> FrontendMessage.Parse.of(wrap(message));
            case FrontendMessage.BIND -> FrontendMessage.Bind.of(wrap(message));
            case FrontendMessage.DESCRIBE -> FrontendMessage.Describe.of(wrap(message));
            case FrontendMessage.EXECUTE -> FrontendMessage.Execute.of(wrap(message));
            default -> FrontendMessage.Close.of(wrap(message));
        };
    }

    @Test
    void errorsThatEndTheSessionAreTold() {
        assertThat(ErrorResponse.isFatal(wrap(of("fatal", '<', 'E')))).isTrue();
        assertThat(ErrorResponse.isFatal(wrap(of("simple-error", '<', 'E')))).isFalse();
        assertThat(ErrorResponse.isFatal(wrap(Wire.error("PANIC", "XX000")))).isTrue();
        assertThat(ErrorResponse.isFatal(wrap(Wire.message('E', (byte) 'S', "FATAL", (byte) 0))))
                .as("the localized severity says nothing")
                .isFalse();
        byte[] fatal = Wire.error("FATAL", "57P01");
        for (int length = 5; length < fatal.length; length++) {
            ErrorResponse.isFatal(wrap(Arrays.copyOf(fatal, length)));
        }
        ByteBuf ours =
                ErrorResponse.shutdown().withDetail("a\0b").withHint("c").encode(UnpooledByteBufAllocator.DEFAULT);
        assertThat(ErrorResponse.isFatal(ours)).isTrue();
        assertThat(ours.getInt(1)).isEqualTo(ours.readableBytes() - 1);
        ours.release();
    }

    @Test
    void ourMessagesAreThoseOfPostgreSQL() {
        assertThat(ByteBufUtil.getBytes(BackendMessage.readyForQuery())).isEqualTo(of("simple-select", '<', 'Z'));
        assertThat(ByteBufUtil.getBytes(BackendMessage.parseComplete())).isEqualTo(of("extended", '<', '1'));
        assertThat(ByteBufUtil.getBytes(BackendMessage.bindComplete())).isEqualTo(of("extended", '<', '2'));
        assertThat(ByteBufUtil.getBytes(BackendMessage.closeComplete())).isEqualTo(of("extended-named", '<', '3'));
        assertThat(ByteBufUtil.getBytes(BackendMessage.portalSuspended())).isEqualTo(of("extended-named", '<', 's'));
        ByteBuf out = Unpooled.buffer();
        BackendMessage.writeCommandComplete(out, "SELECT 3");
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(of("simple-select", '<', 'C'));
        out.clear();
        BackendMessage.writeNoParameters(out);
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(of("extended-no-data", '<', 't'));
        out.clear();
        BackendMessage.writeRow(out, Arrays.asList("1", "x1", null));
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(of("simple-select", '<', 'D'));
        out.clear();
        BackendMessage.writeTextColumns(out, List.of("a", "b"));
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(Wire.columns("a", "b"));
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
        ByteBuf query = BackendMessage.query(allocator, "select 1/0");
        assertThat(ByteBufUtil.getBytes(query)).isEqualTo(of("simple-error", '>', 'Q'));
        query.release();
        byte[] parse = of("extended", '>', 'P');
        ByteBuf parsed = BackendMessage.parse(allocator, "", Arrays.copyOfRange(parse, 6, parse.length));
        assertThat(ByteBufUtil.getBytes(parsed)).isEqualTo(parse);
        parsed.release();
    }

    @Test
    void rowsAreRead() throws ProtocolViolation {
        byte[] row = of("simple-select", '<', 'D');
        assertThat(BackendMessage.row(wrap(row))).containsExactly("1", "x1", null);
        for (int length = 5; length < row.length; length++) {
            byte[] cut = Arrays.copyOf(row, length);
            assertThatThrownBy(() -> BackendMessage.row(wrap(cut))).isInstanceOf(ProtocolViolation.class);
        }
    }

    /** What PostgreSQL gives to Executes of a portal is what a stored result gives to the same. */
    @Test
    void storedResultsAreReadAsPostgreSQLsPortalsAre() {
        assertPortal("extended-named", "p1");
        assertPortal("portal-exact", "");
        assertPortal("portal-none", "");
        assertPortal("portal-then-all", "");
        assertPortal("portal-all-twice", "");
    }

    private static void assertPortal(String scene, String portal) {
        List<byte[]> rows =
                said(scene, '<').stream().filter(message -> message[0] == 'D').toList();
        byte[] stored = Wire.join(
                Wire.columns("g"), Wire.join(rows.toArray(byte[][]::new)), Wire.complete("SELECT " + rows.size()));
        StoredResult result = new StoredResult(stored);
        ByteBuf out = Unpooled.buffer();
        for (byte[] message : said(scene, '>')) {
            if (message[0] == 'E') {
                ByteBuf execute = wrap(message).skipBytes(5 + portal.length() + 1);
                result.execute(execute.readInt(), out);
            }
        }
        List<byte[]> expected = said(scene, '<').stream()
                .filter(message -> "DCs".indexOf(message[0]) >= 0)
                .toList();
        assertThat(Wire.split(ByteBufUtil.getBytes(out))).as(scene).containsExactlyElementsOf(expected);
        assertThat(result.isDescribed()).isTrue();
        assertThat(ByteBufUtil.getBytes(result.description())).isEqualTo(Wire.columns("g"));
        assertThat(ByteBufUtil.getBytes(result.all())).isEqualTo(stored);
    }

    @Test
    void aResultWithoutADescriptionHasNone() {
        StoredResult result = new StoredResult(Wire.join(Wire.row("1"), Wire.complete("SELECT 1")));
        assertThat(result.isDescribed()).isFalse();
        ByteBuf out = Unpooled.buffer();
        result.execute(0, out);
        assertThat(Wire.show(Wire.split(ByteBufUtil.getBytes(out)))).containsExactly("D1", "CSELECT 1");
    }

    private static Probe.Answer probed(String scene, Set<String> custom) throws ProtocolViolation {
        byte[] row = of(scene, '<', 'D');
        List<String> values = BackendMessage.row(wrap(row));
        Probe probe = new Probe(
                "0123456789abcdef0123456789abcdef",
                ReadsFixture.at(7),
                3,
                new Probe.Question(Integer.parseInt(values.get(1)), null, true, true, custom));
        // The nonce is of as many letters.
        String nonce =
                probe.sql().substring(probe.sql().indexOf('\'') + 1, probe.sql().indexOf('\'') + 33);
        ByteBuf changed = Unpooled.copiedBuffer(row);
        changed.setBytes(5 + 2 + 4, nonce.getBytes(StandardCharsets.US_ASCII));
        probe.row(changed);
        assertThat(probe.sentAt()).isEqualTo(3);
        return probe.answer();
    }

    @Test
    void probesAreUnderstood() throws ProtocolViolation {
        Probe.Answer answer = probed("probe", Set.of());
        assertThat(answer.context().obstacle()).isNull();
        assertThat(answer.context().catalog()).isEqualTo(new Catalog("app", List.of("pg_catalog", "public")));
        assertThat(answer.context().epoch()).matches("[0-9]{15,20}\\.1\\.[0-9]{16}");
        assertThat(answer.context().readAt()).isEqualTo(ReadsFixture.at(7));
        assertThat(answer.context().speaksUtf8()).isTrue();
        assertThat(answer.position()).isPositive();
        assertThat(answer.prepared()).isEmpty();
        Probe.Answer prepared = probed("probe-prepared", Set.of());
        assertThat(prepared.prepared()).containsExactlyInAnyOrder("s 1", "na\u00c3\u00afve");
        assertThat(prepared.context().catalog().schemas()).containsExactly("pg_catalog", "public", "weird \"x");
        assertThat(prepared.context().identity()).isNotEqualTo(answer.context().identity());
        assertThat(probed("probe-temporary", Set.of()).context().obstacle()).isEqualTo("temporary-objects");
        Probe.Answer latin1 = probed("probe-latin1", Set.of());
        assertThat(latin1.context().speaksUtf8()).isFalse();
        assertThat(latin1.context().identity()).isNotEqualTo(answer.context().identity());
        assertThat(probed("probe-strings", Set.of()).context().obstacle()).isEqualTo("nonstandard-strings");
        assertThat(said("probe-failed-block", '<')).noneMatch(message -> message[0] == 'D' && message.length > 50);
    }

    @Test
    void aProbeAsksForCustomSettingsToo() {
        Probe probe = new Probe(
                "0123456789abcdef0123456789abcdef",
                ReadsFixture.at(7),
                3,
                new Probe.Question(1, null, false, false, Set.of("my.app")));
        assertThat(probe.sql()).contains("pg_catalog.current_setting('my.app', true)");
        assertThat(probe.answer()).isNull();
        assertThatThrownBy(() -> probe.row(wrap(Wire.row("1")))).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void keysAreEqualOnlyIfEverythingIs() {
        SessionContext context = new SessionContext("one", ReadsFixture.CATALOG, "e", ReadsFixture.at(1), true, null);
        SessionContext same = new SessionContext("one", ReadsFixture.CATALOG, "f", ReadsFixture.at(2), false, "x");
        SessionContext other = new SessionContext("two", ReadsFixture.CATALOG, "e", ReadsFixture.at(1), true, null);
        byte[] one = {'s', 0, 0, 0};
        byte[] typed = {'s', 0, 0, 1, 0, 0, 0, 23};
        byte[] args = {0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 'x', -1, -1, -1, -1, 0, 0};
        byte[] binary = {0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 'x', -1, -1, -1, -1, 0, 1, 0, 1};
        WireKey key = WireKey.extended(context, one, args, 0);
        assertThat(key)
                .isEqualTo(WireKey.extended(same, one.clone(), args.clone(), 0))
                .hasSameHashCodeAs(WireKey.extended(same, one.clone(), args.clone(), 0))
                .isNotEqualTo(WireKey.extended(other, one, args, 0))
                .isNotEqualTo(WireKey.extended(context, typed, args, 0))
                .isNotEqualTo(WireKey.extended(context, one, binary, 0))
                .isNotEqualTo(WireKey.simple(context, one))
                .isNotEqualTo(null);
        assertThat(WireKey.simple(context, new byte[] {'s'})).isEqualTo(WireKey.simple(same, new byte[] {'s'}));
        assertThat(key.paramCount()).isEqualTo(2);
        assertThat(key.sql()).isEqualTo("s");
        assertThat(key.weight()).isGreaterThan(one.length + args.length);
        assertThat(WireKey.simple(context, one).paramCount()).isZero();
        assertThat(WireKey.extended(context, one, new byte[] {0, 9, 0, 0}, 0).paramCount())
                .isZero();
        assertThat(WireKey.extended(context, one, new byte[] {0, 0, 1, 1}, 0).paramCount())
                .isEqualTo(257);
    }
}
