package dev.perigee.web;

import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an answer must not miss: the request header {@code Perigee-Min-Version}, either {@code epoch:version} or, for
 * whoever has only the number, {@code version} of whatever epoch.
 *
 * @param epoch null for the present one
 * @param version WAL position in bytes
 */
public record MinVersion(@Nullable String epoch, long version) {

    /**
     * Reads the values of the header; null if there are none.
     *
     * @throws ProblemException {@code invalid-request} if it is malformed or given twice
     */
    public static @Nullable MinVersion parse(List<String> values) {
        if (values.isEmpty()) {
            return null;
        }
        String text = values.get(0).strip();
        try {
            if (values.size() > 1) {
                throw new IllegalArgumentException("it is given twice");
            }
            if (text.indexOf(':') < 0) {
                // The epoch is only there to have the number read by the same rule.
                return new MinVersion(null, StreamPosition.parse("0:" + text).version());
            }
            StreamPosition position = StreamPosition.parse(text);
            return new MinVersion(position.epoch(), position.version());
        } catch (IllegalArgumentException malformed) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST, PerigeeHeaders.MIN_VERSION + ": " + malformed.getMessage(), malformed);
        }
    }

    /** Whether it is about this epoch. */
    public boolean isOf(String present) {
        return epoch == null || epoch.equals(present);
    }

    /** Whether everything at or below this position includes it. */
    public boolean coveredBy(StreamPosition position) {
        return isOf(position.epoch()) && position.version() >= version;
    }

    /** As the header has it. */
    @Override
    public String toString() {
        return epoch == null ? Long.toString(version) : epoch + ":" + version;
    }
}
