package dev.perigee.home.tunnel;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/** A local port behind which the database seems to be: what comes in goes through a tunnel. */
final class Bridge implements AutoCloseable {

    private final ServerSocket server;
    private final URI tunnel;

    Bridge(int homePort) throws IOException {
        this.server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        this.tunnel = URI.create("ws://localhost:" + homePort + "/api/edge/tunnel");
        daemon(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                daemon(() -> carry(socket));
            }
        } catch (IOException closed) {
            // that is how it ends
        }
    }

    private void carry(Socket socket) {
        try (socket) {
            OutputStream out = socket.getOutputStream();
            WebSocket through = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .header("Authorization", "Bearer edge-token")
                    .buildAsync(tunnel, new WebSocket.Listener() {
                        @Override
                        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
                            byte[] bytes = new byte[data.remaining()];
                            data.get(bytes);
                            try {
                                out.write(bytes);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                            from.request(1);
                            return null;
                        }
                    })
                    .join();
            byte[] buffer = new byte[60_000];
            for (int n = socket.getInputStream().read(buffer);
                    n >= 0;
                    n = socket.getInputStream().read(buffer)) {
                through.sendBinary(ByteBuffer.wrap(buffer, 0, n), true).join();
            }
            // The database, told of the end by what was sent last, may have been faster.
            through.sendClose(WebSocket.NORMAL_CLOSURE, "")
                    .exceptionally(over -> through)
                    .join();
        } catch (IOException closed) {
            // that is how it ends
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "bridge");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
