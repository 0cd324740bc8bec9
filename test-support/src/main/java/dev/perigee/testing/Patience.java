package dev.perigee.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.pollinterval.IterativePollInterval;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * How the tests of every module wait for conditions, unless they say otherwise: they look soon and often at first, and
 * have patience with a machine that is busy with something else. The launcher finds it by itself.
 */
public final class Patience implements LauncherSessionListener {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration BEFORE_THE_FIRST_LOOK = Duration.ofMillis(20);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    /** For the launcher. */
    public Patience() {}

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Awaitility.setDefaultTimeout(LIMIT);
        Awaitility.setDefaultPollDelay(BEFORE_THE_FIRST_LOOK);
        Awaitility.setDefaultPollInterval(IterativePollInterval.iterative(Patience::next, FIRST_PAUSE));
    }

    private static Duration next(Duration pause) {
        Duration longer = pause.multipliedBy(3).dividedBy(2);
        return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    }
}
