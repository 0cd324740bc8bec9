package dev.perigee.web;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints {@link UnknownProperties} in place of a stack trace; Spring Boot then exits with 1. */
final class UnknownPropertiesAnalyzer extends AbstractFailureAnalyzer<UnknownProperties> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnknownProperties cause) {
        return new FailureAnalysis(
                cause.getMessage(), "Correct or remove it; docs/configuration.md lists all there are.", cause);
    }
}
