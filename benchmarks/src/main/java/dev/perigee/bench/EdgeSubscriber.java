package dev.perigee.bench;

import dev.perigee.edge.link.EdgePace;
import dev.perigee.model.Bookmark;
import dev.perigee.model.Hello;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.web.WireJson;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** As an edge is towards home, with nothing behind it. */
final class EdgeSubscriber extends Subscriber {

    /** What all of them know. For one event loop. */
    static final class Shared {

        private final String token;
        private final Timeline timeline;
        private final Deliveries deliveries;
        private final Acknowledgements acks;
        private final LongObjectMap<Integer> numbers = new LongObjectHashMap<>();
        private long frames;

        Shared(String token, Timeline timeline, Deliveries deliveries, Acknowledgements acks) {
            this.token = token;
            this.timeline = timeline;
            this.deliveries = deliveries;
            this.acks = acks;
        }

        /** How many frames of any kind all of them have read. */
        long frames() {
            return frames;
        }

        private int number(long version, String data) {
            Integer known = numbers.get(version);
            if (known == null) {
                known = timeline.committedAt(WireJson.tolerant()
                        .readValue(data, InvalidationEvent.class)
                        .committedAt());
                numbers.put(version, known);
            }
            return known;
        }

        private boolean knows(long version) {
            return numbers.containsKey(version);
        }
    }

    private final String id;
    private final Shared shared;
    private @Nullable EdgePace pace;
    private long generation;
    private String epoch = "";
    private long cursor = -1;
    private int proof;

    EdgeSubscriber(String id, Shared shared) {
        this.id = id;
        this.shared = shared;
    }

    @Override
    String request() {
        return "GET /api/edge/subscribe?region=bench&base_url=http://127.0.0.1:1&edge_id=" + id
                + " HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nAuthorization: Bearer " + shared.token
                + "\r\n\r\n";
    }

    @Override
    boolean ready() {
        return cursor >= 0;
    }

    @Override
    void event(ChannelHandlerContext context, ByteBuf lines) {
        shared.frames++;
        long version = -1;
        byte kind = 0;
        int dataFrom = 0;
        int dataTo = 0;
        int at = lines.readerIndex();
        int end = lines.writerIndex();
        while (at < end) {
            int next = lines.indexOf(at, end, (byte) '\n');
            switch (lines.getByte(at)) {
                case 'i' -> version = version(lines, next);
                case 'e' -> kind = lines.getByte(at + "event:".length());
                case 'd' -> {
                    dataFrom = at + "data:".length();
                    dataTo = next;
                }
                default -> {}
            }
            at = next + 1;
        }
        apply(kind, version, lines.slice(dataFrom, dataTo - dataFrom));
    }

    private void apply(byte kind, long version, ByteBuf data) {
        long now = System.nanoTime();
        boolean proves = false;
        if (kind == Hello.EVENT.charAt(0)) {
            Hello hello = WireJson.tolerant().readValue(data.toString(StandardCharsets.UTF_8), Hello.class);
            generation = hello.generation();
            epoch = hello.epoch();
            pace = new EdgePace(
                    hello.window(), Duration.ofMillis(hello.heartbeatMs()).toNanos(), generation, now);
        } else if (kind == InvalidationEvent.EVENT.charAt(0)) {
            String text = shared.knows(version) ? "" : data.toString(StandardCharsets.UTF_8);
            has(shared.number(version, text), shared.deliveries);
            if (pace != null) {
                pace.appliedInvalidation(now);
            }
        } else if (kind == Bookmark.EVENT.charAt(0)) {
            int asOf = asOf(data);
            proves = asOf != proof;
            proof = asOf;
        } else if (kind == 'r') {
            proves = true;
        }
        if (version >= 0 && pace != null) {
            cursor = version;
            pace.applied(now, proves);
            tick(now);
        }
    }

    /** The last digits of the id. */
    private static long version(ByteBuf lines, int end) {
        long version = 0;
        int from = end;
        while (lines.getByte(from - 1) != ':') {
            from--;
        }
        for (int i = from; i < end; i++) {
            version = version * 10 + lines.getByte(i) - '0';
        }
        return version;
    }

    /** The time stands at the end of a bookmark: its last bytes tell two of them apart. */
    private static int asOf(ByteBuf data) {
        int hash = 0;
        for (int i = Math.max(data.readerIndex(), data.writerIndex() - 20); i < data.writerIndex(); i++) {
            hash = 31 * hash + data.getByte(i);
        }
        return hash;
    }

    @Override
    void tick(long now) {
        EdgePace acks = pace;
        if (acks != null && cursor >= 0 && !ended() && acks.due(now)) {
            shared.acks.send(
                    id,
                    "{\"generation\":" + generation + ",\"up_to_version\":" + cursor + ",\"epoch\":\"" + epoch
                            + "\",\"applied_ago_ms\":" + acks.appliedAgoMs(now) + "}",
                    answer -> acks.answered(answer.spreadMs()));
        }
    }
}
