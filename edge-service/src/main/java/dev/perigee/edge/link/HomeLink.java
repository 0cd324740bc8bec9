package dev.perigee.edge.link;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkAction.Weight;
import dev.perigee.model.Eligibility;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The link with its network, its timer and its thread: everything happens on one thread of its own, in a
 * {@link LinkDriver}; {@link #view} may be called by any.
 */
public final class HomeLink implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(HomeLink.class);

    private final LinkDriver driver;
    private final HomeStream home;
    private final Homes homes;
    private final ResultCache cache;
    private final Traffic traffic;
    private final LinkMetrics metrics;
    private final Reporter reporter;
    private final Ticker ticker;
    private final InstantSource wallClock;
    private final IntSupplier port;
    private final Scheduler thread = Schedulers.newSingle("perigee-link", true);
    private final Disposable.Swap stream = Disposables.swap();
    private final Disposable.Swap timer = Disposables.swap();
    private volatile boolean running;
    private @Nullable String streamedFrom;

    HomeLink(
            LinkMachine machine,
            HomeStream home,
            Homes homes,
            Watermarks watermarks,
            ResultCache cache,
            Traffic traffic,
            LinkMetrics metrics,
            Reporter reporter,
            Ticker ticker,
            InstantSource wallClock,
            IntSupplier port) {
        this.driver = new LinkDriver(machine, watermarks, cache, ticker, new Outside());
        this.home = home;
        this.homes = homes;
        this.cache = cache;
        this.traffic = traffic;
        this.metrics = metrics;
        this.reporter = reporter;
        this.ticker = ticker;
        this.wallClock = wallClock;
        this.port = port;
    }

    /** What the link knows now. Read it before the watermarks. */
    public LinkView view() {
        return driver.view();
    }

    @Override
    public void start() {
        running = true;
        post(new LinkEvent.Start());
    }

    @Override
    public void stop(Runnable done) {
        running = false;
        try {
            thread.schedule(() -> {
                handle(new LinkEvent.Stop());
                timer.dispose();
                stream.dispose();
                done.run();
                thread.dispose();
            });
        } catch (RejectedExecutionException ended) {
            done.run();
        }
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** After the web server on the way up, so that the port is known; before it on the way down. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }

    private void post(LinkEvent event) {
        try {
            thread.schedule(() -> handle(event));
        } catch (RejectedExecutionException ended) {
            log.trace("The link has ended; ignoring {}", event);
        }
    }

    private void handle(LinkEvent event) {
        driver.handle(event);
    }

    /** What the driver leaves to us. */
    private final class Outside implements LinkDriver.Outside {

        @Override
        public void handled(LinkView view, @Nullable Long deadline) {
            countFailover(view);
            timer.update(deadline == null ? Disposables.disposed() : tickAt(deadline));
        }

        @Override
        public void carryOut(LinkAction action) {
            if (action instanceof LinkAction.Raise raise) {
                metrics.applied(raise.event(), wallClock.instant());
            } else if (action instanceof LinkAction.ResetTo) {
                metrics.resets.increment();
            } else if (action instanceof LinkAction.Flush) {
                metrics.flushes.increment();
            } else if (action instanceof LinkAction.Follow follow) {
                sayChanged(follow.eligibility());
            } else if (action instanceof LinkAction.Connect connect) {
                metrics.connects.increment();
                homes.use(connect.home());
                stream.update(open(connect));
            } else if (action instanceof LinkAction.Disconnect) {
                stream.update(Disposables.disposed());
            } else if (action instanceof LinkAction.Acknowledge acknowledge) {
                HomeLink.this.acknowledge(acknowledge);
            } else if (action instanceof LinkAction.Say say) {
                HomeLink.say(say.weight(), say.line());
            }
        }

        @Override
        public void adapt() {
            Schedulers.boundedElastic().schedule(cache::adapt);
        }
    }

    private Disposable tickAt(long deadline) {
        long delay = Math.max(0, deadline - ticker.read());
        return thread.schedule(() -> handle(new LinkEvent.Tick()), delay, TimeUnit.NANOSECONDS);
    }

    private Disposable open(LinkAction.Connect connect) {
        int attempt = connect.attempt();
        return home.open(
                        homes.current(),
                        attempt,
                        connect.cursor(),
                        port.getAsInt(),
                        () -> post(new LinkEvent.Bytes(attempt)))
                .publishOn(thread)
                .subscribe(
                        this::handle,
                        failure -> handle(lost(attempt, failure)),
                        () -> handle(new LinkEvent.Lost(attempt, "the stream ended")));
    }

    private void acknowledge(LinkAction.Acknowledge acknowledge) {
        String homeUrl = homes.current();
        home.acknowledge(homeUrl, acknowledge, traffic.stats(view().stalenessMs(ticker.read())))
                .publishOn(thread)
                .doOnNext(event -> {
                    if (event instanceof LinkEvent.AckAnswered answered
                            && Boolean.TRUE.equals(answered.answer().report())) {
                        reporter.asked(homeUrl, acknowledge.generation());
                    }
                })
                .onErrorReturn(new LinkEvent.AckFailed(acknowledge.attempt()))
                .subscribe(this::handle);
    }

    private void sayChanged(Eligibility eligibility) {
        if (!eligibility.equals(view().eligibility())) {
            log.info(
                    "Caching is {} by an operator; {}",
                    eligibility.enabled() ? "enabled" : "disabled",
                    eligibility.capacity());
        }
    }

    private void countFailover(LinkView view) {
        if (view.status() == LinkView.Status.STREAMING) {
            String now = homes.current();
            if (streamedFrom != null && !streamedFrom.equals(now)) {
                metrics.failovers.increment();
            }
            streamedFrom = now;
        }
    }

    private static LinkEvent lost(int attempt, Throwable failure) {
        return new LinkEvent.Lost(attempt, HomeStream.reason(failure));
    }

    private static void say(Weight weight, String line) {
        switch (weight) {
            case GOOD -> log.info("In step: {}", line);
            case TROUBLE -> log.warn("Not in step: {}; trying again", line);
            case ACTION_NEEDED -> log.error("Not in step: {}; trying again every now and then", line);
        }
    }

    /** How stale the edge is, seconds; infinite if that is not known. */
    double stalenessSeconds() {
        long nanos = view().staleness(ticker.read());
        return nanos == Long.MAX_VALUE
                ? Double.POSITIVE_INFINITY
                : nanos / (double) Duration.ofSeconds(1).toNanos();
    }
}
