package dev.perigee.home.edges;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/**
 * The streams of consoles: no more than a few, none with more under way than its connection takes, and none for longer
 * than it is read.
 * Thread-safe.
 */
final class ConsoleStreams implements SmartLifecycle {

    /** The most streams open at once. */
    static final int MOST = 16;

    private static final MediaType EVENTS = new MediaType(MediaType.TEXT_EVENT_STREAM, StandardCharsets.UTF_8);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long LONGEST_STALL = Duration.ofSeconds(15).toNanos();

    private final ConsoleState state;
    private final InvalidationLog log;
    private final EdgeReports reports;
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean closing;

    ConsoleStreams(ConsoleState state, InvalidationLog log, EdgeReports reports) {
        this.state = state;
        this.log = log;
        this.reports = reports;
    }

    /** A stream as the answer; {@code consoles-exhausted} if there are too many. */
    Mono<Void> open(ServerHttpResponse response) {
        return Mono.using(
                () -> {
                    if (open.incrementAndGet() > MOST) {
                        open.decrementAndGet();
                        throw new ProblemException(
                                        ProblemCode.CONSOLES_EXHAUSTED,
                                        "This home serves " + MOST + " consoles and has no room for another.")
                                .retryAfter(RETRY);
                    }
                    reports.watch();
                    return open;
                },
                taken -> write(response),
                taken -> {
                    reports.unwatch();
                    taken.decrementAndGet();
                });
    }

    private Mono<Void> write(ServerHttpResponse response) {
        Channel[] found = new Channel[1];
        HttpServerResponse connection = ServerHttpResponseDecorator.getNativeResponse(response);
        connection.withConnection(it -> found[0] = it.channel());
        Channel channel = found[0];
        ConsoleStream stream =
                new ConsoleStream(state::latest, log, channel::isWritable, () -> closing, System::nanoTime);
        response.getHeaders().setContentType(EVENTS);
        response.getHeaders().setCacheControl(CacheControl.noStore());
        return Mono.using(
                () -> state.ticks().subscribe(new Watch(channel)),
                watching -> response.writeAndFlushWith(frames(stream, response.bufferFactory())),
                Disposable::dispose);
    }

    /** Cuts a connection that takes nothing for long, or at all once home is shutting down. */
    @SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
    private final class Watch implements Consumer<Long> {

        private final Channel channel;
        private long fullSince;

        Watch(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void accept(Long tick) {
            long now = System.nanoTime();
            if (channel.isWritable()) {
                fullSince = 0;
            } else if (fullSince == 0) {
                fullSince = now;
            } else if (closing || now - fullSince > LONGEST_STALL) {
                channel.close();
            }
        }
    }

    /**
     * The server asks for much ahead. What it gets ahead are places for frames; what is put there is chosen when the
     * connection takes it.
     */
    private static Flux<Publisher<DataBuffer>> frames(ConsoleStream stream, DataBufferFactory buffers) {
        Mono<DataBuffer> frame = Mono.defer(() -> Mono.justOrEmpty(stream.next()))
                .repeatWhenEmpty(
                        looks -> looks.takeUntil(look -> stream.ended()).delayElements(POLL))
                .map(buffers::wrap);
        Publisher<DataBuffer> place = Mono.defer(() -> stream.ended() ? Mono.empty() : frame);
        return Flux.generate(places -> {
            if (stream.ended()) {
                places.complete();
            } else {
                places.next(place);
            }
        });
    }

    int size() {
        return open.get();
    }

    @Override
    public void start() {
        closing = false;
    }

    @Override
    public void stop() {
        closing = true;
    }

    @Override
    public boolean isRunning() {
        return !closing;
    }

    /** With the streams of edges: before the web server begins to wait for those who are there. */
    @Override
    public int getPhase() {
        return EdgeLifecycle.PHASE;
    }
}
