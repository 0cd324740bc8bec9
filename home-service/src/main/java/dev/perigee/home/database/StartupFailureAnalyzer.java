package dev.perigee.home.database;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints a {@link StartupFailure} line by line in place of a stack trace; Spring Boot then exits with 1. */
final class StartupFailureAnalyzer extends AbstractFailureAnalyzer<StartupFailure> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, StartupFailure cause) {
        return new FailureAnalysis(
                String.join(System.lineSeparator(), cause.lines()),
                "Mend each line above, then start home again.",
                cause);
    }
}
