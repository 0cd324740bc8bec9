package dev.perigee.edge.query;

import java.util.Locale;

/** What came of comparing a hit with home. */
enum Verdict {
    /** Home says the same. */
    AGREED,
    /** Home says something else, twice, though nothing is known to have changed. */
    VIOLATED,
    /** A table changed, or everything was dropped, since the result was read: the two are of different versions. */
    CHANGED,
    /** The cache was purged meanwhile, or the operator has forbidden it. */
    PURGED,
    /** Home's answer is of another epoch. */
    EPOCH,
    /** The edge had not come to where home's answer was read in time, or had no stream. */
    BEHIND,
    /** Home did not answer the statement, or not so that it can be compared: an error, or it is cacheable no more. */
    UNANSWERED,
    /** The difference is within the last digits of floating-point columns: sums depend on the order of the rows. */
    FLOAT,
    /** The statement leaves open which rows it wants, or in what order it puts them together. */
    UNDETERMINED,
    /** Home does not agree with itself: the statement has more than one answer. */
    UNSTABLE,
    /** The two differ and cannot be taken apart. */
    UNREADABLE;

    /** Whether it says anything about the cache. */
    boolean isConclusive() {
        return this == AGREED || this == VIOLATED;
    }

    /** For a metric's tag. */
    String reason() {
        return name().toLowerCase(Locale.ROOT);
    }
}
