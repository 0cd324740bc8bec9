package dev.perigee.home.wal;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.StreamPosition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** What a home makes of its feed, without the connections: the real classes, in the order in which FeedSession calls them. */
public final class FeedCore {

    /** A transaction as the slot delivers it. */
    public record Decoded(
            int xid, long commitLsn, long endLsn, long commitMicros, List<Integer> oids, List<Emitted> messages) {}

    /** A message in a transaction. */
    public record Emitted(String prefix, String content) {}

    private static final int SERVER_VERSION = 150_000;

    private final InvalidationLog log;
    private final VisibilityGate gate = new VisibilityGate();
    private final ControlChannel control = new ControlChannel();
    private final HeartbeatLedger heartbeats;
    private final ChangeApplier applier;
    private final HomeId home;
    private final Duration retain;
    private final Map<Integer, String> names;
    private final Set<Integer> described = new HashSet<>();
    private TransactionAssembler assembler = new TransactionAssembler();
    private LateConfirmation confirmation;

    public FeedCore(
            String homeId,
            LongSupplier nanoTime,
            Clock clock,
            Duration retain,
            Map<Integer, String> names,
            MeterRegistry meters) {
        this.home = new HomeId(homeId);
        this.retain = retain;
        this.names = names;
        this.log = new InvalidationLog(nanoTime);
        this.heartbeats = new HeartbeatLedger(nanoTime, clock, Math.abs(nanoTime.getAsLong()));
        this.applier = new ChangeApplier(
                log,
                gate,
                heartbeats,
                new ManualInvalidations(null, Duration.ofSeconds(1)),
                control,
                () -> {},
                new FeedMetrics(meters),
                home,
                clock);
    }

    public InvalidationLog log() {
        return log;
    }

    public VisibilityGate gate() {
        return gate;
    }

    public ControlChannel control() {
        return control;
    }

    /** The slot is there: what has to be read before it is followed. */
    public void backfill(String epoch) {
        applier.beforeFollowing(null, epoch(epoch)).subscribe();
    }

    public long continuation(String epoch, long position) {
        return applier.continuation(epoch(epoch), position);
    }

    public void begin(String epoch, long from, String snapshot) {
        assembler = new TransactionAssembler();
        described.clear();
        confirmation = new LateConfirmation(retain);
        applier.begin(epoch(epoch), from, Snapshot.parse(snapshot));
    }

    public void end() {
        applier.end();
    }

    private static Epoch epoch(String name) {
        return new Epoch(name, SERVER_VERSION);
    }

    /** A transaction is decoded. */
    public void decoded(Decoded transaction) {
        accept(new PgOutputMessage.Begin(transaction.commitLsn(), transaction.commitMicros(), transaction.xid()));
        for (Integer oid : transaction.oids()) {
            if (described.add(oid)) {
                String name = names.get(oid);
                int dot = name.indexOf('.');
                accept(new PgOutputMessage.Relation(oid, name.substring(0, dot), name.substring(dot + 1)));
            }
            accept(new PgOutputMessage.Update(oid));
        }
        for (Emitted message : transaction.messages()) {
            accept(new PgOutputMessage.Message(true, transaction.commitLsn(), message.prefix(), message.content()));
        }
        accept(new PgOutputMessage.Commit(transaction.commitLsn(), transaction.endLsn(), transaction.commitMicros()));
    }

    /** A message outside transactions is decoded. */
    public void outside(long lsn, String content) {
        accept(new PgOutputMessage.Message(false, lsn, ChangeApplier.HEARTBEAT_PREFIX, content));
    }

    private void accept(PgOutputMessage message) {
        Optional<FeedItem> item = assembler.accept(message);
        if (item.isEmpty()) {
            return;
        }
        if (item.get() instanceof FeedItem.CommittedChange change) {
            if (change.allTables()) {
                described.clear();
            }
            TreeSet<String> tables = new TreeSet<>(change.named());
            change.oids().forEach(oid -> tables.add(names.get(oid)));
            applier.committed(change, change.allTables(), change.allTables() ? List.of() : List.copyOf(tables));
        } else if (item.get() instanceof FeedItem.OutsideMessage outside) {
            applier.outside(outside);
        }
    }

    /** Everything before a position has been applied; gives what the slot may forget. */
    public long confirm(long lsn, long nanos) {
        return confirmation.applied(lsn, nanos);
    }

    /** The content of the next heartbeat. */
    public String beat() {
        return home.value() + ":" + heartbeats.send();
    }

    public Duration age() {
        return heartbeats.age();
    }

    public Instant asOf() {
        return heartbeats.asOf();
    }

    /** How many heartbeats are remembered. */
    public int outstanding() {
        return heartbeats.outstanding().size();
    }

    /** A snapshot was taken and has arrived. */
    public void prove(String snapshot) {
        gate.prove(Snapshot.parse(snapshot));
    }

    /** Up to where everything is visible, if that is known. */
    public StreamPosition visible() {
        return gate.read();
    }

    /** The JSON of a manual invalidation. */
    public static Emitted invalidation(String id, List<String> tables) {
        return new Emitted(InvalidationMessage.PREFIX, new InvalidationMessage(id, tables).toJson());
    }

    /** A change of the catalog. */
    public static Emitted ddl() {
        return new Emitted(TransactionAssembler.DDL_PREFIX, "CREATE VIEW");
    }
}
