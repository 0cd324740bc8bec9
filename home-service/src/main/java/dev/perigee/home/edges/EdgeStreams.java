package dev.perigee.home.edges;

import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.http.codec.ServerSentEvent;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.channel.AbortedException;

/**
 * Sessions as streams of Server-Sent Events.
 *
 * <p>No wake-up is lost: a stream subscribes to them before its first look at the session, and while it looks, or while
 * the socket takes no more, the newest wake-up is kept. Since a wake-up is always asked for after the change it is
 * about, the look that follows it sees the change, whatever was dropped in between.
 */
final class EdgeStreams {

    /** How long a closed session may take to get its goodbye through before its connection is cut. */
    private static final Duration GOODBYE_GRACE = Duration.ofSeconds(1);

    private final Fleet fleet;
    private final EdgeRegistry registry;
    private final Wakeups wakeups;
    private final Wakeups progress;

    /**
     * Streams of this registry's sessions.
     *
     * @param wakeups wakes all streams: the log or the gate has moved, or time has passed
     * @param progress is woken when a stream has handed over everything there was
     */
    EdgeStreams(Fleet fleet, EdgeRegistry registry, Wakeups wakeups, Wakeups progress) {
        this.fleet = fleet;
        this.registry = registry;
        this.wakeups = wakeups;
        this.progress = progress;
    }

    /**
     * A session of its own for every subscriber. It is registered on subscription, so that a refusal is still an
     * answer, and ends with the stream: of an edge whose socket is closed nothing more can be expected.
     */
    Flux<ServerSentEvent<String>> open(EdgeRegistration registration, @Nullable StreamPosition resumeFrom) {
        return Flux.defer(() -> {
            Wakeups own = new Wakeups();
            return fleet.register(registration, resumeFrom, own::wake).flatMapMany(session -> stream(session, own));
        });
    }

    private Flux<ServerSentEvent<String>> stream(EdgeSession session, Wakeups own) {
        return Flux.merge(wakeups.flux(), own.flux(), Mono.just(Wakeups.LOOK))
                .onBackpressureLatest()
                .publishOn(Schedulers.parallel(), 1)
                .concatMap(look -> drain(session), 1)
                .takeUntil(frame -> frame.event() instanceof Goodbye)
                .map(EdgeStreams::encode)
                .takeUntilOther(cut(session, own))
                .doFinally(end -> {
                    registry.ended(session);
                    progress.wake();
                });
    }

    private Flux<Frame> drain(EdgeSession session) {
        return Flux.<Frame>generate(sink -> {
                    Frame frame = session.next(System.nanoTime());
                    if (frame == null) {
                        sink.complete();
                    } else {
                        sink.next(frame);
                    }
                })
                .doOnComplete(progress::wake);
    }

    /** A socket that takes nothing takes no goodbye either, and would keep its connection for as long as TCP hopes. */
    private Mono<Void> cut(EdgeSession session, Wakeups own) {
        return Flux.merge(wakeups.flux(), own.flux())
                .filter(look -> session.closed())
                .next()
                .delayElement(GOODBYE_GRACE)
                .then(Mono.error(() -> new AbortedException("the edge did not take its goodbye")));
    }

    private static ServerSentEvent<String> encode(Frame frame) {
        StreamEvent event = frame.event();
        if (event == null) {
            return ServerSentEvent.<String>builder().comment("waiting").build();
        }
        ServerSentEvent.Builder<String> sent = ServerSentEvent.<String>builder().event(event.eventName());
        String data = frame.data(WireJson.mapper()::writeValueAsString);
        if (data != null) {
            sent.data(data);
        }
        StreamPosition id = frame.id();
        return id == null ? sent.build() : sent.id(id.toString()).build();
    }
}
