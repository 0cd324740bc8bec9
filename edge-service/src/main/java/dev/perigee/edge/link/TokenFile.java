package dev.perigee.edge.link;

import dev.perigee.edge.InvalidEdgeProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/** The token in a file that somebody else renews: what it held when it was read last. Thread-safe, never blocks. */
final class TokenFile implements Supplier<String>, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TokenFile.class);

    private static final long INTERVAL_MILLIS = 1000;
    private static final int LONGEST = 16 * 1024;

    private final Path file;
    private final Disposable reading;
    private volatile String token;
    private boolean failing;

    /**
     * Reads the file, and goes on doing so.
     *
     * @throws InvalidEdgeProperty if it holds no token
     */
    TokenFile(Path file) {
        this.file = file;
        try {
            this.token = read(file);
        } catch (IOException unusable) {
            throw new InvalidEdgeProperty("perigee.auth-token-file: " + told(unusable));
        }
        this.reading = Schedulers.boundedElastic()
                .schedulePeriodically(this::reread, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static String read(Path file) throws IOException {
        if (Files.size(file) > LONGEST) {
            throw new IOException(file + " is larger than any token");
        }
        String token = Files.readString(file).strip();
        // What else is in it would end up in a header.
        if (!token.matches("[!-~]+")) {
            throw new IOException(file + " holds no token");
        }
        return token;
    }

    private void reread() {
        try {
            token = read(file);
            failing = false;
        } catch (IOException unusable) {
            // It may be about to be replaced.
            if (!failing) {
                failing = true;
                log.warn("perigee.auth-token-file: {}; the token read before is used on", told(unusable));
            }
        }
    }

    private static String told(IOException unusable) {
        return unusable.getClass().equals(IOException.class)
                ? String.valueOf(unusable.getMessage())
                : unusable.getClass().getSimpleName() + " " + unusable.getMessage();
    }

    @Override
    public String get() {
        return token;
    }

    @Override
    public void close() {
        reading.dispose();
    }
}
