package dev.perigee.home.edges;

import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;
import static io.netty.handler.codec.http.HttpHeaderValues.CHUNKED;

import dev.perigee.model.Goodbye;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Writes a session's frames to its connection, from when the head of the answer is written until the goodbye. The rest of
 * the framework is not asked about each of them: the frames go past it, into the connection's own buffer, and are flushed
 * together.
 *
 * <p>It asks the session for no more than the socket takes. What a stalled edge has not been sent stays in the log, and the
 * little that lies in the buffer are the bytes that all edges share.
 *
 * <p>{@link #wake} may be called by any thread; the rest belongs to the connection's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // whoever needs to know listens
final class EdgeStream extends ChannelInboundHandlerAdapter {

    private static final String NAME = "perigee.edgeStream";
    /** How long a closed session may take to get its goodbye through before its connection is cut. */
    private static final long GOODBYE_GRACE_MILLIS = 1000;
    /** Full with a handful of frames, and free again only when all of them are sent. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(1, 8 * 1024);

    private final HttpServerResponse response;
    private final Channel channel;
    private final Lane lane;
    private final AtomicBoolean asked = new AtomicBoolean();

    private @Nullable EdgeSession session;
    private @Nullable MonoSink<?> end;
    private @Nullable ChannelHandlerContext context;
    private @Nullable WriteBufferWaterMark before;
    /** Whether the frames are written in chunks of our own making, to where the encoder would write them. */
    private boolean chunked;

    private boolean saidGoodbye;
    private boolean cutting;
    private boolean over;

    /** Into the body of this answer. */
    EdgeStream(HttpServerResponse response, Fanout fanout) {
        Channel[] found = new Channel[1];
        response.withConnection(connection -> found[0] = connection.channel());
        this.response = response;
        this.channel = found[0];
        this.lane = fanout.lane(channel.eventLoop());
    }

    /** The body: begins when it is first asked for, with the head written; ends with the goodbye, or the connection. */
    Flux<Publisher<DataBuffer>> body(EdgeSession frames) {
        Mono<Publisher<DataBuffer>> written =
                Mono.create(sink -> sink.onRequest(any -> lane.loop().execute(() -> begin(frames, sink)))
                        .onDispose(() -> lane.loop().execute(this::leave)));
        // The first part has nothing in it: Spring sends no head before something comes.
        return Flux.<Publisher<DataBuffer>>just(Flux.empty()).concatWith(written);
    }

    private void begin(EdgeSession frames, MonoSink<?> sink) {
        if (over || session != null) {
            return;
        }
        session = frames;
        end = sink;
        before = channel.config().getWriteBufferWaterMark();
        channel.config().setWriteBufferWaterMark(WATER_MARK);
        ChannelPipeline pipeline = channel.pipeline();
        // Otherwise something else, HTTP/2 or a compression, has a say in what the bytes are.
        chunked = response.responseHeaders().containsValue(TRANSFER_ENCODING, CHUNKED, true)
                && pipeline.get(NettyPipeline.HttpCodec) != null
                && pipeline.get(NettyPipeline.CompressionHandler) == null;
        if (chunked) {
            pipeline.addBefore(NettyPipeline.HttpCodec, NAME, this);
        } else {
            pipeline.addLast(NAME, this);
        }
        lane.join(this);
        lookAlone();
    }

    private void leave() {
        over = true;
        WriteBufferWaterMark usual = before;
        if (usual != null) {
            before = null;
            lane.leave(this);
            channel.config().setWriteBufferWaterMark(usual);
            if (channel.pipeline().context(this) != null) {
                channel.pipeline().remove(this);
            }
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        if (channel.isWritable()) {
            // Not at once: we may be in the middle of a flush.
            wake();
        }
        changed.fireChannelWritabilityChanged();
    }

    /** There may be something to say. Never blocks. */
    void wake() {
        if (!asked.getAndSet(true)) {
            lane.loop().execute(this::lookAlone);
        }
    }

    private void lookAlone() {
        asked.set(false);
        look(System.nanoTime());
        lane.progress();
    }

    /** Sends what there is, as far as the socket takes it. */
    void look(long now) {
        EdgeSession frames = session;
        ChannelHandlerContext place = context;
        if (over || frames == null || place == null) {
            return;
        }
        boolean written = false;
        while (!saidGoodbye && channel.isWritable()) {
            Frame frame = frames.next(now);
            if (frame == null) {
                break;
            }
            FrameBuffers.Encoded encoded = lane.buffers().of(frame);
            Frame second = frame.shared() && chunked ? frames.next(now) : null;
            if (second == null) {
                write(frame, encoded, place);
            } else {
                write(frame, encoded, second, place);
            }
            written = true;
        }
        if (written) {
            flush(place);
        }
        if (!cutting && frames.closed()) {
            // A socket that takes nothing takes no goodbye either, and would keep its connection for as long as TCP
            // hopes.
            cutting = true;
            lane.loop().schedule(this::cut, GOODBYE_GRACE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Together, if they may be; the first is no goodbye, which nothing follows. */
    private void write(Frame frame, FrameBuffers.Encoded encoded, Frame second, ChannelHandlerContext place) {
        FrameBuffers.Encoded behind = lane.buffers().of(second);
        ByteBuf both = second.event() instanceof Goodbye ? null : encoded.chunks(behind);
        if (both != null) {
            place.write(both, channel.voidPromise());
            return;
        }
        write(frame, encoded, place);
        write(second, behind, place);
    }

    private void write(Frame frame, FrameBuffers.Encoded encoded, ChannelHandlerContext place) {
        saidGoodbye = frame.event() instanceof Goodbye;
        ChannelPromise promise = saidGoodbye ? channel.newPromise() : channel.voidPromise();
        if (chunked) {
            place.write(encoded.chunk(), promise);
        } else {
            channel.write(new DefaultHttpContent(encoded.bytes()), promise);
        }
        if (saidGoodbye) {
            promise.addListener(sent -> complete());
        }
    }

    /** Not through the whole pipeline, if it has no part in it: with cold caches that takes longer than the frames do. */
    private void flush(ChannelHandlerContext place) {
        if (chunked) {
            place.flush();
        } else {
            channel.flush();
        }
    }

    private void complete() {
        MonoSink<?> sink = end;
        if (sink != null) {
            sink.success();
        }
    }

    private void cut() {
        if (!over) {
            channel.close();
        }
    }
}
