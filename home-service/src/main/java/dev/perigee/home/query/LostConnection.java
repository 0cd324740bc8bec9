package dev.perigee.home.query;

import dev.perigee.web.ProblemException;

/** A connection broke before anything was sent on it that may write, so that the work is worth another one. */
final class LostConnection extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ProblemException problem;

    LostConnection(ProblemException problem) {
        super(problem);
        this.problem = problem;
    }

    /** What to answer if the other connection breaks as well. */
    ProblemException problem() {
        return problem;
    }
}
