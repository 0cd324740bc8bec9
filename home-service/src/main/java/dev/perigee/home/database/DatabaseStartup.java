package dev.perigee.home.database;

import java.time.Duration;
import org.springframework.beans.factory.InitializingBean;

/**
 * Makes the database ready before anything else starts: checks it, installs the control plane's tables and the DDL trigger,
 * fills the publication.
 * Blocks the main thread, where nothing else is going on yet.
 */
final class DatabaseStartup implements InitializingBean {

    private static final Duration LONGEST = Duration.ofMinutes(2);

    private final Preflight preflight;
    private final ControlPlane controlPlane;
    private final DdlTrigger trigger;
    private final Publication publication;

    DatabaseStartup(Preflight preflight, ControlPlane controlPlane, DdlTrigger trigger, Publication publication) {
        this.preflight = preflight;
        this.controlPlane = controlPlane;
        this.trigger = trigger;
        this.publication = publication;
    }

    @Override
    public void afterPropertiesSet() {
        try {
            preflight
                    .check()
                    .then(controlPlane.install())
                    .then(trigger.install())
                    .then(publication.refresh())
                    .block(LONGEST);
        } catch (StartupFailure failure) {
            throw failure;
        } catch (RuntimeException e) {
            throw new StartupFailure("The database cannot be made ready: " + e.getMessage(), e);
        }
    }
}
