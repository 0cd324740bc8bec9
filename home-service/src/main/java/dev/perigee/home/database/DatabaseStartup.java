package dev.perigee.home.database;

import java.time.Duration;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Mono;

/**
 * Makes the database ready before anything else starts: checks it, installs the control plane's tables and the DDL trigger,
 * fills the publication. Begins as soon as there are connections, while the rest of home is being put together; then blocks the
 * main thread, where nothing else is going on yet, until it is done.
 */
final class DatabaseStartup implements InitializingBean, SmartLifecycle {

    private static final Duration LONGEST = Duration.ofMinutes(2);

    private final Mono<Void> ready;
    private volatile boolean running;

    DatabaseStartup(Preflight preflight, ControlPlane controlPlane, DdlTrigger trigger, Publication publication) {
        ready = Mono.defer(preflight::check)
                .then(Mono.defer(controlPlane::install))
                .then(Mono.defer(trigger::install))
                .then(Mono.defer(publication::refresh))
                .cache();
    }

    @Override
    public void afterPropertiesSet() {
        // What goes wrong, the start below says.
        ready.onErrorComplete().subscribe();
    }

    /**
     * Waits until the database is ready.
     *
     * @throws StartupFailure if it cannot be made so
     */
    @Override
    public void start() {
        try {
            ready.block(LONGEST);
        } catch (StartupFailure failure) {
            throw failure;
        } catch (RuntimeException e) {
            throw new StartupFailure("The database cannot be made ready: " + e.getMessage(), e);
        }
        running = true;
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Before everything else that starts. */
    @Override
    public int getPhase() {
        return Integer.MIN_VALUE;
    }
}
