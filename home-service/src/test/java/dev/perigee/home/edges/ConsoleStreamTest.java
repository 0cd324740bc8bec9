package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.web.WireJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ConsoleStreamTest {

    private final InvalidationLog log = new InvalidationLog();
    private ConsoleState.Snapshot state;
    private boolean writable = true;
    private boolean closing;
    private long now = 1;
    private long version = 100;

    private final ConsoleStream stream = new ConsoleStream(() -> state, log, () -> writable, () -> closing, () -> now);

    private String next() {
        byte[] frame = stream.next();
        return frame == null ? null : new String(frame, StandardCharsets.UTF_8);
    }

    private static JsonNode data(String frame, String event) {
        assertThat(frame).startsWith("event: " + event + "\ndata: {").endsWith("}\n\n");
        return WireJson.mapper().readTree(frame.substring(frame.indexOf("data: ") + 6));
    }

    private void commit(String... tables) {
        version += 10;
        log.append(new InvalidationEvent(version, List.of(tables), Instant.EPOCH), version);
    }

    private void shown(long sequence) {
        state = new ConsoleState.Snapshot(sequence, ("state " + sequence).getBytes(StandardCharsets.UTF_8), 0);
    }

    @Test
    void saysWhatIsNewOnce() {
        assertThat(next()).isNull();
        shown(1);
        assertThat(next()).isEqualTo("state 1");
        assertThat(next()).isNull();
        log.begin("7.1.1", 101, Instant.EPOCH);
        commit("public.a");
        commit("public.b");
        JsonNode first = data(next(), "invalidations");
        assertThat(first.get("epoch").asString()).isEqualTo("7.1.1");
        assertThat(first.get("skipped").asLong()).isZero();
        assertThat(first.get("records").get(0).get("tables").get(0).asString()).isEqualTo("public.b");
        assertThat(first.get("records").get(1).get("version").asLong()).isEqualTo(110);
        assertThat(next()).isNull();
        commit();
        JsonNode all = data(next(), "invalidations");
        assertThat(all.get("records").size()).isEqualTo(1);
        assertThat(all.get("records").get(0).get("table_count").asInt()).isZero();
    }

    @Test
    void whileNothingIsTakenNothingIsMadeAndThenOnlyTheNewest() {
        log.begin("7.1.1", 101, Instant.EPOCH);
        commit("public.t");
        assertThat(data(next(), "invalidations").get("skipped").asLong()).isZero();
        writable = false;
        for (int i = 1; i <= 1000; i++) {
            shown(i);
            commit("public.t" + i);
            assertThat(next()).isNull();
        }
        writable = true;
        assertThat(next()).isEqualTo("state 1000");
        JsonNode tail = data(next(), "invalidations");
        assertThat(tail.get("records").size()).isEqualTo(50);
        assertThat(tail.get("records").get(0).get("tables").get(0).asString()).isEqualTo("public.t1000");
        assertThat(tail.get("skipped").asLong()).isEqualTo(950);
        assertThat(next()).isNull();
    }

    @Test
    void namesTheFirstTablesOfMany() {
        log.begin("7.1.1", 101, Instant.EPOCH);
        String[] many = new String[5000];
        for (int i = 0; i < many.length; i++) {
            many[i] = "public.t" + (10_000 + i);
        }
        commit(many);
        JsonNode record = data(next(), "invalidations").get("records").get(0);
        assertThat(record.get("tables").size()).isEqualTo(10);
        assertThat(record.get("table_count").asInt()).isEqualTo(5000);
    }

    @Test
    void beginsAnewWithAnotherEpoch() {
        log.begin("7.1.1", 101, Instant.EPOCH);
        commit("public.a");
        next();
        log.begin("8.1.1", 101, Instant.EPOCH);
        version = 50;
        assertThat(next()).isNull();
        version = 100;
        commit("public.b");
        assertThat(data(next(), "invalidations").get("epoch").asString()).isEqualTo("8.1.1");
    }

    @Test
    void isNotSilentForLong() {
        now += Duration.ofSeconds(5).toNanos();
        assertThat(next()).isNull();
        now += 1;
        assertThat(next()).isEqualTo(":\n\n");
        assertThat(next()).isNull();
    }

    @Test
    void endsWithAGoodbye() {
        shown(1);
        closing = true;
        assertThat(next()).contains("event: goodbye").contains("drain");
        assertThat(stream.ended()).isTrue();
        assertThat(next()).isNull();
    }

    @Test
    void hasTheTokenShownAgainEveryTenMinutes() {
        now += Duration.ofMinutes(10).toNanos();
        shown(1);
        assertThat(next()).isEqualTo("state 1");
        now += 1;
        assertThat(next()).contains("event: goodbye").contains("renew");
        assertThat(stream.ended()).isTrue();
    }
}
