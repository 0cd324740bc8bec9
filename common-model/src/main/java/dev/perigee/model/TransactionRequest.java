package dev.perigee.model;

import java.util.List;
import java.util.Objects;

/**
 * Statements that are run in one transaction: all, or nothing.
 *
 * @param statements in order, at least one
 */
public record TransactionRequest(List<QueryRequest> statements) {

    /** The most statements one transaction may have. */
    public static final int MAX_STATEMENTS = 1000;

    public TransactionRequest {
        Validation.check(statements != null && !statements.isEmpty(), "statements must not be empty");
        Validation.check(statements.size() <= MAX_STATEMENTS, "at most " + MAX_STATEMENTS + " statements");
        Validation.check(statements.stream().allMatch(Objects::nonNull), "a statement must not be null");
        statements = List.copyOf(statements);
    }
}
