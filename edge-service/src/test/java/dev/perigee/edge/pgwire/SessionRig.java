package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.query.QueryMetrics;
import dev.perigee.model.EdgeStats;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import org.springframework.util.unit.DataSize;

/** A session between two channels of which the test holds the other ends. */
@SuppressWarnings("FutureReturnValueIgnored") // channels that are embedded close at once
final class SessionRig implements Upstream {

    private static final byte[] STARTUP = startup();

    private static byte[] startup() {
        byte[] parameters = Wire.message('x', "user", "u", (byte) 0);
        return Wire.join(
                Unpooled.copyInt(parameters.length + 3, 3 << 16).array(),
                Arrays.copyOfRange(parameters, 5, parameters.length));
    }

    /** What a server says to somebody it lets in. */
    static final byte[] WELCOME = Wire.join(
            Wire.message('R', 0),
            Wire.message('S', "server_version", "18"),
            Wire.message('K', Peer.PID, 42),
            Wire.READY);

    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final EmbeddedChannel client = new EmbeddedChannel();
    final EmbeddedChannel server = new EmbeddedChannel();

    SessionRig(ReadsFixture fixture) throws ProtocolViolation {
        client.config().setAllocator(allocator);
        server.config().setAllocator(allocator);
        Sessions sessions = new Sessions(
                this,
                fixture.reads(),
                new PerigeeStatements(
                        () -> new EdgeStats(0, 0, 0, 0, 0, 1L, 0L),
                        () -> fixture.view,
                        InstantSource.fixed(Instant.EPOCH),
                        fixture.now::get),
                new QueryMetrics(registry, new Traffic(fixture.cache), "pgwire"),
                new CancelRegistry(this, new CancelSender(Duration.ofSeconds(1))),
                new PgWireProperties(
                        true,
                        null,
                        0,
                        "home",
                        null,
                        null,
                        null,
                        null,
                        false,
                        10,
                        Duration.ofSeconds(1),
                        Duration.ZERO,
                        Duration.ofSeconds(1),
                        DataSize.ofMegabytes(1),
                        DataSize.ofKilobytes(100),
                        true),
                Counter.builder("a").register(registry),
                Counter.builder("b").register(registry));
        client.pipeline()
                .addLast(new ClientSession(
                        new ClientConnection(client, () -> {}),
                        new Startup(Unpooled.wrappedBuffer(STARTUP)),
                        sessions));
        run();
        assertThat(taken(server)).isEqualTo(STARTUP);
    }

    @Override
    public List<Attempt> attempts() {
        return List.of(Attempt.PLAIN);
    }

    @Override
    public Future<Connection> connect(EventLoop loop, Attempt attempt) {
        return loop.newSucceededFuture(new Connection(server, other -> other.newFailedFuture(new Exception()), false));
    }

    @Override
    public Route routeOfStrangers() {
        return null;
    }

    void run() {
        client.runPendingTasks();
        server.runPendingTasks();
        client.runPendingTasks();
        client.checkException();
        server.checkException();
    }

    void send(EmbeddedChannel to, byte[] bytes) {
        if (to.isOpen()) {
            to.writeInbound(allocator.buffer().writeBytes(bytes));
        }
        run();
    }

    static byte[] taken(EmbeddedChannel from) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf some = from.readOutbound(); some != null; some = from.readOutbound()) {
            all.writeBytes(some);
            some.release();
        }
        return ByteBufUtil.getBytes(all);
    }

    /** The server answers everything that has come, and so on until nothing comes any more: what the client gets of it. */
    byte[] answered(FakePostgres by) {
        for (byte[] bytes = taken(server); bytes.length > 0; bytes = taken(server)) {
            ByteBuf answers = Unpooled.buffer();
            for (byte[] message : Wire.split(bytes)) {
                by.answer(message).forEach(answers::writeBytes);
            }
            send(server, ByteBufUtil.getBytes(answers));
        }
        return taken(client);
    }

    void close() {
        client.close();
        run();
        taken(client);
        taken(server);
        assertThat(server.isOpen()).isFalse();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        assertThat(allocator.metric().usedHeapMemory())
                .as("bytes not given back")
                .isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }
}
