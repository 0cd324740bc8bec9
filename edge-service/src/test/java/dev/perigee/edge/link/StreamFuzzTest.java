package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.FrameParser.BadFrame;
import dev.perigee.edge.link.FrameParser.Parsed;
import dev.perigee.testing.Fuzz;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeStrategies;
import reactor.core.publisher.Flux;

/**
 * Whatever bytes come for a stream: the events understood are those that the standard's parser would give, in that order,
 * up to where we stop trusting it. Never is one passed over.
 */
class StreamFuzzTest {

    private static final int LONGEST = 64 * 1024;
    private static final ExchangeStrategies STRATEGIES = ExchangeStrategies.builder()
            .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(LONGEST))
            .build();

    private static final String WHEN = "\"committed_at\":\"2026-01-01T00:00:00Z\"";
    private static final String[] FRAMES = {
        "event:hello\ndata:{\"generation\":3,\"epoch\":\"e.1\",\"home_id\":\"h\",\"resumed_from\":null,"
                + "\"heartbeat_ms\":1000,\"window\":64}\n\n",
        "event:eligibility\ndata:{\"enabled\":true,\"capacity\":{\"ram_mib\":64}}\n\n",
        "id:e.1:10\nevent:reset\ndata:{\"up_to_version\":10,\"reason\":\"new\"}\n\n",
        "id:e.1:20\nevent:invalidate\ndata:{\"up_to_version\":20,\"tables\":[\"public.users\"]," + WHEN + "}\n\n",
        "id:e.1:30\nevent:invalidate\ndata:{\"up_to_version\":30,\ndata:\"tables\":[\"s.\u00c4\ud83d\ude00\"]," + WHEN
                + "}\n\n",
        "id:e.1:40\nevent:invalidate\ndata:{\"up_to_version\":40,\"tables\":[]," + WHEN + "}\n\n",
        "id:e.1:40\nevent:bookmark\ndata:{\"up_to_version\":40,\"visible_version\":40,"
                + "\"as_of\":\"2026-01-01T00:00:00Z\"}\n\n",
        ":\n\n",
        ": a remark\n\n",
        "event:of-a-later-release\ndata:x\n\n",
        "retry:1000\n\n",
        "event:goodbye\ndata:{\"reason\":\"drain\",\"retry_ms\":500}\n\n",
    };

    private static final String[] SCRAPS = {
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\r\r",
        "\ufeff",
        "\0",
        ":",
        ": ",
        "data",
        "data:",
        "data: ",
        "event",
        "event:",
        "id",
        "id:",
        "id:e.1:50\n",
        "event:invalidate\n",
        "data:{}\n",
        "retry:x\n",
        "retry:\n",
        " data:x\n",
        "Data:x\n",
        "x\n",
        "{",
        "}",
        "\ud83d\ude00",
        "data:\"\n",
        "event: hello \n",
        "\t",
        "null",
        "1e9999",
    };

    /** What was understood of a stream, and whether it was trusted to its end. */
    private record Reading(List<Parsed> understood, boolean trusted) {}

    @Test
    void readsWhatHomeWritesHoweverItIsSplit() {
        byte[] stream = String.join("", FRAMES).getBytes(StandardCharsets.UTF_8);
        Reading whole = ours(List.of(stream));
        assertThat(whole.trusted).isTrue();
        assertThat(whole.understood).hasSize(8).isEqualTo(reference(stream).understood);
        for (int at = 1; at < stream.length; at++) {
            assertThat(ours(List.of(Arrays.copyOf(stream, at), Arrays.copyOfRange(stream, at, stream.length))))
                    .as("split at %d", at)
                    .isEqualTo(whole);
        }
        assertThat(ours(split(stream, 1))).isEqualTo(whole);
    }

    @Test
    void pastFailures() {
        for (String line : Fuzz.corpus("stream.txt")) {
            byte[] stream = Fuzz.unescape(line).getBytes(StandardCharsets.UTF_8);
            agrees(stream, List.of(stream));
        }
    }

    @Test
    void understandsNothingElseAndPassesNothingOver() {
        int[] counts = new int[2];
        Fuzz.trials(2_000, random -> {
            byte[] stream = stream(random);
            Reading reading = agrees(stream, split(stream, 1 + random.nextInt(200)));
            counts[reading.trusted ? 0 : 1]++;
        });
        assertThat(counts[0]).as("streams trusted").isPositive();
        assertThat(counts[1]).as("streams distrusted").isPositive();
    }

    @Test
    void aFrameWithoutEndIsNotGatheredForEver() {
        byte[] endless = "data:x\n".repeat(LONGEST).getBytes(StandardCharsets.UTF_8);
        assertThat(ours(split(endless, 1000))).isEqualTo(new Reading(List.of(), false));
        byte[] line = "x".repeat(2 * LONGEST).getBytes(StandardCharsets.UTF_8);
        assertThat(ours(split(line, 1000))).isEqualTo(new Reading(List.of(), false));
    }

    private static byte[] stream(Random random) {
        byte[] stream = {};
        for (int i = random.nextInt(8); i >= 0; i--) {
            byte[] frame = FRAMES[random.nextInt(FRAMES.length)].getBytes(StandardCharsets.UTF_8);
            int at = random.nextInt(frame.length + 1);
            byte[] scrap = SCRAPS[random.nextInt(SCRAPS.length)].getBytes(StandardCharsets.UTF_8);
            stream = Fuzz.concat(
                    stream,
                    switch (random.nextInt(8)) {
                        case 0 -> Fuzz.mutate(frame, random);
                        case 1 ->
                            Fuzz.concat(
                                    Fuzz.concat(Arrays.copyOf(frame, at), scrap),
                                    Arrays.copyOfRange(frame, at, frame.length));
                        case 2 ->
                            (Fuzz.any(random, "", ":\n", "x\n") + new String(frame, StandardCharsets.UTF_8))
                                    .replace("\n", Fuzz.any(random, "\r\n", "\r", "\n"))
                                    .getBytes(StandardCharsets.UTF_8);
                        case 3 -> Fuzz.concat(scrap, frame);
                        default -> frame;
                    });
        }
        return stream;
    }

    private static Reading agrees(byte[] stream, List<byte[]> parts) {
        Reading ours = ours(parts);
        Reading standard = reference(stream);
        List<Parsed> mine = ours.understood;
        List<Parsed> its = standard.understood;
        String shown = "for fuzz/stream.txt: " + new String(stream, StandardCharsets.UTF_8);
        // An end of the stream in the middle of a frame may let it through, if it is whole but for its last line's end.
        boolean oneMore = mine.size() == its.size() + 1 && !endsWithEmptyLine(stream);
        if (standard.trusted) {
            assertThat(its.size() >= mine.size() || oneMore).as(shown).isTrue();
        }
        int common = Math.min(mine.size(), its.size());
        assertThat(mine.subList(0, common)).as(shown).isEqualTo(its.subList(0, common));
        if (ours.trusted) {
            assertThat(mine.size()).as(shown).isGreaterThanOrEqualTo(its.size());
        }
        return ours;
    }

    private static boolean endsWithEmptyLine(byte[] stream) {
        return new String(stream, StandardCharsets.UTF_8).endsWith("\n\n");
    }

    private static Reading reference(byte[] stream) {
        return read(Flux.fromIterable(ReferenceFrames.of(stream)));
    }

    private static Reading ours(List<byte[]> parts) {
        // Hidden, because what comes from the network is no list either.
        Flux<DataBuffer> body = Flux.fromIterable(parts)
                .<DataBuffer>map(part -> DefaultDataBufferFactory.sharedInstance.wrap(part.clone()))
                .hide();
        ClientResponse response = ClientResponse.create(HttpStatus.OK, STRATEGIES)
                .header("Content-Type", MediaType.TEXT_EVENT_STREAM_VALUE)
                .body(body)
                .build();
        return read(HomeStream.frames(response, 1, () -> {}).cast(LinkEvent.Frame.class));
    }

    private static Reading read(Flux<LinkEvent.Frame> frames) {
        List<Parsed> understood = new ArrayList<>();
        try {
            for (LinkEvent.Frame frame : frames.toIterable()) {
                Parsed parsed = FrameParser.parse(frame);
                if (parsed != null) {
                    understood.add(parsed);
                }
            }
            return new Reading(understood, true);
        } catch (BadFrame | RuntimeException distrusted) {
            // An error of the stream ends it, and it is resumed from the last bookmark.
            return new Reading(understood, false);
        }
    }

    private static List<byte[]> split(byte[] stream, int most) {
        List<byte[]> parts = new ArrayList<>();
        Random random = new Random(stream.length);
        for (int at = 0; at < stream.length; ) {
            int upTo = Math.min(stream.length, at + 1 + random.nextInt(most));
            parts.add(Arrays.copyOfRange(stream, at, upTo));
            at = upTo;
        }
        return parts;
    }
}
