package dev.perigee.edge.pgwire;

import dev.perigee.edge.pgwire.Upstream.Route;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The keys by which clients may have cancelled what their sessions run, and the way each of those sessions took to the
 * database: a CancelRequest comes over a connection of its own. Thread-safe.
 */
final class CancelRegistry {

    /** Length, code, process id. */
    private static final int BEFORE_KEY = 12;

    private static final int PROCESS_ID_AT = 8;
    /** As many bytes as protocol 3.0 has; 3.2 has up to {@link #LONGEST_KEY}. */
    private static final int SHORTEST_KEY = 4;

    private static final int LONGEST_KEY = 256;

    private final Upstream upstream;
    private final CancelSender sender;
    /** Of several servers, two processes may have the same id. */
    private final Map<Integer, List<Entry>> entries = new ConcurrentHashMap<>();

    /** That a key is known here. */
    @FunctionalInterface
    interface Registration {
        /** Forgets it; a second time, does nothing. */
        void remove();
    }

    private static final class Entry {

        private final byte[] key;
        private final Route route;

        Entry(byte[] key, Route route) {
            this.key = key;
            this.route = route;
        }
    }

    CancelRegistry(Upstream upstream, CancelSender sender) {
        this.upstream = upstream;
        this.sender = sender;
    }

    /**
     * A session has got its BackendKeyData.
     *
     * @param key the secret key, 4 to 256 bytes
     * @param route of the connection it came over
     */
    Registration register(int processId, byte[] key, Route route) {
        Entry entry = new Entry(key.clone(), route);
        entries.compute(processId, (id, others) -> {
            List<Entry> all = others == null ? new CopyOnWriteArrayList<>() : others;
            all.add(entry);
            return all;
        });
        return () -> entries.computeIfPresent(processId, (id, all) -> {
            all.remove(entry);
            return all.isEmpty() ? null : all;
        });
    }

    int size() {
        return entries.values().stream().mapToInt(List::size).sum();
    }

    /**
     * Sends a request on by the route of the session it is for.
     *
     * @param request the whole packet, its length included; read before this returns
     * @return done when nothing more will be done, whatever came of it: nobody is told, as by PostgreSQL
     */
    Future<?> cancel(EventLoop loop, ByteBuf request) {
        int keyLength = request.readableBytes() - BEFORE_KEY;
        if (keyLength < SHORTEST_KEY || keyLength > LONGEST_KEY) {
            return loop.newSucceededFuture(null);
        }
        byte[] packet = ByteBufUtil.getBytes(request);
        byte[] key = ByteBufUtil.getBytes(request, request.readerIndex() + BEFORE_KEY, keyLength);
        Route route = route(request.getInt(request.readerIndex() + PROCESS_ID_AT), key);
        return route == null ? loop.newSucceededFuture(null) : sender.send(route, loop, packet);
    }

    private @Nullable Route route(int processId, byte[] key) {
        for (Entry entry : entries.getOrDefault(processId, List.of())) {
            if (MessageDigest.isEqual(entry.key, key)) {
                return entry.route;
            }
        }
        return upstream.routeOfStrangers();
    }
}
