package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.RawClient.packet;
import static dev.perigee.edge.pgwire.RawClient.startup;
import static dev.perigee.edge.pgwire.StartupNegotiation.CANCEL_REQUEST;
import static dev.perigee.edge.pgwire.StartupNegotiation.GSSENC_REQUEST;
import static dev.perigee.edge.pgwire.StartupNegotiation.SSL_REQUEST;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.InvalidEdgeProperty;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;

/** What a client may begin with, over real sockets; a session here sends back whatever it gets. */
@ExtendWith(NoLeaks.class)
class StartupNegotiationTest {

    private static final byte[] SSL = packet(SSL_REQUEST);
    private static final byte[] GSS = packet(GSSENC_REQUEST);

    @TempDir
    static Path directory;

    static TestCertificates certificates;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private EdgeFixture edge;
    private DefaultSslBundleRegistry bundles;

    @BeforeAll
    static void issue() {
        certificates =
                new TestCertificates(directory).issue("edge", "dns:localhost").issue("renewed", "dns:localhost");
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
        edge.close();
        assertThat(edge.connections.size()).isZero();
        assertThat(edge.connections.sessions()).isZero();
    }

    private void plain(String... settings) {
        edge = new EdgeFixture(new DefaultSslBundleRegistry(), List.of(), fixture -> Echo::new, settings);
    }

    private void withTls(String... settings) {
        bundles = TestCertificates.bundles("edge", certificates.key("edge"));
        List<String> all = new ArrayList<>(List.of("server-tls-bundle", "edge"));
        all.addAll(List.of(settings));
        edge = new EdgeFixture(bundles, List.of(), fixture -> Echo::new, all.toArray(String[]::new));
    }

    private RawClient connect() throws IOException {
        RawClient client = new RawClient(edge.port());
        opened.add(client);
        return client;
    }

    /** Sends back the startup packet, and then everything else. */
    private static final class Echo extends ChannelInboundHandlerAdapter {

        private final ByteBuf startup;
        private final ClientConnection client;

