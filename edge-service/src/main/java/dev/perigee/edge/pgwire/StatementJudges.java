package dev.perigee.edge.pgwire;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.query.HomeAnswer;
import dev.perigee.edge.query.HomeClient;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;

/**
 * Asks home what it makes of statements. Each shape is asked about once at a time, however many sessions send it, and no more than so
 * many at once: a flood of new texts must not become a flood at home. Thread-safe.
 */
final class StatementJudges {

    private static final Logger log = LoggerFactory.getLogger(StatementJudges.class);

    private static final String PATH = "/api/statements";
    private static final int MOST_AT_ONCE = 64;
    private static final int OK = 200;

    private final HomeClient home;
    private final Ticker ticker;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Map<Question, List<Consumer<@Nullable Judgement>>> waiting = new ConcurrentHashMap<>();

    private record Question(Shape shape, Catalog catalog) {}

    StatementJudges(HomeClient home, Ticker ticker) {
        this.home = home;
        this.ticker = ticker;
    }

    /**
     * Asks, and remembers the answer with the text.
     *
     * @param then is told it, on any thread; null if there is none
     */
    void ask(StatementText text, Catalog catalog, Consumer<@Nullable Judgement> then) {
        Question question = new Question(text.shape(), catalog);
        boolean[] first = new boolean[1];
        waiting.compute(question, (same, others) -> {
            if (others != null) {
                others.add(then);
                return others;
            }
            first[0] = true;
            List<Consumer<@Nullable Judgement>> all = new ArrayList<>();
            all.add(then);
            return all;
        });
        if (!first[0]) {
            return;
        }
        if (underWay.incrementAndGet() > MOST_AT_ONCE) {
            end(question, null);
            return;
        }
        Mono.defer(() -> home.send(PATH, body(text, catalog), null, true))
                .flatMap(answer -> Mono.justOrEmpty(judgement(answer)))
                .doOnError(failure -> log.debug("home does not say what a statement is", failure))
                .onErrorComplete()
                .doOnNext(judgement -> remember(text.shape(), catalog, judgement))
                .subscribe(
                        judgement -> end(question, judgement),
                        failure -> end(question, null),
                        () -> end(question, null));
    }

    /** That a statement is an error may well be the fault of a constant in it, which others of its shape do not share. */
    private static void remember(Shape shape, Catalog catalog, Judgement judgement) {
        if (!"unknown-relation".equals(judgement.reason())) {
            shape.judged(catalog, judgement);
        }
    }

    private void end(Question question, @Nullable Judgement judgement) {
        List<Consumer<@Nullable Judgement>> told = waiting.remove(question);
        if (told != null) {
            underWay.decrementAndGet();
            told.forEach(then -> then.accept(judgement));
        }
    }

    private static byte[] body(StatementText text, Catalog catalog) {
        return WireJson.mapper()
                .writeValueAsBytes(new StatementRequest(text.sql(), catalog.database(), catalog.schemas()));
    }

    private @Nullable Judgement judgement(HomeAnswer answer) {
        if (answer.status() != OK) {
            log.debug("home answers {} when asked about a statement", answer.status());
            return null;
        }
        try {
            StatementAnswer said = WireJson.tolerant().readValue(answer.body(), StatementAnswer.class);
            String version = said.version();
            if (version == null) {
                return null;
            }
            Long ttl = said.ttlMs();
            return new Judgement(
                    PerigeeHeaders.CACHEABLE.equals(said.cacheability()) ? null : said.cacheability(),
                    said.tables(),
                    StreamPosition.parse(version),
                    ttl == null ? null : Duration.ofMillis(ttl),
                    ticker.read());
        } catch (JacksonException | IllegalArgumentException malformed) {
            log.warn("home's answer about a statement is not understood", malformed);
            return null;
        }
    }
}
