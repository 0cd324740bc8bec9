package dev.perigee.edge.link;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.model.Eligibility;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;

/**
 * Drives the {@link LinkMachine}: brings what it decides into the watermarks and the cache, leaves the rest to the world
 * outside, and then publishes its {@link LinkView}. Events come one at a time; {@link #view} may be called by any thread.
 */
final class LinkDriver {

    private static final Logger log = LoggerFactory.getLogger(LinkDriver.class);

    private final LinkMachine machine;
    private final Watermarks watermarks;
    private final ResultCache cache;
    private final Ticker ticker;
    private final Outside outside;
    private volatile LinkView view = LinkView.INITIAL;

    /** What is not in memory: the network, timers, people. */
    interface Outside {

        /** Carries out what the watermarks and the cache have no part in, or counts what they had. */
        void carryOut(LinkAction action);

        /** The cache has been told something that {@link ResultCache#adapt} has to walk it for. */
        void adapt();

        /** The view is new; a tick is wanted at that time, or none. */
        void handled(LinkView view, @Nullable Long deadline);
    }

    LinkDriver(LinkMachine machine, Watermarks watermarks, ResultCache cache, Ticker ticker, Outside outside) {
        this.machine = machine;
        this.watermarks = watermarks;
        this.cache = cache;
        this.ticker = ticker;
        this.outside = outside;
    }

    /** What the link knows now. Read it before the watermarks. */
    LinkView view() {
        return view;
    }

    void handle(LinkEvent event) {
        try {
            machine.handle(event, ticker.read()).forEach(this::carryOut);
        } catch (RuntimeException | Error failure) {
            log.error("The link failed at {}", event.getClass().getSimpleName(), failure);
            machine.handle(new LinkEvent.Broken(failure.toString()), ticker.read())
                    .forEach(this::carryOut);
        }
        // Only now: whoever sees the view may rely on the watermarks.
        LinkView now = machine.view();
        view = now;
        outside.handled(now, machine.deadline());
    }

    private void carryOut(LinkAction action) {
        if (action instanceof LinkAction.Raise raise) {
            watermarks.raise(raise.event());
        } else if (action instanceof LinkAction.ResetTo reset) {
            watermarks.reset(reset.position());
        } else if (action instanceof LinkAction.Flush) {
            watermarks.close();
        } else if (action instanceof LinkAction.Follow follow) {
            follow(follow.eligibility());
        }
        outside.carryOut(action);
    }

    private void follow(Eligibility eligibility) {
        Integer ram = eligibility.capacity().ramMib();
        cache.allow(
                eligibility.enabled(),
                ram == null ? null : DataSize.ofMegabytes(ram).toBytes());
        // This part walks the cache, and frames must not wait for it.
        outside.adapt();
    }
}
