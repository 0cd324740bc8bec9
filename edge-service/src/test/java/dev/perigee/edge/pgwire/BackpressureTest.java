package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.RawClient.startup;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.Channel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever does not read is waited for, and what is meant for him stays where it comes from. */
@ExtendWith(NoLeaks.class)
class BackpressureTest {

    private static final int MB = 1024 * 1024;
    private static final int RESULT = 50 * MB;
    /** What fits into the buffers of sockets, of which there are four or six on the way; not 50 MB. */
    private static final int ON_THE_WAY = 25 * MB;
    /** What a channel may hold: its high watermark, what one read brings, and what becomes of that under TLS. */
    private static final int HELD = MB;

    private static final String ROWS = "SELECT repeat('x', 1000) FROM generate_series(1, 50000)";

    @TempDir
    static Path directory;

    static Postgres postgres;

    @BeforeAll
    static void start() throws Exception {
        postgres =
                Postgres.withTls(directory, new TestCertificates(directory).issue("server", "dns:localhost"), "server");
    }

    @AfterAll
    static void stop() throws Exception {
        postgres.close();
    }

    private static EdgeFixture edge(String way, String mode, TunnelHome home) {
        return EdgeFixture.relaying(way, mode, postgres, home);
    }

    private static void eventually(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
    }

    private static byte[] query(String sql) {
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(6 + text.length)
                .put((byte) 'Q')
                .putInt(5 + text.length)
                .put(text)
                .put((byte) 0)
                .array();
    }

    /** Reads messages until the one that says that the server is ready; the sum of their lengths. */
    private static long untilReady(InputStream in) throws IOException {
        byte[] head = new byte[5];
        long sum = 0;
        while (true) {
            if (in.readNBytes(head, 0, 5) < 5) {
                throw new IOException("closed");
            }
            int length = ByteBuffer.wrap(head).getInt(1) - 4;
            in.skipNBytes(length);
            sum += 5 + length;
            if (head[0] == 'Z') {
                return sum;
            }
        }
    }

    private static long pending(Channel channel) {
        CompletableFuture<Long> bytes = new CompletableFuture<>();
        channel.eventLoop()
                .execute(() -> bytes.complete(
                        channel.unsafe().outboundBuffer() == null
                                ? 0
                                : channel.unsafe().outboundBuffer().totalPendingWriteBytes()));
        return bytes.join();
    }

    @ParameterizedTest
    @CsvSource({"direct, disable", "direct, require", "home, disable", "home, require"})
    void aResultThatIsNotReadStaysAtTheServer(String way, String mode) throws Exception {
        try (TunnelHome home = new TunnelHome(postgres.port(), null);
                EdgeFixture edge = edge(way, mode, home);
                RawClient client = new RawClient(edge.port())) {
            client.send(startup("postgres"));
            InputStream in = client.socket().getInputStream();
            untilReady(in);
            Relay.FROM_DATABASE.set(0);
            client.send(query(ROWS));
            // What the server is at while it cannot get rid of the result.
            eventually(() -> assertThat(postgres.ask("SELECT state || ' ' || wait_event FROM pg_stat_activity"
                            + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))
                    .containsExactly("active ClientWrite"));
            eventually(() -> assertThat(Relay.last.client().isWritable()).isFalse());
            assertThat(Relay.FROM_DATABASE.get()).isLessThan(ON_THE_WAY);
            assertThat(pending(Relay.last.client())).isLessThan(HELD);
            assertThat(untilReady(in)).isEqualTo(Relay.FROM_DATABASE.get()).isGreaterThan(50_000_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"direct, disable", "direct, require", "home, disable", "home, require"})
    void whatTheServerDoesNotReadStaysAtTheClient(String way, String mode) throws Exception {
        try (TunnelHome home = new TunnelHome(postgres.port(), null);
                EdgeFixture edge = edge(way, mode, home);
                RawClient client = new RawClient(edge.port())) {
            client.send(startup("postgres"));
            untilReady(client.socket().getInputStream());
            Relay.FROM_CLIENT.set(0);
            client.send(query("SELECT pg_advisory_lock(6432), pg_sleep(60)"));
            OutputStream out = client.socket().getOutputStream();
            AtomicLong sent = new AtomicLong();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                byte[] statement = query("SELECT '" + "y".repeat(MB) + "'");
                try {
                    while (sent.get() < RESULT) {
                        out.write(statement);
                        sent.addAndGet(statement.length);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            eventually(
                    () -> assertThat(Relay.last.database.channel().isWritable()).isFalse());
            eventually(
                    () -> assertThat(Relay.last.client().config().isAutoRead()).isFalse());
            assertThat(Relay.FROM_CLIENT.get()).isLessThan(ON_THE_WAY);
            assertThat(pending(Relay.last.database.channel())).isLessThan(HELD);
            assertThat(sending).isNotDone();
            assertThat(postgres.ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE"
                            + " 'SELECT pg_advisory_lock%'"))
                    .containsExactly("t");
            InputStream in = client.socket().getInputStream();
            untilReady(in);
            long answers = 0;
            while (answers < RESULT) {
                answers += untilReady(in);
            }
            sending.join();
        }
    }
}
