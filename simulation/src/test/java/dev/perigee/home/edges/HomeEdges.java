package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.wal.FeedCore;
import dev.perigee.model.Acknowledgement;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.HomeNode;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** The edges of a home, without the web: the real registry, sessions, claims and eligibility. */
public final class HomeEdges {

    /** What is asked of the database. */
    public interface Database {

        /** Claims an edge; gives the generation when that is committed. */
        Mono<Long> claim(String edgeId, String homeId);
    }

    /**
     * A frame as it goes over the wire; without an event it is a comment. Its text is made when it is asked for: reading
     * and writing JSON takes most of the time, and not every seed needs it.
     */
    public static final class Wire {

        private final Frame frame;

        Wire(Frame frame) {
            this.frame = frame;
        }

        /** What it says. */
        public StreamEvent event() {
            return frame.event();
        }

        public StreamPosition position() {
            return frame.id();
        }

        public String name() {
            return frame.event() == null ? null : frame.event().eventName();
        }

        public String id() {
            return frame.id() == null ? null : frame.id().toString();
        }

        public String data() {
            return frame.event() == null ? null : WireJson.mapper().writeValueAsString(frame.event());
        }

        @Override
        public String toString() {
            return name() + " " + id() + " " + data();
        }
    }

    private final SessionSettings settings;
    private final EligibilityTable eligibility = new EligibilityTable(true);
    private final EdgeRegistry registry;
    private final Fleet fleet;
    private final FeedCore feed;

    public HomeEdges(
            String homeId,
            FeedCore feed,
            int window,
            Duration heartbeat,
            Duration liveness,
            Supplier<Long> nanoTime,
            Supplier<Instant> time,
            Database database,
            Supplier<List<EdgeEligibility>> rows,
            MeterRegistry meters) {
        this.feed = feed;
        this.settings = new SessionSettings(homeId, heartbeat, window, liveness);
        this.registry = new EdgeRegistry(
                64, new Reading(), settings, new EdgeMetrics(meters), () -> new Moment(nanoTime.get(), time.get()));
        this.fleet = new Fleet(registry, new Store(database, homeId), eligibility, homeId, true, Duration.ofSeconds(1));
        feed.control().onMessage(fleet::decoded);
        feed.control()
                .beforeFollowing(
                        (connection, epoch) -> Mono.fromRunnable(() -> eligibility.backfill(epoch, rows.get())));
    }

    /** Calls back when streams should look again. */
    public void onChange(Runnable wake) {
        feed.log().onChange(wake);
        feed.gate().onChange(wake);
        eligibility.onChange(wake);
    }

    /** A session, when its claim is committed. */
    public Mono<Session> register(EdgeRegistration registration, StreamPosition resumeFrom, Runnable waker) {
        return fleet.register(registration, resumeFrom, waker).map(Session::new);
    }

    /** As EdgeStreamController does it. */
    public AcknowledgementAnswer acknowledge(String edgeId, long generation, StreamPosition upTo) {
        EdgeSession session =
                registry.acknowledge(edgeId, new Acknowledgement(generation, upTo.version(), null, upTo.epoch(), null));
        Duration age = feed.age();
        Long head = session.provenHead();
        return head == null
                ? new AcknowledgementAnswer(upTo.version(), AcknowledgementAnswer.AGE_UNKNOWN)
                : new AcknowledgementAnswer(
                        head,
                        age.toSeconds() >= Integer.MAX_VALUE
                                ? AcknowledgementAnswer.AGE_UNKNOWN
                                : age.plusNanos(999_999).toMillis());
    }

    public List<String> prune() {
        return registry.prune();
    }

    public void drain() {
        registry.drain();
    }

    public int size() {
        return registry.size();
    }

    /** The copy of the eligible edges is compared with the table. */
    public void compare(StreamPosition visible, List<EdgeEligibility> rows) {
        eligibility.compare(visible, rows);
    }

    /** A row of the table. Its capacity says which revision it is, where that would otherwise be lost. */
    public static EdgeEligibility row(String edgeId, boolean enabled, int revision) {
        return new EdgeEligibility(edgeId, enabled, new Capacity(null, null, revision, null), revision, Instant.EPOCH);
    }

    /** The revision by which this home judges whether an edge may cache; 0 if nothing was said of it. */
    public int revision(String edgeId) {
        Integer revision = eligibility.of(edgeId).capacity().diskMib();
        return revision == null ? 0 : revision;
    }

    /** A session and what of its frames is not acknowledged, counted from outside. */
    public final class Session {

        private final EdgeSession session;
        private final Deque<StreamPosition> unacknowledged = new ArrayDeque<>();

        Session(EdgeSession session) {
            this.session = session;
        }

        public long generation() {
            return session.generation();
        }

        /** The next frame, encoded, or null. */
        public Wire next(long now) {
            Frame frame = session.next(now);
            if (frame == null) {
                return null;
            }
            StreamEvent event = frame.event();
            StreamPosition id = frame.id();
            if (id != null) {
                if (event instanceof Reset) {
                    unacknowledged.clear();
                }
                unacknowledged.addLast(id);
                if (unacknowledged.size() > settings.window()) {
                    throw new AssertionError("(M) " + unacknowledged.size()
                            + " frames are not acknowledged, and the window is " + settings.window());
                }
            }
            return new Wire(frame);
        }

        /** In which epoch home takes the edge to be, or null if it does not know. */
        public String alignedTo() {
            return session.aligned() ? feed.log().current().epoch() : null;
        }

        /** Whether home takes the edge to know every change up to this version of the present epoch. */
        public boolean confirmed(long version) {
            return session.confirmed(version);
        }

        /** An acknowledgement of this generation was taken. */
        public void acknowledged(StreamPosition upTo) {
            while (!unacknowledged.isEmpty()
                    && unacknowledged.peekFirst().epoch().equals(upTo.epoch())
                    && unacknowledged.peekFirst().version() <= upTo.version()) {
                unacknowledged.removeFirst();
            }
        }

        public boolean windowFull() {
            return session.behind();
        }

        /** The stream is over. */
        public void ended() {
            registry.ended(session);
        }

        public boolean closed() {
            return session.closed();
        }
    }

    /** Why the stream ends with this frame, or null if it does not. */
    public static Goodbye.Reason goodbye(Wire frame) {
        return frame.event() instanceof Goodbye goodbye ? goodbye.reason() : null;
    }

    private final class Reading implements Source {

        @Override
        public EpochLog log() {
            return feed.log().current();
        }

        @Override
        public StreamPosition visible() {
            return feed.gate().read();
        }

        @Override
        public Instant asOf() {
            return feed.asOf();
        }

        @Override
        public Eligibility eligibility(String edgeId) {
            return eligibility.of(edgeId);
        }
    }

    private record Store(Database database, String homeId) implements FleetStore {

        @Override
        public Mono<Long> claim(EdgeNode first, boolean enable) {
            return database.claim(first.edgeId(), homeId);
        }

        @Override
        public Mono<Set<String>> renew(HomeNode home, List<Sighting> held, Map<String, Long> departed) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<Void> leave() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<List<Sighting>> edges() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<List<HomeNode>> homes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<Boolean> evict(String id, String edgeId, long held) {
            throw new UnsupportedOperationException();
        }
    }
}
