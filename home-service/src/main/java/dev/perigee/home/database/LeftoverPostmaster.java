package dev.perigee.home.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A postmaster that outlived its home: home was killed and could not stop it. It is stopped before a new one starts on
 * the same data, unless the home that owns it is alive, which its lock on the directory shows.
 */
final class LeftoverPostmaster {

    private static final Logger log = LoggerFactory.getLogger(LeftoverPostmaster.class);

    /** Held by the embedded PostgreSQL library as long as its process lives. */
    private static final String LOCK_FILE = "epg-lock";

    private LeftoverPostmaster() {}

    /**
     * Stops what is left over on this data directory, if anything. Blocks, some seconds at the most.
     *
     * @throws StartupFailure if another home uses the directory, or what is left over does not stop
     */
    static void stop(Path pgData) {
        if (!Files.isDirectory(pgData)) {
            return;
        }
        if (inUse(pgData.resolve(LOCK_FILE))) {
            throw new StartupFailure(List.of("Another home is running on " + pgData
                    + ": stop it, or give this one its own perigee.home.database.data-directory."));
        }
        postmaster(pgData.resolve("postmaster.pid")).ifPresent(LeftoverPostmaster::stop);
    }

    private static boolean inUse(Path lockFile) {
        if (!Files.exists(lockFile)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock == null;
        } catch (OverlappingFileLockException heldInThisProcess) {
            return true;
        } catch (IOException e) {
            throw new StartupFailure("Cannot lock " + lockFile + ": " + e.getMessage(), e);
        }
    }

    /** The live process of the pid file, if it is a PostgreSQL: the id may have gone to another program meanwhile. */
    private static Optional<ProcessHandle> postmaster(Path pidFile) {
        try {
            long pid = Long.parseLong(Files.readAllLines(pidFile).get(0).strip());
            return ProcessHandle.of(pid)
                    .filter(process -> process.info().command().orElse("").contains("postgres"));
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException absent) {
            return Optional.empty();
        }
    }

    private static void stop(ProcessHandle postmaster) {
        log.warn("A previous run left PostgreSQL running (process {}): stopping it", postmaster.pid());
        if (!signal(postmaster, "INT") && !signal(postmaster, "QUIT")) {
            throw new StartupFailure(List.of(
                    "A previous run left PostgreSQL running and it does not stop: end process " + postmaster.pid()));
        }
    }

    /** SIGINT asks for a fast shutdown, SIGQUIT for an immediate one; Java itself can send neither. */
    private static boolean signal(ProcessHandle postmaster, String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(postmaster.pid()))
                    .start()
                    .waitFor();
            postmaster.onExit().get(5, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException | IOException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
