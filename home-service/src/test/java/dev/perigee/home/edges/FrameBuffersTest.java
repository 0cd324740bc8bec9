package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.Bookmark;
import dev.perigee.model.Hello;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FrameBuffersTest {

    private final FrameBuffers buffers = new FrameBuffers();

    private static Frame bookmark(long version) {
        return new Frame(new StreamPosition("7.1.1", version), new Bookmark(version, 9, Instant.EPOCH));
    }

    private static Frame invalidation(long version, String... tables) {
        return new Frame(
                new StreamPosition("7.1.1", version), new InvalidationEvent(version, List.of(tables), Instant.EPOCH));
    }

    private static String text(ByteBuf buffer) {
        try {
            return buffer.toString(StandardCharsets.UTF_8);
        } finally {
            buffer.release();
        }
    }

    @Test
    void aFrameIsAnEventAndAChunk() {
        FrameBuffers.Encoded encoded = buffers.of(invalidation(110, "public.ä"));
        String event = """
                id:7.1.1:110
                event:invalidate
                data:{"up_to_version":110,"tables":["public.ä"],"committed_at":"1970-01-01T00:00:00Z"}

                """;
        assertThat(text(encoded.bytes())).isEqualTo(event);
        int length = event.getBytes(StandardCharsets.UTF_8).length;
        assertThat(text(encoded.chunk())).isEqualTo(Integer.toHexString(length) + "\r\n" + event + "\r\n");
        assertThat(text(buffers.of(Frame.COMMENT).chunk())).isEqualTo("a\r\n:waiting\n\n\r\n");
    }

    @Test
    void whatIsSentTogetherIsOneBuffer() {
        FrameBuffers.Encoded first = buffers.of(invalidation(110, "a"));
        FrameBuffers.Encoded mark = buffers.of(bookmark(110));
        String both = text(first.chunk()) + text(mark.chunk());
        assertThat(text(first.chunks(mark))).isEqualTo(both);
        assertThat(text(first.chunks(mark))).isEqualTo(both);
        assertThat(text(first.chunk()) + text(mark.chunk())).isEqualTo(both);
    }

    @Test
    void butOnlyOfTheFirstFewThatFollow() {
        FrameBuffers.Encoded first = buffers.of(invalidation(110, "a"));
        for (int i = 0; i < 4; i++) {
            FrameBuffers.Encoded next = buffers.of(bookmark(120 + i));
            assertThat(text(first.chunks(next))).endsWith(text(next.chunk()));
        }
        assertThat(first.chunks(buffers.of(bookmark(130)))).isNull();
        assertThat(text(first.chunks(buffers.of(bookmark(123))))).contains("id:7.1.1:123\n");
    }

    @Test
    void equalFramesShareTheirBytes() {
        FrameBuffers.Encoded first = buffers.of(invalidation(110, "a"));
        FrameBuffers.Encoded mark = buffers.of(bookmark(110));
        assertThat(buffers.of(invalidation(110, "a"))).isSameAs(first);
        assertThat(buffers.of(bookmark(110))).isSameAs(mark);
        assertThat(text(buffers.of(invalidation(110, "b")).bytes())).contains("[\"b\"]");
        assertThat(text(buffers.of(bookmark(111)).bytes())).contains("id:7.1.1:111\n");
    }

    @Test
    void aGreetingIsOneEdgesAlone() {
        Frame hello = new Frame(null, new Hello(7, "7.1.1", "home-1", null, 1000, 64));
        assertThat(buffers.of(hello)).isNotSameAs(buffers.of(hello));
        assertThat(text(buffers.of(hello).bytes())).startsWith("event:hello\ndata:{\"generation\":7,");
    }

    @Test
    void howeverManyThereWereTheRightBytesAreFound() {
        for (int i = 1; i <= 10_000; i++) {
            buffers.of(bookmark(i));
            assertThat(text(buffers.of(bookmark(1 + i / 2)).bytes())).startsWith("id:7.1.1:" + (1 + i / 2) + "\n");
        }
    }

    @Test
    void ofLargeFramesOnlyTheLastIsKept() {
        String[] many = IntStream.range(0, 10_000).mapToObj(i -> "t" + i).toArray(String[]::new);
        FrameBuffers.Encoded first = buffers.of(invalidation(110, many));
        assertThat(buffers.of(invalidation(110, many))).isSameAs(first);
        buffers.of(invalidation(120, many));
        assertThat(buffers.of(invalidation(110, many))).isNotSameAs(first);
    }
}
