package dev.perigee.home.query;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;

/** How much the results of one request may still come to. Not thread-safe. */
final class ResultBudget {

    /** What a value costs beside its text: quotes, a comma. */
    private static final int OVERHEAD = 3;

    private final long maxBytes;
    private final int maxRows;
    private long bytes;
    private int rows;

    ResultBudget(long maxBytes, int maxRows) {
        this.maxBytes = maxBytes;
        this.maxRows = maxRows;
    }

    /**
     * A value has come in.
     *
     * @throws ProblemException if it is too much
     */
    void takeValue(int length) {
        bytes += length + OVERHEAD;
        check();
    }

    /**
     * A row has come in.
     *
     * @throws ProblemException if it is too much
     */
    void takeRow() {
        rows++;
        check();
    }

    private void check() {
        if (bytes > maxBytes || rows > maxRows) {
            throw new ProblemException(
                    ProblemCode.RESULT_TOO_LARGE,
                    "The result has more than " + maxBytes + " bytes or more than " + maxRows + " rows.");
        }
    }
}
