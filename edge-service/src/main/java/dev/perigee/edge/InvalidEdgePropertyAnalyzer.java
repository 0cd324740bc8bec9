package dev.perigee.edge;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in one line what is wrong with the configuration, in place of a stack trace. */
final class InvalidEdgePropertyAnalyzer extends AbstractFailureAnalyzer<InvalidEdgeProperty> {

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable root, InvalidEdgeProperty cause) {
        return new FailureAnalysis(cause.getMessage(), null, cause);
    }
}
