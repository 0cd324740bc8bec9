package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.query.QueryMetrics;
import dev.perigee.model.EdgeStats;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/** Both ends of one session, by hand: says what client and server say, and collects what they get. */
final class Peer implements Conversation.Ends {

    static final int PID = 4711;

    final ReadsFixture fixture;
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final Conversation talk;
    final Deque<Runnable> tasks = new ArrayDeque<>();
    /** What the client has sent while it had to wait. */
    final Deque<byte[]> waiting = new ArrayDeque<>();

    String ended;
    private final List<byte[]> toClient = new ArrayList<>();
    private final List<byte[]> toServer = new ArrayList<>();

    Peer(ReadsFixture fixture) {
        this(fixture, fixture.reads(), false);
    }

    Peer(ReadsFixture fixture, WireReads reads, boolean passing) {
        this.fixture = fixture;
        PerigeeStatements about = new PerigeeStatements(
                () -> new EdgeStats(3, 1, 0, 2, 1000, 100_000L, 0L),
                () -> fixture.view,
                InstantSource.fixed(Instant.EPOCH),
                fixture.now::get);
        QueryMetrics metrics = new QueryMetrics(registry, new Traffic(fixture.cache), "pgwire");
        talk = new Conversation(reads, about, metrics, this, PID, passing);
    }

    /** A session whose first probe has been answered. */
    static Peer ready(ReadsFixture fixture) {
        Peer peer = new Peer(fixture);
        peer.start();
        return peer;
    }

    void start() {
        talk.start();
        answerProbe();
        assertThat(client()).containsExactly("ZI");
    }

    @Override
    public ByteBufAllocator allocator() {
        return allocator;
    }

    @Override
    public Executor thread() {
        return tasks::add;
    }

    @Override
    public void toClient(ByteBuf bytes) {
        toClient.addAll(Wire.split(take(bytes)));
    }

    @Override
    public void toServer(ByteBuf bytes) {
        toServer.addAll(Wire.split(take(bytes)));
    }

    private static byte[] take(ByteBuf bytes) {
        byte[] copy = ByteBufUtil.getBytes(bytes);
        bytes.release();
        return copy;
    }

    @Override
    public void resume() {
        tasks.add(this::drain);
    }

    @Override
    public void end(String sqlState, String message) {
        ended = sqlState;
        talk.close();
    }

    private void drain() {
        while (!waiting.isEmpty() && talk.isReady()) {
            byte[] message = waiting.poll();
            talk.message(message[0], allocator.buffer().writeBytes(message), true);
        }
    }

    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** The client sends these. */
    Peer say(byte[]... messages) {
        waiting.addAll(List.of(messages));
        drain();
        runTasks();
        return this;
    }

    /** The client sends the beginning of a message that is too large to be looked into. */
    void sayHead(byte[] head) {
        talk.message(head[0], allocator.buffer().writeBytes(head), false);
    }

    /** The server sends these. */
    Peer reply(byte[]... messages) {
        for (byte[] message : messages) {
            reply(message, true);
        }
        runTasks();
        return this;
    }

    void reply(byte[] message, boolean whole) {
        ByteBuf bytes = allocator.buffer().writeBytes(message);
        if (talk.received(message[0], bytes, whole)) {
            toClient.add(message);
        }
        bytes.release();
    }

    /** What the client has got since it was last asked. */
    List<String> client() {
        List<String> shown = Wire.show(toClient);
        toClient.clear();
        return shown;
    }

    List<byte[]> clientBytes() {
        List<byte[]> all = List.copyOf(toClient);
        toClient.clear();
        return all;
    }

    /** What the server has got since it was last asked; a probe is just {@code probe}. */
    List<String> server() {
        List<String> shown = toServer.stream()
                .map(message -> isProbe(message) ? "probe" : Wire.show(message))
                .toList();
        toServer.clear();
        return shown;
    }

    /** The text of the probe that the server has got last. */
    String probe() {
        return toServer.stream()
                .filter(Peer::isProbe)
                .map(Wire::show)
                .reduce((one, other) -> other)
                .orElseThrow();
    }

    private static boolean isProbe(byte[] message) {
        return Wire.show(message).startsWith("Q/* perigee */");
    }

    /** The nonce of the probe that the server has got last. */
    String nonce() {
        String sql = probe();
        int at = sql.indexOf('\'') + 1;
        return sql.substring(at, sql.indexOf('\'', at));
    }

    /** The row of a probe as the server would give it, but for columns given as number and value. */
    String[] probed(Object... other) {
        Map<Integer, String> columns = new TreeMap<>();
        String[] usual = {
            nonce(),
            String.valueOf(PID),
            "0/3D",
            "7",
            "000000010000000000000001",
            "1.000000",
            "app",
            "f",
            "on",
            "UTF8",
            null,
            "{public}",
            "[\"u\",\"u\"]"
        };
        for (int i = 0; i < usual.length; i++) {
            columns.put(i, usual[i]);
        }
        for (int i = 0; i < other.length; i += 2) {
            columns.put((Integer) other[i], (String) other[i + 1]);
        }
        return columns.values().toArray(String[]::new);
    }

    /** The server answers a probe. */
    Peer answerProbe(Object... other) {
        String[] row = probed(other);
        toServer.removeIf(Peer::isProbe);
        return reply(Wire.columns("x"), Wire.row(row), Wire.complete("SELECT 1"), Wire.READY);
    }

    /** A read is sent, and answered by one row; the client gets it. */
    void readBySimple(String sql, String value) {
        say(Wire.query(sql));
        assertThat(server()).containsExactly("Q" + sql);
        reply(Wire.columns("x"), Wire.row(value), Wire.complete("SELECT 1"), Wire.READY);
        assertThat(client()).containsExactly(Wire.show(Wire.columns("x")), "D" + value, "CSELECT 1", "ZI");
    }

    double misses(String reason) {
        return count("perigee.edge.misses", reason);
    }

    double bypasses(String reason) {
        return count("perigee.edge.bypasses", reason);
    }

    private double count(String name, String reason) {
        return registry.find(name).tag("reason", reason).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    double hits() {
        return registry.get("perigee.edge.hits")
                .tag("freshness", "fresh")
                .counter()
                .count();
    }

    /** The session is over, and all memory is given back. */
    void close() {
        talk.close();
        assertThat(allocator.metric().usedHeapMemory())
                .as("bytes not given back")
                .isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }
}
