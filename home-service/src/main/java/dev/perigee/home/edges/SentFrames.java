package dev.perigee.home.edges;

import org.jspecify.annotations.Nullable;

/**
 * A queue of what was sent, as numbers in a ring that grows: with an object for each frame of each edge, which live just long
 * enough to be moved, a large fleet's home would spend its time collecting them. Not thread-safe.
 */
final class SentFrames {

    private static final int CAPACITY_AT_FIRST = 8;

    private static final byte UNTIMED = 0;
    private static final byte TIMED = 1;
    private static final byte COMPLETE = 2;

    private long[] versions = new long[CAPACITY_AT_FIRST];
    private long[] appendedAt = new long[CAPACITY_AT_FIRST];
    private byte[] kinds = new byte[CAPACITY_AT_FIRST];
    private int first;
    private int size;

    /**
     * Puts one at the end.
     *
     * @param complete whether it is a bookmark or a reset, and no invalidation
     * @param appended the time of an invalidation that is to be timed
     */
    void add(long version, boolean complete, @Nullable Long appended) {
        if (size == versions.length) {
            grow();
        }
        int at = at(size++);
        versions[at] = version;
        appendedAt[at] = appended == null ? 0 : appended;
        kinds[at] = complete ? COMPLETE : appended == null ? UNTIMED : TIMED;
    }

    /** Lengths are powers of two. */
    private int at(int index) {
        return (first + index) & (versions.length - 1);
    }

    private void grow() {
        int length = versions.length;
        long[] olderVersions = versions;
        long[] olderAppendedAt = appendedAt;
        byte[] olderKinds = kinds;
        versions = new long[2 * length];
        appendedAt = new long[2 * length];
        kinds = new byte[2 * length];
        for (int i = 0; i < size; i++) {
            int from = (first + i) & (length - 1);
            versions[i] = olderVersions[from];
            appendedAt[i] = olderAppendedAt[from];
            kinds[i] = olderKinds[from];
        }
        first = 0;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    boolean contains(long version) {
        for (int i = 0; i < size; i++) {
            if (versions[at(i)] == version) {
                return true;
            }
        }
        return false;
    }

    /** How many invalidations there are up to a version. */
    int invalidations(long upToVersion) {
        int count = 0;
        for (int i = 0; i < size && versions[at(i)] <= upToVersion; i++) {
            count += kinds[at(i)] == COMPLETE ? 0 : 1;
        }
        return count;
    }

    /** Whether there is a first one, and it is up to a version. */
    boolean reaches(long version) {
        return size > 0 && versions[first] <= version;
    }

    /** Of the first one; which must be there, as below. */
    long version() {
        return versions[first];
    }

    boolean isComplete() {
        return kinds[first] == COMPLETE;
    }

    boolean isTimed() {
        return kinds[first] == TIMED;
    }

    long appendedAt() {
        return appendedAt[first];
    }

    void removeFirst() {
        first = at(1);
        size--;
    }
}
