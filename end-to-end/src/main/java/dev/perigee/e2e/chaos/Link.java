package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A way over TCP from one process to another, through a proxy on loopback that does to it what networks do. Thread-safe. */
final class Link implements AutoCloseable {

    private static final int CHUNK = 16 * 1024;
    private static final int CHUNKS_UNDER_WAY = 64;

    /** How the network treats it. */
    enum Mode {
        OPEN,
        /** Connections end, and new ones are refused. */
        CUT,
        /** Nothing arrives, and all of it once the network is back: TCP sends it again. */
        STALLED,
        /** Nothing arrives any more, and nobody is told. */
        HALF_OPEN,
        /** What is asked arrives; answers do not, and nobody is told. */
        DEAF
    }

    /** With nothing in it: the end. */
    private record Chunk(ByteBuffer bytes, long due) {}

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Object changed = new Object();
    private volatile Mode mode = Mode.OPEN;
    private volatile long delayNanos;

    Link(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port());
    }

    /** Each way takes this long from now on. */
    void delay(long millis) {
        delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Connections that lost something are ended when the network is back, as a host that was away would end them. */
    void become(Mode next) {
        Mode before = mode;
        mode = next;
        synchronized (changed) {
            changed.notifyAll();
        }
        if (next == Mode.CUT || before == Mode.HALF_OPEN || before == Mode.DEAF) {
            open.forEach(Link::closeQuietly);
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (mode == Mode.CUT) {
                    client.close();
                    continue;
                }
                Socket upstream = new Socket();
                try {
                    upstream.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 2000);
                } catch (IOException refused) {
                    client.close();
                    continue;
                }
                open.add(client);
                open.add(upstream);
                client.setTcpNoDelay(true);
                upstream.setTcpNoDelay(true);
                pump(client, upstream, false);
                pump(upstream, client, true);
                if (mode == Mode.CUT) {
                    open.forEach(Link::closeQuietly);
                }
            } catch (IOException gone) {
                // That connection is lost; the next may do better.
            }
        }
    }

    private void pump(Socket from, Socket to, boolean answers) {
        BlockingQueue<Chunk> underWay = new ArrayBlockingQueue<>(CHUNKS_UNDER_WAY);
        daemon(() -> {
            try {
                InputStream in = from.getInputStream();
                int n = 0;
                while (n >= 0) {
                    byte[] bytes = new byte[CHUNK];
                    n = in.read(bytes);
                    underWay.put(new Chunk(ByteBuffer.wrap(bytes, 0, Math.max(0, n)), System.nanoTime() + delayNanos));
                }
            } catch (IOException gone) {
                end(from, to);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        daemon(() -> {
            try {
                OutputStream out = to.getOutputStream();
                for (Chunk chunk = underWay.take(); chunk.bytes().hasRemaining(); chunk = underWay.take()) {
                    TimeUnit.NANOSECONDS.sleep(chunk.due() - System.nanoTime());
                    awaitPassable(from);
                    if (mode != Mode.HALF_OPEN && !(answers && mode == Mode.DEAF)) {
                        out.write(chunk.bytes().array(), 0, chunk.bytes().limit());
                    }
                }
            } catch (IOException gone) {
                // The other direction ends with it.
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } finally {
                end(from, to);
                // Whoever waits to put more must find out.
                underWay.clear();
            }
        });
    }

    private void awaitPassable(Socket from) throws InterruptedException {
        synchronized (changed) {
            while (mode == Mode.STALLED && !from.isClosed()) {
                changed.wait(100);
            }
        }
    }

    private void end(Socket from, Socket to) {
        closeQuietly(from);
        closeQuietly(to);
        open.remove(from);
        open.remove(to);
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "link");
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException already) {
            // It is closed, which is what was wanted.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        become(Mode.CUT);
    }
}
