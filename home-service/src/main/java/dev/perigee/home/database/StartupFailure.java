package dev.perigee.home.database;

import java.util.List;

/** Home cannot work with this database. Each line says one thing that is wrong, with the statement that mends it. */
public final class StartupFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final List<String> lines;

    /** A failure with these lines. */
    public StartupFailure(List<String> lines) {
        super(String.join(System.lineSeparator(), lines));
        this.lines = List.copyOf(lines);
    }

    StartupFailure(String line, Throwable cause) {
        super(line, cause);
        this.lines = List.of(line);
    }

    List<String> lines() {
        return lines;
    }
}
