package dev.perigee.edge.pgwire;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.Interest;
import dev.perigee.model.StreamPosition;
import dev.perigee.model.TimeWords;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What sessions may be answered from memory, and what of their answers may be kept: the rules of the read path over HTTP, for
 * the bytes of this protocol.
 *
 * <p>A result is read in the client's own session, so that privileges and settings are the database's business. Its stamp is
 * what home had proven visible, as far as the edge had heard, before the read was sent. Thread-safe.
 */
final class WireReads {

    private static final int TEXT_MEMORY = 16 * 1024 * 1024;
    private static final int TEXT_OVERHEAD = 300;

    private final Supplier<LinkView> link;
    private final ResultCache cache;
    private final Watermarks watermarks;
    private final StatementJudges judges;
    private final Interest interest;
    private final long maxStaleness;
    private final boolean refuseStale;
    private final Duration defaultTtl;
    private final int maxResult;
    private final Ticker ticker;
    private final Nonces nonces = new Nonces();
    private final Cache<ByteBuffer, StatementText> texts;
    private final Cache<String, Shape> shapes;

    /**
     * What was found for a read.
     *
     * @param result to be served; null if none may be
     * @param why none may be
     * @param staleness how far behind it may be at the most, nanoseconds
     */
    record Found(@Nullable CachedResult result, @Nullable Why why, long staleness) {

        private static Found none(Why why) {
            return new Found(null, why, 0);
        }
    }

    /**
     * Puts it together.
     *
     * @param defaultTtl how long results are kept if home says nothing else
     * @param maxResult the largest result kept, bytes
     */
    WireReads(
            Supplier<LinkView> link,
            ResultCache cache,
            Watermarks watermarks,
            StatementJudges judges,
            LinkProperties policy,
            Duration defaultTtl,
            int maxResult,
            Ticker ticker) {
        this.link = link;
        this.cache = cache;
        this.watermarks = watermarks;
        this.judges = judges;
        this.interest = policy.tables();
        this.maxStaleness = policy.maxStaleness().toNanos();
        this.refuseStale = policy.whenStale() == LinkProperties.WhenStale.REFUSE;
        this.defaultTtl = defaultTtl;
        this.maxResult = maxResult;
        this.ticker = ticker;
        this.texts = Caffeine.newBuilder()
                .maximumWeight(TEXT_MEMORY)
                .weigher((ByteBuffer sql, StatementText text) -> TEXT_OVERHEAD + 3 * sql.remaining())
                .build();
        this.shapes = Caffeine.newBuilder()
                .maximumWeight(TEXT_MEMORY)
                .weigher((String name, Shape shape) -> TEXT_OVERHEAD + 2 * name.length())
                .build();
    }

    /** What is known of a text. The bytes must not change any more. */
    StatementText text(byte[] sql) {
        return texts.get(
                ByteBuffer.wrap(sql), key -> StatementText.of(sql, shape -> shapes.get(shape, name -> new Shape())));
    }

    /** Unguessable, for a probe. */
    String nonce() {
        return nonces.next();
    }

    LinkView view() {
        return link.get();
    }

    long now() {
        return ticker.read();
    }

    /** What every snapshot sees that is taken from now on; null if that is not known, or nothing may be kept anyway. */
    @Nullable
    StreamPosition visible() {
        LinkView view = link.get();
        StreamPosition completeTo = view.completeTo();
        StreamPosition visible = view.visible();
        return view.eligibility().enabled()
                        && completeTo != null
                        && visible != null
                        && visible.epoch().equals(completeTo.epoch())
                ? visible
                : null;
    }

    /** Why nothing may be served in this session now; null if something may. */
    @Nullable
    Why obstacle(SessionState state) {
        LinkView view = link.get();
        StreamPosition completeTo = view.completeTo();
        if (!view.eligibility().enabled()) {
            return Why.INELIGIBLE;
        }
        if (completeTo == null) {
            return Why.NOT_LINKED;
        }
        SessionContext context = state.context();
        if (context == null) {
            return Why.SESSION_STATE;
        }
        String obstacle = context.obstacle();
        if (obstacle != null) {
            return Why.bypass(obstacle);
        }
        if (!watermarks.passes(context.readAt(), List.of())) {
            state.outdated();
            return Why.SESSION_STATE;
        }
        return context.epoch().equals(completeTo.epoch()) ? null : Why.OTHER_SERVER;
    }

