package dev.perigee.edge.link;

import dev.perigee.edge.link.LinkEvent.Frame;
import dev.perigee.model.Bookmark;
import dev.perigee.model.Capacity;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Frames of the stream, as text, to what they say. */
final class FrameParser {

    /** A frame that makes no sense: an invalidation may be in it. */
    static final class BadFrame extends Exception {
        private static final long serialVersionUID = 1L;

        BadFrame(String message) {
            super(message);
        }
    }

    /**
     * A frame understood.
     *
     * @param id of an event that has a place in the log, otherwise null
     */
    record Parsed(StreamEvent event, @Nullable StreamPosition id) {}

    private FrameParser() {}

    /**
     * Reads a frame.
     *
     * @return null for one that may be ignored: a comment, or an event we do not know that has no place in the log
     */
    static @Nullable Parsed parse(Frame frame) throws BadFrame {
        String name = frame.name();
        if (name == null && frame.id() == null && frame.data() == null) {
            return null;
        }
        try {
            if (Hello.EVENT.equals(name)) {
                return new Parsed(read(frame, Hello.class), null);
            }
            if (Goodbye.EVENT.equals(name)) {
                return new Parsed(read(frame, Goodbye.class), null);
            }
            if (Eligibility.EVENT.equals(name)) {
                return new Parsed(withCapacity(read(frame, Eligibility.class)), null);
            }
            if (InvalidationEvent.EVENT.equals(name)) {
                InvalidationEvent event = read(frame, InvalidationEvent.class);
                return placed(frame, event, event.upToVersion());
            }
            if (Bookmark.EVENT.equals(name)) {
                Bookmark event = read(frame, Bookmark.class);
                return placed(frame, event, event.upToVersion());
            }
            if (Reset.EVENT.equals(name)) {
                Reset event = read(frame, Reset.class);
                return placed(frame, event, event.upToVersion());
            }
        } catch (JacksonException | IllegalArgumentException malformed) {
            throw new BadFrame("a frame that cannot be read: " + malformed.getMessage());
        }
        if (name == null || frame.id() != null) {
            throw new BadFrame("a frame of unknown meaning: " + name);
        }
        return null;
    }

    private static <T> T read(Frame frame, Class<T> type) throws BadFrame {
        String data = frame.data();
        T value = data == null ? null : WireJson.tolerant().readValue(data, type);
        if (value == null) {
            throw new BadFrame("a frame without data: " + frame.name());
        }
        return value;
    }

    private static Eligibility withCapacity(Eligibility said) {
        return said.capacity() == null ? new Eligibility(said.enabled(), Capacity.UNSPECIFIED) : said;
    }

    private static Parsed placed(Frame frame, StreamEvent event, long version) throws BadFrame {
        if (frame.id() == null) {
            throw new BadFrame("a frame without its id: " + frame.name());
        }
        StreamPosition id = StreamPosition.parse(frame.id());
        if (id.version() != version) {
            throw new BadFrame("a frame whose id and content differ: " + frame.name());
        }
        return new Parsed(event, id);
    }
}