        Echo(ClientConnection client, ByteBuf startup) {
            this.client = client;
            this.startup = startup;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        public void handlerAdded(ChannelHandlerContext context) {
            context.writeAndFlush(startup);
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        public void channelRead(ChannelHandlerContext context, Object message) {
            client.started();
            context.writeAndFlush(message);
        }
    }

    private static void assertSession(RawClient client) throws IOException {
        byte[] startup = startup("somebody");
        client.send(startup);
        assertThat(client.read(startup.length)).isEqualTo(startup);
        client.send(new byte[] {1, 2, 3});
        assertThat(client.read(3)).containsExactly(1, 2, 3);
    }

    @Test
    void aSessionGetsTheStartupPacketAndEveryByteAfterIt() throws IOException {
        plain();
        byte[] all = ByteBuffer.allocate(1000).put(startup("somebody")).array();
        assertThat(connect().send(all).read(all.length)).isEqualTo(all);
    }

    @Test
    void packetsMayComeByteByByte() throws IOException {
        plain();
        RawClient client = connect();
        client.socket().setTcpNoDelay(true);
        for (byte one : SSL) {
            client.send(new byte[] {one});
        }
        assertThat(client.readByte()).isEqualTo('N');
        assertSession(client);
    }

    @Test
    void withoutACertificateNobodyGetsTls() throws IOException {
        plain();
        assertThat(connect().send(SSL).readByte()).isEqualTo('N');
        assertSession((RawClient) opened.get(0));
        assertThat(connect().send(new byte[] {0x16, 3, 1, 0, 100}).isClosed()).isTrue();
    }

    @Test
    void gssapiIsNotSpokenAndTlsMayBeAskedForAfterIt() throws IOException {
        withTls();
        RawClient client = connect().send(GSS);
        assertThat(client.readByte()).isEqualTo('N');
        assertThat(client.send(SSL).readByte()).isEqualTo('S');
        assertSession(client.tls(certificates.clientContext()));
    }

    @Test
    void gssapiMayBeAskedForAfterTlsWasRefused() throws IOException {
        plain();
        RawClient client = connect().send(SSL);
        assertThat(client.readByte()).isEqualTo('N');
        assertThat(client.send(GSS).readByte()).isEqualTo('N');
        assertSession(client);
    }

    @Test
    void nobodyIsAskedTwice() throws IOException {
        withTls();
        RawClient plain = connect().send(GSS);
        assertThat(plain.readByte()).isEqualTo('N');
        assertThat(plain.send(GSS).readFatal())
                .containsEntry('C', "0A000")
                .containsEntry('M', "unsupported frontend protocol 1234.5680: server supports 3.0 to 3.2");
        RawClient encrypted = connect().send(SSL);
        assertThat(encrypted.readByte()).isEqualTo('S');
        assertThat(encrypted.tls(certificates.clientContext()).send(SSL).readFatal())
                .containsEntry('S', "FATAL")
                .containsEntry('V', "FATAL")
                .containsEntry('M', "unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2");
    }

    @Test
    void whatCameInTheClearIsNotTakenForEncrypted() throws IOException {
        withTls();
        for (byte[] request : List.of(SSL, GSS)) {
            assertThat(connect().send(request, startup("mallory")).readFatal())
                    .containsEntry('C', "08P01")
                    .containsEntry(
                            'M',
                            "received unencrypted data after "
                                    + (request == SSL ? "SSL request" : "GSSAPI encryption request"));
        }
    }

    @Test
    void directTlsHasToNameTheProtocol() throws IOException {
        withTls();
        RawClient named = connect().tls(certificates.clientContext(), "postgresql");
        assertThat(((SSLSocket) named.socket()).getApplicationProtocol()).isEqualTo("postgresql");
        // Under TLS already: there is no more of it.
        assertThat(named.send(SSL).readByte()).isEqualTo('N');
        assertSession(named);

        RawClient unnamed = connect().tls(certificates.clientContext());
        assertThat(unnamed.isClosed()).isTrue();

        RawClient other = connect();
        assertThatThrownBy(() -> other.tls(certificates.clientContext(), "http/1.1"))
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("no_application_protocol");
    }

    @Test
    void aWrongProtocolIsRefusedUnderTlsThatWasAskedForToo() throws IOException {
        withTls();
        RawClient client = connect().send(SSL);
        assertThat(client.readByte()).isEqualTo('S');
        assertThatThrownBy(() -> client.tls(certificates.clientContext(), "http/1.1"))
                .isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void tlsCanBeRequired() throws IOException {
        withTls("require-tls", "true");
        assertThat(connect().send(startup("somebody")).readFatal()).containsEntry('C', "28000");
        RawClient client = connect().send(SSL);
        assertThat(client.readByte()).isEqualTo('S');
        assertSession(client.tls(certificates.clientContext(), "postgresql"));
    }

    @Test
    void aRenewedCertificateIsUsed() throws IOException {
        withTls();
        assertThat(certificateOfTheEdge()).isEqualTo("CN=edge");
        bundles.updateBundle("edge", certificates.key("renewed"));
        assertThat(certificateOfTheEdge()).isEqualTo("CN=renewed");
    }

    private String certificateOfTheEdge() throws IOException {
        RawClient client = connect().tls(certificates.clientContext(), "postgresql");
        X509Certificate shown =
                (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        return shown.getSubjectX500Principal().getName();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0002_0000, 0x0004_0000, 0, -1, 0x0001_0000})
    void otherProtocolsAreRefused(int code) throws IOException {
        plain();
        assertThat(connect().send(packet(code)).readFatal())
                .containsEntry('C', "0A000")
                .extractingByKey('M')
                .asString()
                .startsWith("unsupported frontend protocol " + (code >>> 16) + "." + (code & 0xffff) + ":");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 10_005, 0x0100_0000, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void lengthsThatCannotBeAreNotWaitedFor(int length) throws IOException {
        plain();
        byte[] head = ByteBuffer.allocate(4).putInt(length).array();
        assertThat(connect().send(head).isClosed()).isTrue();
    }

    @Test
    void theLongestStartupPacketIsTaken() throws IOException {
        plain();
        byte[] packet = packet(RawClient.PROTOCOL_3_0, new byte[9_996]);
        assertThat(connect().send(packet).read(packet.length)).isEqualTo(packet);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-x\r\n", "\u0000\u0000\u0000\u0000", "\r\n\r\n"})
    void whoSpeaksSomethingElseIsClosed(String said) throws IOException {
        withTls();
        assertThat(connect().send(said.getBytes(US_ASCII)).isClosed()).isTrue();
    }

    @Test
    void rubbishDoesNoHarm() throws IOException {
        withTls("startup-timeout", "300ms");
        SplittableRandom random = new SplittableRandom(6432);
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            byte[] rubbish = new byte[random.nextInt(1, 300)];
            random.nextBytes(rubbish);
            if (random.nextBoolean()) {
                rubbish[0] = 0x16;
            }
            clients.add(connect().send(rubbish));
        }
        for (RawClient each : clients) {
            while (!each.isClosed()) {
                // Some are told why, before.
            }
        }
        await().untilAsserted(() -> assertThat(edge.connections.size()).isZero());
        RawClient client = connect().tls(certificates.clientContext(), "postgresql");
        assertSession(client);
    }

    @Test
    void whoTakesTooLongIsClosed() throws IOException {
        withTls("startup-timeout", "200ms");
        assertThat(connect().isClosed()).isTrue();
        assertThat(connect().send(new byte[] {0, 0}).isClosed()).isTrue();
        RawClient inTls = connect().send(SSL);
        assertThat(inTls.readByte()).isEqualTo('S');
        assertThat(inTls.isClosed()).isTrue();
        // As long as the session has not said that its client is authenticated, too.
        byte[] startup = startup("somebody");
        RawClient inSession = connect().send(startup);
        assertThat(inSession.read(startup.length)).isEqualTo(startup);
        assertThat(inSession.isClosed()).isTrue();
    }

    @Test
    void whoIsAuthenticatedMayTakeAnyTime() throws IOException {
        plain("startup-timeout", "300ms");
        RawClient client = connect();
        assertSession(client);
        // Closed, by then, is whoever came later and did nothing.
        assertThat(connect().isClosed()).isTrue();
        client.send(new byte[] {4});
        assertThat(client.read(1)).containsExactly(4);
    }

    @Test
    void moreSessionsThanAllowedAreRefused() throws IOException {
        plain("max-connections", "2");
        assertSession(connect());
        RawClient second = connect();
        assertSession(second);
        assertThat(connect().send(startup("third")).readFatal())
                .containsEntry('C', "53300")
                .containsEntry('M', "sorry, too many clients already");
        // Not in the way of those who want to cancel something.
        assertThat(connect().send(packet(CANCEL_REQUEST, new byte[8])).isClosed())
                .isTrue();
        second.close();
        await().untilAsserted(() -> assertThat(edge.connections.sessions()).isOne());
        assertSession(connect());
    }

    @Test
    void ofThoseWhoDoNotBeginTheOldestIsClosed() throws IOException {
        plain("max-connections", "1");
        RawClient session = connect();
        assertSession(session);
        RawClient oldest = connect();
        // Each is accepted on an event loop of its own: before the others, it must have come in.
        await().until(() -> edge.connections.size() == 2);
        for (int i = 0; i < 64; i++) {
            connect();
        }
        assertThat(oldest.isClosed()).isTrue();
        session.send(new byte[] {5});
        assertThat(session.read(1)).containsExactly(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 257, 9_000})
    void requestsToCancelThatMakeNoSenseAreDropped(int keyLength) throws IOException {
        plain();
        assertThat(connect()
                        .send(packet(CANCEL_REQUEST, new byte[keyLength == 0 ? 0 : 4 + keyLength]))
                        .isClosed())
                .isTrue();
    }

    @Test
    void whoHasNotBegunIsToldOfTheShutdown() throws IOException {
        plain();
        RawClient client = connect().send(SSL);
        assertThat(client.readByte()).isEqualTo('N');
        edge.stop();
        Map<Character, String> fatal = client.readFatal();
        assertThat(fatal)
                .containsEntry('C', "57P01")
                .containsEntry('M', "terminating connection due to administrator command");
    }

    @Test
    void aSessionThatDoesNotEndIsClosed() throws IOException {
        plain();
        RawClient client = connect();
        assertSession(client);
        edge.stop();
        assertThat(client.isClosed()).isTrue();
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        plain();
        assertThatThrownBy(() -> new EdgeFixture(
                        new DefaultSslBundleRegistry(), List.of(), fixture -> Echo::new, "port", "" + edge.port()))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.edge.pgwire.port: cannot listen on 127.0.0.1:" + edge.port());
    }

    @Test
    void aBundleThatDoesNotExistIsNamed() {
        plain();
        assertThatThrownBy(() -> new EdgeFixture(
                        new DefaultSslBundleRegistry(),
                        List.of(),
                        fixture -> Echo::new,
                        "server-tls-bundle",
                        "nowhere"))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.edge.pgwire.server-tls-bundle", "nowhere");
    }
}