    /** Whether the catalog has not changed, as far as is known, since it was looked at with everything up to a position. */
    boolean isCurrent(@Nullable StreamPosition lookedAt) {
        return lookedAt != null && watermarks.passes(lookedAt, List.of());
    }

    /** Looks for the answer to a read. To be asked only where {@link #obstacle} finds none. */
    Found find(SessionState state, StatementText text, WireKey key) {
        LinkView view = link.get();
        StreamPosition completeTo = view.completeTo();
        if (completeTo == null) {
            return Found.none(Why.NOT_LINKED);
        }
        Hints hints = text.hints();
        if (hints.noCache()) {
            return Found.none(Why.NO_CACHE);
        }
        CachedResult found = cache.find(key);
        if (found == null) {
            return Found.none(Why.ABSENT);
        }
        // After both: if the process was frozen in between, that counts as staleness too.
        long now = ticker.read();
        if (!cache.isCurrent(found) || !found.epoch().equals(completeTo.epoch())) {
            cache.drop(key, found);
            return Found.none(Why.INVALIDATED);
        }
        if (state.position() > found.readAt().version() && state.position() > completeTo.version()) {
            return Found.none(Why.OWN_WRITE);
        }
        long staleness = view.staleness(now);
        if (staleness > maxStaleness) {
            return Found.none(refuseStale ? Why.REFUSED : Why.TOO_STALE);
        }
        Duration allowed = hints.maxStaleness();
        if (allowed != null && staleness > allowed.toNanos()) {
            return Found.none(Why.MAX_STALENESS);
        }
        return new Found(found, null, staleness);
    }

    /**
     * Begins to record the answer to a read that is about to be sent; null if it cannot be kept.
     *
     * @param visible from before the implicit transaction that the read is part of was begun
     */
    @Nullable
    Recording record(
            long number,
            StatementText text,
            byte[] statement,
            byte @Nullable [] arguments,
            @Nullable StreamPosition visible) {
        return visible == null
                        || text.kind() != StatementKind.READ
                        || text.hints().noCache()
                ? null
                : new Recording(number, text, statement, arguments, visible, cache.ticket(), ticker.read(), maxResult);
    }

    /** What is known of a statement, if that still holds. */
    @Nullable
    Judgement judgement(StatementText text, Catalog catalog) {
        Judgement known = text.shape().judgement(catalog);
        return known != null && !known.isOlderThanAllowed(ticker.read()) && watermarks.passes(known.madeAt(), List.of())
                ? known
                : null;
    }

    /** Asks home about a statement. */
    void ask(StatementText text, Catalog catalog, Consumer<@Nullable Judgement> then) {
        judges.ask(text, catalog, then);
    }

    /**
     * Keeps what was recorded, if it may be kept.
     *
     * @return why it is not; null if it is
     */
    @Nullable
    String admit(Recording recording, SessionContext context) {
        StreamPosition completeTo = link.get().completeTo();
        Judgement judgement = judgement(recording.text(), context.catalog());
        if (context.obstacle() != null
                || completeTo == null
                || !context.epoch().equals(recording.readAt().epoch())
                || !recording.text().isUnderstood(context.speaksUtf8())
                || judgement == null) {
            return "not-stored";
        }
        if (!judgement.isCacheable()) {
            return judgement.reason();
        }
        // A judgement by a catalog of which the edge has not heard yet may name other tables than the result was read
        // from.
        long heard = Math.max(recording.readAt().version(), completeTo.version());
        if (judgement.madeAt().version() > heard) {
            return "not-stored";
        }
        if (!interest.coversAll(judgement.tables())) {
            return Why.OUTSIDE_INTEREST.detail();
        }
        byte[] arguments = recording.arguments();
        if (arguments != null && TimeWords.in(new String(arguments, StandardCharsets.ISO_8859_1))) {
            return "volatile-function";
        }
        Duration ttl = least(
                judgement.ttl() == null ? defaultTtl : judgement.ttl(),
                recording.text().hints().ttl());
        CachedResult result = new CachedResult(
                recording.bytes(), "", judgement.tables(), "", recording.readAt(), recording.askedAt(), ttl);
        return !ttl.isZero() && cache.admit(recording.ticket(), recording.key(context), result) ? null : "not-stored";
    }

    private static Duration least(Duration one, @Nullable Duration other) {
        return other == null || one.compareTo(other) < 0 ? one : other;
    }
}
