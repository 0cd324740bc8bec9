package dev.perigee.home.query;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.postgresql.api.ErrorDetails;
import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.TimeoutException;

/** What the database's errors mean to a client. SQLSTATEs are in the manual's appendix "PostgreSQL Error Codes". */
final class SqlProblems {

    private SqlProblems() {}

    /**
     * The problem behind an error.
     *
     * @param mayHaveWritten whether a statement that may write had been sent, so that a lost connection leaves open
     *     whether it took effect
     */
    static Throwable of(Throwable error, boolean mayHaveWritten) {
        if (error instanceof TimeoutException) {
            return lost(
                    error,
                    mayHaveWritten,
                    new ProblemException(ProblemCode.STATEMENT_TIMEOUT, "The database did not answer in time.", error));
        }
        if (!(error instanceof R2dbcException failure)) {
            return error;
        }
        String state = failure.getSqlState();
        if (!(error instanceof PostgresqlException answer) || state == null || isConnectionLost(state)) {
            return lost(error, mayHaveWritten, unavailable(error));
        }
        return refused(answer.getErrorDetails(), failure, state);
    }

    /** Whether this is a problem because of a connection that broke, and not because the server ended it on purpose. */
    static boolean isLostConnection(ProblemException problem) {
        return problem.code() == ProblemCode.DATABASE_UNAVAILABLE
                && problem.getCause() instanceof R2dbcException cause
                && (cause.getSqlState() == null || cause.getSqlState().startsWith("08"));
    }

    static ProblemException unavailable(Throwable error) {
        return new ProblemException(
                ProblemCode.DATABASE_UNAVAILABLE, "No connection to the database could be used.", error);
    }

    private static ProblemException lost(Throwable error, boolean mayHaveWritten, ProblemException otherwise) {
        return mayHaveWritten
                ? new ProblemException(
                        ProblemCode.OUTCOME_UNKNOWN,
                        "The connection to the database was lost before its answer arrived.",
                        error)
                : otherwise;
    }

    private static boolean isConnectionLost(String state) {
        return state.startsWith("08") || state.startsWith("57P") || state.equals("99999");
    }

    private static ProblemException refused(ErrorDetails details, R2dbcException error, String state) {
        ProblemException problem =
                new ProblemException(code(state), details.getMessage(), error).with("sqlstate", state);
        details.getPosition().ifPresent(position -> problem.with("position", Integer.valueOf(position)));
        details.getDetail().ifPresent(detail -> problem.with("sql_detail", detail));
        details.getHint().ifPresent(hint -> problem.with("hint", hint));
        details.getConstraintName().ifPresent(constraint -> problem.with("constraint", constraint));
        return problem;
    }

    private static ProblemCode code(String state) {
        if (state.startsWith("23")) {
            return ProblemCode.CONSTRAINT_VIOLATION;
        }
        return switch (state) {
            case "40001", "40P01" -> ProblemCode.CONFLICT;
            case "57014" -> ProblemCode.STATEMENT_TIMEOUT;
            default -> ProblemCode.SQL_ERROR;
        };
    }
}
