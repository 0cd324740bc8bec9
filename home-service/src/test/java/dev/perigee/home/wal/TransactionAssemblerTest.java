package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransactionAssemblerTest {

    private final TransactionAssembler assembler = new TransactionAssembler();

    private FeedItem.CommittedChange transaction(PgOutputMessage... messages) {
        assertThat(assembler.accept(new PgOutputMessage.Begin(100, 0, 7))).isEmpty();
        for (PgOutputMessage message : messages) {
            assertThat(assembler.accept(message)).isEmpty();
        }
        return (FeedItem.CommittedChange) assembler
                .accept(new PgOutputMessage.Commit(100, 150, 1_000_000))
                .orElseThrow();
    }

    private static PgOutputMessage message(String prefix, String content) {
        return new PgOutputMessage.Message(true, 1, prefix, content);
    }

    @Test
    void collectsTheRelationsOfATransaction() {
        FeedItem.CommittedChange change = transaction(
                new PgOutputMessage.Relation(1, "public", "a"),
                new PgOutputMessage.Insert(1),
                new PgOutputMessage.Update(2),
                new PgOutputMessage.Delete(1),
                new PgOutputMessage.Truncate(List.of(3, 4)));
        assertThat(change.oids()).containsExactlyInAnyOrder(1, 2, 3, 4);
        assertThat(change.described()).containsOnlyKeys(1);
        assertThat(change.xid()).isEqualTo(7);
        assertThat(change.committedAt()).isEqualTo(Instant.parse("2000-01-01T00:00:01Z"));
        assertThat(change.allTables()).isFalse();
        assertThat(transaction().oids()).isEmpty();
    }

    @Test
    void knowsItsOwnMessages() {
        assertThat(transaction(message("perigee.ddl", "CREATE TABLE")).allTables())
                .isTrue();
        FeedItem.CommittedChange index = transaction(message("perigee.catalog", "DROP INDEX"));
        assertThat(index.allTables()).isFalse();
        assertThat(index.catalogChanged()).isTrue();
        FeedItem.CommittedChange manual =
                transaction(message("perigee.invalidate", new InvalidationMessage("x", List.of("s.t")).toJson()));
        assertThat(manual.named()).containsExactly("s.t");
        assertThat(manual.invalidationIds()).containsExactly("x");
        assertThat(transaction(message("somebody.else", null)).allTables()).isFalse();
    }

    @Test
    void handsOnWhatHomesTellEachOther() {
        FeedItem.CommittedChange change = transaction(
                message(
                        "perigee.eligibility",
                        "{\"edge_id\":\"a\",\"enabled\":true,\"cpu_cores\":2,\"ram_mib\":64,\"disk_mib\":null,"
                                + "\"geo\":\"eu\",\"revision\":7,\"changed_at\":\"2026-11-21T12:40:28.5+02:00\"}"),
                message("perigee.eligibility", "{\"edge_id\":\"b\",\"gone\":true,\"revision\":8}"),
                message("perigee.claim", "{\"edge_id\":\"a\",\"generation\":9,\"home_id\":\"h\",\"later\":1}"),
                message("perigee.evict", "{\"id\":\"x\",\"edge_id\":\"a\",\"generation\":9}"),
                message("perigee.invalidate", new InvalidationMessage("y", List.of("s.t")).toJson()));
        assertThat(change.control())
                .containsExactly(
                        new ControlMessage.EligibilityChanged(new EdgeEligibility(
                                "a",
                                true,
                                new Capacity(2.0, 64, null, "eu"),
                                7,
                                Instant.parse("2026-11-21T10:40:28.5Z"))),
                        new ControlMessage.EligibilityGone("b", 8),
                        new ControlMessage.Claimed("a", 9, "h"),
                        new ControlMessage.Evicted("x", "a", 9),
                        new ControlMessage.Invalidated());
        assertThat(transaction().control()).isEmpty();
    }

    @Test
    void passesOverWhatMakesNoSenseToHomes() {
        for (String prefix : List.of("perigee.eligibility", "perigee.claim", "perigee.evict", "perigee.later")) {
            for (String garbage : List.of("", "{", "{}", "null", "[]", "{\"edge_id\":1}", "{\"edge_id\":\"a\"}")) {
                FeedItem.CommittedChange change = transaction(message(prefix, garbage));
                assertThat(change.control()).as(prefix + garbage).isEmpty();
                assertThat(change.allTables()).isFalse();
            }
        }
        assertThat(transaction(message(
                                "perigee.eligibility",
                                "{\"edge_id\":\"a\",\"enabled\":true,\"ram_mib\":0,\"revision\":7,"
                                        + "\"changed_at\":\"2026-11-21T12:40:28Z\"}"))
                        .control())
                .isEmpty();
    }

    @Test
    void takesAnUnreadableInvalidationForTheWorst() {
        for (String garbage :
                new String[] {null, "", "{}", "null", "[]", "{\"id\":\"x\",\"tables\":[null]}", "{\"id\":1"}) {
            assertThat(transaction(message("perigee.invalidate", garbage)).allTables())
                    .as(garbage)
                    .isTrue();
        }
    }

    @Test
    void passesOnMessagesOutsideTransactionsAtOnce() {
        assembler.accept(new PgOutputMessage.Begin(100, 0, 7));
        assertThat(assembler.accept(new PgOutputMessage.Message(false, 90, "perigee.heartbeat", "h:1")))
                .contains(new FeedItem.OutsideMessage(90, "perigee.heartbeat", "h:1"));
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> assembler.accept(new PgOutputMessage.Insert(1)))
                .isInstanceOf(PgOutputException.class);
        assertThatThrownBy(() -> assembler.accept(new PgOutputMessage.Commit(1, 2, 3)))
                .isInstanceOf(PgOutputException.class);
        assembler.accept(new PgOutputMessage.Begin(100, 0, 7));
        assertThatThrownBy(() -> assembler.accept(new PgOutputMessage.Begin(200, 0, 8)))
                .isInstanceOf(PgOutputException.class);
        assertThatThrownBy(() -> assembler.accept(new PgOutputMessage.Commit(101, 150, 0)))
                .isInstanceOf(PgOutputException.class);
    }
}
