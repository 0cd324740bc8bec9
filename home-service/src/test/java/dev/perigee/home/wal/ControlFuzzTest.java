package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.perigee.testing.Fuzz;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Anybody who may connect to the database can write these messages. None of them may end the feed. */
class ControlFuzzTest {

    private static final List<String> VALID = List.of(
            "{\"id\":\"a\",\"tables\":[\"public.users\"]}",
            "{\"id\":\"a\",\"tables\":[]}",
            "{\"edge_id\":\"e\",\"generation\":7,\"home_id\":\"h\"}",
            "{\"id\":\"a\",\"edge_id\":\"e\",\"generation\":7}",
            "{\"edge_id\":\"e\",\"enabled\":true,\"cpu_cores\":1.5,\"ram_mib\":64,\"disk_mib\":null,\"geo\":\"eu\","
                    + "\"revision\":3,\"changed_at\":\"2026-11-21T10:00:00.123456+00:00\",\"gone\":false}",
            "{\"edge_id\":\"e\",\"revision\":3,\"gone\":true}");

    private static final List<String> PAST =
            Fuzz.corpus("control.txt").stream().map(Fuzz::unescape).toList();

    private static final Logger ASSEMBLER = (Logger) LoggerFactory.getLogger(TransactionAssembler.class);

    /** It warns of each, rightly. */
    @BeforeAll
    static void quiet() {
        ASSEMBLER.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        ASSEMBLER.setLevel(null);
    }

    static String prefix(Random random) {
        return Fuzz.any(
                random,
                InvalidationMessage.PREFIX,
                EligibilityRow.PREFIX,
                ControlMessage.Claimed.PREFIX,
                ControlMessage.Evicted.PREFIX,
                TransactionAssembler.DDL_PREFIX,
                TransactionAssembler.CATALOG_PREFIX,
                "perigee.of.a.later.release",
                "somebody.elses");
    }

    static String content(Random random) {
        String valid = VALID.get(random.nextInt(VALID.size()));
        return switch (random.nextInt(8)) {
            case 0 -> null;
            case 1 -> valid;
            case 2 -> PAST.get(random.nextInt(PAST.size()));
            // A value of another kind in the place of one.
            case 3, 4 ->
                valid.replaceFirst(
                        Fuzz.any(random, "\"[a-z.]+\"(?=[,}\\]])", "[0-9.]+", "true|false", "\\[.*\\]"),
                        Fuzz.any(
                                random,
                                "null",
                                "[null]",
                                "{}",
                                "[[]]",
                                "-1",
                                "1e999",
                                "99999999999999999999",
                                "\"\"",
                                "\"\\\\u0000\"",
                                "true",
                                "\"x\""));
            default -> new String(Fuzz.mutate(valid.getBytes(StandardCharsets.UTF_8), random), StandardCharsets.UTF_8);
        };
    }

    @Test
    void pastFailures() {
        for (String content : PAST) {
            for (String prefix : List.of(
                    InvalidationMessage.PREFIX,
                    EligibilityRow.PREFIX,
                    ControlMessage.Claimed.PREFIX,
                    ControlMessage.Evicted.PREFIX)) {
                passes(prefix, content);
            }
        }
    }

    @Test
    void noMessageEndsTheFeed() {
        Fuzz.trials(30_000, random -> passes(prefix(random), content(random)));
    }

    /** The transaction completes whatever is in it; an invalidation that cannot be read is one of everything. */
    private static void passes(String prefix, String content) {
        TransactionAssembler assembler = new TransactionAssembler();
        assembler.accept(new PgOutputMessage.Begin(10, 0, 1));
        assembler.accept(new PgOutputMessage.Message(true, 5, prefix, content));
        Optional<FeedItem> item = assembler.accept(new PgOutputMessage.Commit(10, 11, 0));
        assertThat(item).get().isInstanceOf(FeedItem.CommittedChange.class);
        FeedItem.CommittedChange change = (FeedItem.CommittedChange) item.orElseThrow();
        if (prefix.equals(InvalidationMessage.PREFIX)) {
            assertThat(change.allTables() || !change.named().isEmpty())
                    .as(content)
                    .isTrue();
        }
        for (ControlMessage message : change.control()) {
            if (message instanceof ControlMessage.Claimed claimed) {
                assertThat(claimed.edgeId()).isNotNull();
                assertThat(claimed.homeId()).isNotNull();
            } else if (message instanceof ControlMessage.EligibilityChanged changed) {
                assertThat(changed.row().capacity()).isNotNull();
                assertThat(changed.row().changedAt()).isNotNull();
            }
        }
    }
}
