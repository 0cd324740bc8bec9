package dev.perigee.home.wal;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the messages of each transaction together. Of a transaction of any size it keeps only which relations it wrote.
 * Not thread-safe.
 */
final class TransactionAssembler {

    static final String DDL_PREFIX = "perigee.ddl";
    static final String CATALOG_PREFIX = "perigee.catalog";

    private static final Logger log = LoggerFactory.getLogger(TransactionAssembler.class);

    private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");
    private static final int MOST_NAMES = 100_000;

    private PgOutputMessage.@Nullable Begin begin;
    private final Set<Integer> oids = new HashSet<>();
    private final Map<Integer, PgOutputMessage.Relation> described = new HashMap<>();
    private final Set<String> named = new HashSet<>();
    private final List<String> invalidationIds = new ArrayList<>();
    private final List<ControlMessage> control = new ArrayList<>();
    private boolean allTables;
    private boolean catalogChanged;

    /**
     * Takes the next message.
     *
     * @return what it completes, if anything
     * @throws PgOutputException if it makes no sense here
     */
    Optional<FeedItem> accept(PgOutputMessage message) {
        if (message instanceof PgOutputMessage.Begin next) {
            begin(next);
        } else if (message instanceof PgOutputMessage.Commit commit) {
            return Optional.of(commit(commit));
        } else if (message instanceof PgOutputMessage.Message logical) {
            if (!logical.transactional()) {
                return Optional.of(new FeedItem.OutsideMessage(logical.lsn(), logical.prefix(), logical.content()));
            }
            inTransaction();
            transactional(logical);
        } else if (message instanceof PgOutputMessage.Relation relation) {
            described.put(relation.oid(), relation);
        } else if (message instanceof PgOutputMessage.Insert insert) {
            changed(insert.oid());
        } else if (message instanceof PgOutputMessage.Update update) {
            changed(update.oid());
        } else if (message instanceof PgOutputMessage.Delete delete) {
            changed(delete.oid());
        } else if (message instanceof PgOutputMessage.Truncate truncate) {
            truncate.oids().forEach(this::changed);
        }
        return Optional.empty();
    }

    private void begin(PgOutputMessage.Begin next) {
        if (begin != null) {
            throw new PgOutputException("a transaction within a transaction");
        }
        begin = next;
    }

    private PgOutputMessage.Begin inTransaction() {
        PgOutputMessage.Begin current = begin;
        if (current == null) {
            throw new PgOutputException("a change outside a transaction");
        }
        return current;
    }

    private void changed(int oid) {
        inTransaction();
        oids.add(oid);
    }

    private void transactional(PgOutputMessage.Message message) {
        switch (message.prefix()) {
            case DDL_PREFIX -> {
                allTables = true;
                catalogChanged = true;
            }
            case CATALOG_PREFIX -> catalogChanged = true;
            case InvalidationMessage.PREFIX -> invalidation(InvalidationMessage.parse(message.content()));
            default -> control(ControlMessage.parse(message.prefix(), message.content()));
        }
    }

    /** What cannot be read is passed over: what homes share is also compared with the tables now and then. */
    private void control(@Nullable ControlMessage message) {
        if (message != null && control.size() < MOST_NAMES) {
            control.add(message);
        }
    }

    /** Anybody who may connect can write such a message. What cannot be read is taken for the worst. */
    private void invalidation(@Nullable InvalidationMessage invalidation) {
        if (invalidation == null || named.size() > MOST_NAMES || invalidationIds.size() > MOST_NAMES) {
            log.warn("A message perigee.invalidate in the WAL cannot be read: every table is invalidated");
            allTables = true;
            return;
        }
        invalidationIds.add(invalidation.id());
        control(new ControlMessage.Invalidated());
        if (invalidation.tables().isEmpty()) {
            allTables = true;
        }
        named.addAll(invalidation.tables());
    }

    private FeedItem commit(PgOutputMessage.Commit commit) {
        PgOutputMessage.Begin current = inTransaction();
        if (current.commitLsn() != commit.commitLsn() || commit.endLsn() <= commit.commitLsn()) {
            throw new PgOutputException("a commit that does not belong to its transaction");
        }
        FeedItem change = new FeedItem.CommittedChange(
                current.xid(),
                commit.commitLsn(),
                commit.endLsn(),
                POSTGRES_EPOCH.plus(commit.commitMicros(), ChronoUnit.MICROS),
                Set.copyOf(oids),
                Map.copyOf(described),
                Set.copyOf(named),
                allTables,
                catalogChanged,
                List.copyOf(invalidationIds),
                List.copyOf(control));
        begin = null;
        oids.clear();
        described.clear();
        named.clear();
        invalidationIds.clear();
        control.clear();
        allTables = false;
        catalogChanged = false;
        return change;
    }
}
