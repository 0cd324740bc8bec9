package dev.perigee.home.tunnel;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** An edge's end of a tunnel, that reads as much as it is told to. */
final class TunnelClient implements WebSocket.Listener, AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    final AtomicLong received = new AtomicLong();
    final AtomicInteger pings = new AtomicInteger();
    final AtomicInteger largest = new AtomicInteger();
    final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private final boolean reading;
    private WebSocket socket;

    private TunnelClient(boolean reading) {
        this.reading = reading;
    }

    static TunnelClient open(int port, String token) {
        return open(port, token, true);
    }

    static TunnelClient open(int port, String token, boolean reading) {
        TunnelClient client = new TunnelClient(reading);
        client.socket = HTTP.newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .connectTimeout(Duration.ofSeconds(10))
                .buildAsync(URI.create("ws://localhost:" + port + "/api/edge/tunnel"), client)
                .join();
        return client;
    }

    @Override
    public void onOpen(WebSocket opened) {
        if (reading) {
            opened.request(1);
        }
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        largest.accumulateAndGet(data.remaining(), Math::max);
        received.addAndGet(data.remaining());
        synchronized (text) {
            if (text.length() < 100_000) {
                text.append(StandardCharsets.ISO_8859_1.decode(data));
            }
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        pings.incrementAndGet();
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.completeExceptionally(error);
    }

    int closeCode() {
        return closed.orTimeout(10, TimeUnit.SECONDS).join();
    }

    String text() {
        synchronized (text) {
            return text.toString();
        }
    }

    void read() {
        socket.request(1);
    }

    CompletableFuture<WebSocket> send(byte[] bytes) {
        return socket.sendBinary(ByteBuffer.wrap(bytes), true);
    }

    CompletableFuture<WebSocket> sendText(String words) {
        return socket.sendText(words, true);
    }

    /** Logs in, without a password. */
    TunnelClient login(String name) {
        byte[] parameters = ("user\0postgres\0database\0postgres\0application_name\0" + name + "\0\0")
                .getBytes(StandardCharsets.ISO_8859_1);
        send(message(null, 196_608, parameters)).join();
        return this;
    }

    void query(String sql) {
        send(query(sql.getBytes(StandardCharsets.ISO_8859_1))).join();
    }

    static byte[] query(byte[] sql) {
        byte[] terminated = new byte[sql.length + 1];
        System.arraycopy(sql, 0, terminated, 0, sql.length);
        return message('Q', null, terminated);
    }

    private static byte[] message(Character type, Integer version, byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            if (type != null) {
                out.writeByte(type);
            }
            out.writeInt(4 + (version == null ? 0 : 4) + content.length);
            if (version != null) {
                out.writeInt(version);
            }
            out.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    void abort() {
        socket.abort();
    }

    @Override
    public void close() {
        // Home may have closed first.
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                .exceptionally(closed -> socket)
                .join();
    }
}
